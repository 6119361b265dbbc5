"""One SMTP connection: a strict server's side of the dialogue.

Sources: RFC 5321 (SMTP), 2920 (pipelining), 1870 (SIZE), 6152 (8BITMIME), 6531 (SMTPUTF8), 3207 (STARTTLS), 4954 (AUTH)
and 2034 (enhanced status codes).
"""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from fakes.smtp_faults import ReceivedMail, SmtpFault
from fakes.smtp_login import SignIn
from fakes.smtp_rules import COMMAND_OCTETS, BadCommand, parse_path, problems_of_content

if TYPE_CHECKING:
    from fakes.smtp import FakeSMTP

END = b"\r\n.\r\n"
MAX_RECIPIENTS = 100
# RFC 2920, 3.1: these may only be the last command of a group.
LAST_OF_GROUP = {"EHLO", "HELO", "DATA", "VRFY", "EXPN", "QUIT", "NOOP", "STARTTLS", "AUTH"}
KNOWN_OPTIONS = {"SIZE", "BODY", "SMTPUTF8", "AUTH", "RET", "ENVID"}


class Session(SignIn, asyncio.Protocol):
    """`mode` is what the next bytes are: command, content, login (AUTH), or busy (an answer is being prepared)."""

    def __init__(self, server: "FakeSMTP") -> None:
        self.server = server
        self.transport: asyncio.Transport | None = None
        self.buffer = bytearray()
        self.searched = 0
        self.mode = "command"
        self.waiting_for = ""
        self.number = 0
        self.greeted: str | None = None
        self.is_secure = False
        self.is_signed_in = not server.users
        self.login: Callable[[bytes], None] | None = None
        self.forget_transaction()

    def forget_transaction(self) -> None:
        self.sender: str | None = None
        self.options: dict[str, str] = {}
        self.recipients: list[str] = []
        self.message_number = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        if self.number:
            return
        self.number = self.server.welcome(self)
        if len(self.server.open) > self.server.max_connections:
            self.say("421 4.7.0 Too many connections, try again later")
            self.close()
        else:
            self.answer("connect", f"220 {self.server.name} ESMTP")

    def connection_lost(self, error: Exception | None) -> None:
        self.server.open.discard(self)
        self.mode = "closed"

    def data_received(self, data: bytes) -> None:
        if self.mode == "busy" and self.waiting_for == "dot":
            return self.spoke_out_of_turn()
        self.buffer += data
        while self.buffer and self.mode in ("command", "content", "login"):
            if not (self.take_content() if self.mode == "content" else self.take_line()):
                return

    def spoke_out_of_turn(self) -> None:
        """What the bytes behind a dot mean depends on an answer that was not yet given."""
        self.violate("pipelined after the final dot", "dot")
        self.drop()

    # Commands

    def take_line(self) -> bool:
        end = self.buffer.find(b"\n")
        if end < 0:
            if len(self.buffer) > COMMAND_OCTETS:
                self.refuse_line("500 5.5.2 Line too long", "a command of more than 512 octets")
            return False
        line = bytes(self.buffer[: end + 1])
        del self.buffer[: end + 1]
        if not line.endswith(b"\r\n"):
            self.refuse_line("500 5.5.2 Lines end with CR LF", "bare LF in a command")
        elif len(line) > COMMAND_OCTETS and self.mode != "login":
            self.refuse_line("500 5.5.2 Line too long", "a command of more than 512 octets")
        elif self.mode == "login":
            self.go_on_with_login(line[:-2])
        else:
            self.obey(line[:-2])
        return True

    def refuse_line(self, reply: str, violation: str) -> None:
        self.violate(violation, "command")
        self.buffer.clear()
        self.say(reply)

    def obey(self, line: bytes) -> None:
        try:
            text = line.decode("utf-8" if self.server.smtputf8 else "ascii")
        except UnicodeDecodeError:
            self.violate("non-ASCII octets in a command", "command")
            return self.say("500 5.5.2 Commands are ASCII")
        verb, _, argument = text.partition(" ")
        verb = verb.upper()
        act = getattr(self, f"on_{verb.lower()}", None)
        if act is None or not verb.isalpha():
            self.violate(f"an unknown command {verb[:20]!r}", "command")
            return self.say("500 5.5.1 Command not recognised")
        if self.buffer and not self.may_be_followed(verb):
            return self.drop()
        try:
            act(argument)
        except BadCommand as bad:
            self.violate(f"{text[:80]!r} → {bad.reply}", verb.lower())
            self.say(bad.reply)

    def may_be_followed(self, verb: str) -> bool:
        if "PIPELINING" not in self.server.extensions(self):
            self.violate("pipelined although PIPELINING was not offered", verb.lower())
            return False
        if verb in LAST_OF_GROUP and verb != "DATA":
            self.violate(f"pipelined after {verb}", verb.lower())
            return False
        return True

    def on_ehlo(self, argument: str) -> None:
        if not argument.strip():
            raise BadCommand("501 5.5.4 Syntax: EHLO hostname")
        self.forget_transaction()
        self.greeted = "EHLO"
        lines = [self.server.name, *self.server.extensions(self)]
        marks = ["-"] * (len(lines) - 1) + [" "]
        self.answer("ehlo", "\r\n".join(f"250{mark}{line}" for mark, line in zip(marks, lines, strict=True)))

    def on_helo(self, argument: str) -> None:
        if not argument.strip():
            raise BadCommand("501 5.5.4 Syntax: HELO hostname")
        self.forget_transaction()
        self.greeted = "HELO"
        self.answer("ehlo", f"250 {self.server.name}")

    def on_mail(self, argument: str) -> None:
        self.demand(self.greeted, "503 5.5.1 Say EHLO first")
        self.demand(self.is_secure or not self.server.require_tls, "530 5.7.0 Must issue a STARTTLS command first")
        self.demand(self.is_signed_in, "530 5.7.0 Authentication required")
        self.demand(self.sender is None, "503 5.5.1 Nested MAIL command")
        utf8 = self.server.smtputf8 and "SMTPUTF8" in argument.upper()
        path = parse_path(argument, "FROM:", may_be_empty=True, utf8=utf8)
        self.check_options(path.options)
        self.sender, self.options = path.address, path.options
        self.message_number = self.server.next_message()
        self.answer("mail", "250 2.1.0 Sender OK", undo=self.forget_transaction)

    def check_options(self, options: dict[str, str]) -> None:
        allowed = KNOWN_OPTIONS if self.server.smtputf8 else KNOWN_OPTIONS - {"SMTPUTF8"}
        self.demand(self.greeted == "EHLO" or not options, "555 5.5.4 Parameters need EHLO")
        self.demand(not options.keys() - allowed, "555 5.5.4 Parameter not recognised")
        self.demand(options.get("BODY", "7BIT").upper() in ("7BIT", "8BITMIME"), "555 5.5.4 BODY is 7BIT or 8BITMIME")
        size = options.get("SIZE", "0")
        self.demand(size.isdigit() and len(size) <= 20, "501 5.5.4 SIZE is a number")
        self.demand(int(size) <= self.server.size_limit, "552 5.3.4 Message size exceeds the limit")

    def on_rcpt(self, argument: str) -> None:
        self.demand(self.sender is not None, "503 5.5.1 MAIL first")
        path = parse_path(argument, "TO:", may_be_empty=False, utf8="SMTPUTF8" in self.options)
        self.demand(not path.options.keys() - {"NOTIFY", "ORCPT"}, "555 5.5.4 Parameter not recognised")
        if len(self.recipients) >= MAX_RECIPIENTS:
            return self.say("452 4.5.3 Too many recipients")
        self.recipients.append(path.address)
        self.answer("rcpt", "250 2.1.5 Recipient OK", undo=self.recipients.pop, about=[path.address])

    def on_data(self, argument: str) -> None:
        self.demand(not argument, "501 5.5.4 DATA takes no argument")
        self.demand(self.sender is not None, "503 5.5.1 MAIL first")
        if not self.recipients:
            # Legal after a pipelined group whose recipients were all refused (RFC 2920, 3.1).
            return self.say("554 5.5.1 No valid recipients")
        if self.buffer:
            self.violate("content was sent before the 354", "data")
            return self.drop()
        self.mode, self.searched = "content", 0
        self.answer("data", "354 End data with <CR><LF>.<CR><LF>", undo=self.back_to_commands)

    def back_to_commands(self) -> None:
        self.mode = "command"
        self.forget_transaction()

    def on_rset(self, argument: str) -> None:
        self.forget_transaction()
        self.say("250 2.0.0 Reset")

    def on_noop(self, argument: str) -> None:
        self.say("250 2.0.0 OK")

    def on_vrfy(self, argument: str) -> None:
        self.say("252 2.5.2 Cannot verify")

    def on_quit(self, argument: str) -> None:
        self.say("221 2.0.0 Bye")
        self.close()

    def demand(self, condition: object, reply: str) -> None:
        if not condition:
            raise BadCommand(reply)

    # Content

    def take_content(self) -> bool:
        fault = self.server.faults.now("content", self.message_number, self.recipients)
        if fault:
            return self.suffer(fault, "content", lambda: None)
        end = 0 if self.buffer.startswith(b".\r\n") else self.buffer.find(END, max(0, self.searched - len(END)))
        if end < 0:
            self.searched = len(self.buffer)
            if len(self.buffer) > 4 * self.server.size_limit:
                self.drop()
            return False
        content_end = 0 if end == 0 and self.buffer.startswith(b".\r\n") else end + 2
        content = bytes(self.buffer[:content_end])
        del self.buffer[: content_end + 3]
        self.judge(content)
        return True

    def judge(self, content: bytes) -> None:
        self.mode = "command"
        if self.buffer:
            self.violate("pipelined after the final dot", "dot")
            self.say("554 5.5.0 Nothing may follow the final dot before its answer")
            return self.close()
        problems = problems_of_content(content, eight_bit="BODY" in self.options, utf8="SMTPUTF8" in self.options)
        if len(content) > self.server.size_limit:
            self.forget_transaction()
            self.violate("a message above the SIZE limit", "dot")
            return self.say("552 5.3.4 Message size exceeds the limit")
        if problems:
            self.forget_transaction()
            for problem in problems:
                self.violate(problem, "dot")
            return self.say(f"554 5.6.0 Refused: {problems[0]}")
        self.accept(content)

    def accept(self, content: bytes) -> None:
        fault = self.server.faults.now("dot", self.message_number, self.recipients)
        mail = self.server.mail_from(self, content, fault)
        self.forget_transaction()
        if fault is None:
            self.server.keep(mail)
            return self.say(f"250 2.0.0 Accepted as {mail.number}")
        if fault.accepted or fault.delay:
            self.server.keep(mail)
        self.suffer(fault, "dot", lambda: self.say_accepted(mail))

    def say_accepted(self, mail: ReceivedMail) -> None:
        mail.answered = self.transport is not None and not self.transport.is_closing()
        self.say(f"250 2.0.0 Accepted as {mail.number}")

    # Answers and faults

    def answer(self, at: str, reply: str, *, undo: Callable | None = None, about: list[str] | None = None) -> None:
        fault = self.server.faults.now(at, self.message_number, self.recipients if about is None else about)
        if fault is None:
            self.say(reply)
        else:
            if fault.reply and undo:
                undo()
            self.suffer(fault, at, lambda: self.say(reply))

    def suffer(self, fault: SmtpFault, at: str, otherwise: Callable[[], None]) -> bool:
        self.server.note_fault(self, fault, at)
        if fault.reply:
            self.say(fault.reply)
            if fault.reply.startswith("421"):
                self.close()
        elif fault.hang_up:
            self.drop()
        else:
            self.wait(at, fault, otherwise)
        return False

    def wait(self, at: str, fault: SmtpFault, otherwise: Callable[[], None]) -> None:
        resume, self.mode, self.waiting_for = self.mode, "busy", at
        if fault.delay:
            asyncio.get_running_loop().call_later(fault.delay, self.wake_up, resume, otherwise)

    def wake_up(self, mode: str, otherwise: Callable[[], None]) -> None:
        if self.mode == "busy":
            self.mode = mode
            otherwise()
            self.data_received(b"")

    def say(self, reply: str) -> None:
        if self.transport and not self.transport.is_closing():
            self.transport.write(reply.encode() + b"\r\n")

    def violate(self, what: str, at: str) -> None:
        self.server.violated(self, what, at)

    def close(self) -> None:
        self.mode = "closed"
        if self.transport:
            self.transport.close()

    def drop(self) -> None:
        """A reset, as a crash or a firewall makes it."""
        self.mode = "closed"
        if self.transport:
            self.transport.abort()
