"""A strict SMTP server on a real socket that keeps what it accepts and notes what it must refuse.

async with FakeSMTP() as smtp:
    smtp.faults.hang_up_after_the_dot(recipient="*@docomo.example")
    … send to smtp.host, smtp.port …
    assert [mail.recipients for mail in smtp.messages] == [["mika@example.com"]]
    assert smtp.violations == []
"""

import argparse
import asyncio
import json
import re
import ssl
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any

from fakes.smtp_faults import ReceivedMail, SmtpFault, SmtpFaults, Violation
from fakes.smtp_session import Session
from fakes.wire import Ledger

MESSAGE_ID = re.compile(rb"^message-id:[ \t]*(?:\r\n[ \t]+)?([^\r\n]*)", re.IGNORECASE | re.MULTILINE)


class FakeSMTP:
    """`messages`: what was accepted, with or without its 250. `violations`: what a strict server refuses.

    `keep_bodies=False` makes it a fast sink: only the envelope, the size and the Message-ID are kept.
    """

    host = "127.0.0.1"
    name = "fake.example"

    def __init__(
        self,
        *,
        port: int = 0,
        ledger: str | Path | None = None,
        keep_bodies: bool = True,
        pipelining: bool = True,
        smtputf8: bool = False,
        size_limit: int = 10 * 2**20,
        max_connections: int = 100,
        users: dict[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
        require_tls: bool = False,
        faults: list[SmtpFault] | None = None,
    ) -> None:
        self.port = port
        self.ledger = Ledger(ledger)
        self.keep_bodies, self.pipelining, self.smtputf8 = keep_bodies, pipelining, smtputf8
        self.size_limit, self.max_connections = size_limit, max_connections
        self.users, self.tls, self.require_tls = users or {}, tls, require_tls
        self.faults = SmtpFaults(faults or [])
        self.messages: list[ReceivedMail] = []
        self.violations: list[Violation] = []
        self.faulted: list[tuple[int, str]] = []
        self.open: set[Session] = set()
        self.connections = 0
        self.transactions = 0

    async def __aenter__(self) -> "FakeSMTP":
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Session(self), self.host, self.port, backlog=1024)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._server.close()
        for session in list(self.open):
            session.drop()
        await self._server.wait_closed()
        self.ledger.close()

    def mails_to(self, address: str) -> list[ReceivedMail]:
        return [mail for mail in self.messages if address in mail.recipients]

    def extensions(self, session: Session) -> list[str]:
        """What EHLO offers on this connection."""
        offers = [f"SIZE {self.size_limit}", "8BITMIME", "ENHANCEDSTATUSCODES"]
        offers += ["PIPELINING"] if self.pipelining else []
        offers += ["SMTPUTF8"] if self.smtputf8 else []
        offers += ["STARTTLS"] if self.tls and not session.is_secure else []
        return offers + (["AUTH PLAIN LOGIN"] if self.users else [])

    def welcome(self, session: Session) -> int:
        self.open.add(session)
        self.connections += 1
        return self.connections

    def next_message(self) -> int:
        self.transactions += 1
        return self.transactions

    def mail_from(self, session: Session, content: bytes, fault: SmtpFault | None) -> ReceivedMail:
        assert session.sender is not None
        return ReceivedMail(
            sender=session.sender,
            recipients=session.recipients,
            raw=unstuffed(content) if self.keep_bodies else None,
            size=len(content),
            message_id=message_id_of(content),
            connection=session.number,
            number=session.message_number,
            answered=fault is None,
            fault=str(fault) if fault else None,
            options=session.options,
        )

    def keep(self, mail: ReceivedMail) -> None:
        """Called before the 250 is written, so that the ledger never knows less than the sender."""
        self.messages.append(mail)
        self.ledger.write(
            {
                "event": "accepted",
                "message_id": mail.message_id,
                "rcpt": mail.recipients,
                "sender": mail.sender,
                "size": mail.size,
                "connection": mail.connection,
                "number": mail.number,
                "fault": mail.fault,
            }
        )

    def note_fault(self, session: Session, fault: SmtpFault, at: str) -> None:
        self.faulted.append((session.message_number, str(fault)))
        entry = {"event": "fault", "fault": str(fault), "at": at, "rcpt": list(session.recipients)}
        self.ledger.write(entry | {"connection": session.number, "number": session.message_number})

    def violated(self, session: Session, what: str, at: str) -> None:
        self.violations.append(Violation(what, at, session.number))
        self.ledger.write({"event": "violation", "what": what, "at": at, "connection": session.number})


def unstuffed(content: bytes) -> bytes:
    """RFC 5321, 4.5.2: the first dot of a line that begins with one was added by the sender."""
    plain = content.replace(b"\r\n.", b"\r\n")
    return plain[1:] if plain.startswith(b".") else plain


def message_id_of(content: bytes) -> str:
    """Found by a search: parsing the whole header costs more than everything else."""
    found = MESSAGE_ID.search(content, 0, content.find(b"\r\n\r\n") + 2)
    if found and found[1]:
        return found[1].decode("ascii", "replace").strip()
    return str(BytesHeaderParser().parsebytes(content).get("Message-ID", ""))


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--faults", type=faults_in, help='a JSON file: [{"at": "dot", "hang_up": true, "nth": 3}]')
    parser.add_argument("--cheap", dest="keep_bodies", action="store_false", help="keep no bodies: a fast sink")
    parser.add_argument("--max-connections", type=int, default=100)


def faults_in(path: str) -> list[SmtpFault]:
    return [SmtpFault(**fault) for fault in json.loads(Path(path).read_text())]


def from_options(token: Any = None, secret: Any = None, **options: Any) -> FakeSMTP:
    return FakeSMTP(**options)


if __name__ == "__main__":
    from fakes.process import run_fake

    run_fake(from_options, "smtp", add_options)
