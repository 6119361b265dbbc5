"""The SMTP server for what comes in: behind your mail exchanger, which judges SPF, DKIM and DMARC before it.

aiosmtpd speaks the protocol; a mail is answered with 250 once it is committed. `ENGAWA_MAIL_LISTEN=127.0.0.1:2525`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from channels.incoming.keeping import MOST_BYTES, keep, our_domains
from core.settings import SettingsError, settings

log = logging.getLogger("engawa.mail")
MOST_CONNECTIONS = 50
MOST_RECIPIENTS = 20
PATIENCE = 60.0  # seconds of silence


class Door:
    """What aiosmtpd asks: to whom, and what to do with the mail."""

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:  # fmt: skip
        if address.rpartition("@")[2].lower() not in our_domains() or len(address) > 320 or not address.isprintable():
            return "550 5.1.1 There is no such mailbox here"
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.original_content or b""
        for recipient in envelope.rcpt_tos:
            await keep(content, recipient, envelope.mail_from or "")
        return "250 2.0.0 Kept"

    async def handle_exception(self, error: Exception) -> str:
        """The database is away, say: the sender comes again."""
        log.exception("an incoming mail was not kept", exc_info=error)
        return "451 4.3.0 Try again later"


class Line(SMTP):
    """One connection; too many at once are asked to come again."""

    open_now = 0

    def connection_made(self, transport: Any) -> None:
        Line.open_now += 1
        if Line.open_now > MOST_CONNECTIONS:
            transport.write(b"421 4.3.2 Too many connections\r\n")
            transport.close()
            return
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        Line.open_now -= 1
        with contextlib.suppress(AttributeError):  # one that was turned away has nothing to end
            super().connection_lost(error)


def _line() -> Line:
    return Line(Door(), data_size_limit=MOST_BYTES, hostname="engawa", ident="ESMTP", timeout=PATIENCE,
                enable_SMTPUTF8=True, loop=asyncio.get_running_loop())  # fmt: skip


async def listen() -> asyncio.Server | None:
    """The open door; None when ENGAWA_MAIL_LISTEN names none. Raises SettingsError when it cannot be opened."""
    address = settings().mail_listen
    if not address:
        return None
    host, _, port = address.rpartition(":")
    if not our_domains():
        raise SettingsError("ENGAWA_MAIL_LISTEN needs ENGAWA_MAIL_DOMAINS: for which domains mail is taken in.")
    try:
        server = await asyncio.get_running_loop().create_server(_line, host or "127.0.0.1", int(port))
    except (OSError, ValueError) as error:
        raise SettingsError(f"ENGAWA_MAIL_LISTEN={address} cannot be opened: {error}") from error
    log.info("mail is taken in at %s", address)
    return server


async def close(server: asyncio.Server) -> None:
    server.close()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(3):
            await server.wait_closed()
