"""The script of what goes wrong at the SMTP sink, and what it has seen."""

from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any

PLACES = ("connect", "ehlo", "mail", "rcpt", "data", "content", "dot")


@dataclass
class SmtpFault:
    """At one place of the dialogue: a `reply`, silence, a hang-up, or a delay before the normal answer.

    It applies to the next `times` (None: to all) occasions that fit: `recipient` (a pattern such as `*@docomo.*`),
    the `nth` message of the server's life (from 1), or `every` n-th one. `accepted` matters at the dot only: did
    the server keep the message although its 250 never left?
    """

    at: str
    reply: str | None = None
    silence: bool = False
    hang_up: bool = False
    delay: float = 0.0
    accepted: bool = False
    recipient: str | None = None
    nth: int | None = None
    every: int | None = None
    times: int | None = 1

    def __post_init__(self) -> None:
        if self.at not in PLACES:
            raise ValueError(f"a fault happens at one of {PLACES}, not at {self.at}")

    def fits(self, at: str, number: int, recipients: list[str]) -> bool:
        return (
            self.at == at
            and self.times != 0
            and self.nth in (None, number)
            and (self.every is None or number % self.every == 0)
            and (self.recipient is None or any(fnmatchcase(one, self.recipient) for one in recipients))
        )

    def spend(self) -> "SmtpFault":
        if self.times is not None:
            self.times -= 1
        return self

    def __str__(self) -> str:
        what = self.reply or ("silence" if self.silence else "hang up" if self.hang_up else f"late by {self.delay} s")
        return f"{what} at {self.at}"


class SmtpFaults(list[SmtpFault]):
    """Each method adds one fault; which occasions it fits is said with recipient=, nth=, every=, times=."""

    def refuse(self, at: str, reply: str, **fit: Any) -> SmtpFault:
        """`refuse("rcpt", "450 4.2.1 Mailbox busy", recipient="a@example.com", times=2)`."""
        return self._add(SmtpFault(at, reply=reply, **fit))

    def never_answer(self, at: str, **fit: Any) -> SmtpFault:
        """The connection stays open and silent. With accepted=True at the dot the message was kept."""
        return self._add(SmtpFault(at, silence=True, **fit))

    def hang_up(self, at: str, **fit: Any) -> SmtpFault:
        """The connection is reset; `hang_up("content")` is before the dot."""
        return self._add(SmtpFault(at, hang_up=True, **fit))

    def hang_up_after_the_dot(self, **fit: Any) -> SmtpFault:
        """The message is accepted and its 250 never arrives: nobody at the other end can know."""
        return self.hang_up("dot", accepted=True, **fit)

    def answer_late(self, at: str, seconds: float, **fit: Any) -> SmtpFault:
        return self._add(SmtpFault(at, delay=seconds, **fit))

    def now(self, at: str, number: int, recipients: list[str]) -> SmtpFault | None:
        return next((fault.spend() for fault in self if fault.fits(at, number, recipients)), None)

    def _add(self, fault: SmtpFault) -> SmtpFault:
        self.append(fault)
        return fault


@dataclass
class ReceivedMail:
    """One accepted message. `raw` is unstuffed and None when bodies are not kept."""

    sender: str
    recipients: list[str]
    raw: bytes | None
    size: int
    message_id: str
    connection: int
    number: int
    answered: bool = True
    fault: str | None = None
    options: dict[str, str] = field(default_factory=dict)

    @cached_property
    def parsed(self) -> EmailMessage:
        assert self.raw is not None, "this sink does not keep bodies"
        return message_from_bytes(self.raw.replace(b"\r\n", b"\n"), policy=policy.default)  # type: ignore[return-value]


@dataclass
class Violation:
    """Something that a strict server refuses: what, where, on which connection."""

    what: str
    at: str
    connection: int

    def __str__(self) -> str:
        return f"{self.what} (at {self.at}, connection {self.connection})"
