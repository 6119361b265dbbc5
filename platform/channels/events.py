"""Facts of the ways in and out."""

from __future__ import annotations

from core.events import Event


class ArrivalStored(Event, frozen=True):
    """A webhook event was stored; whoever understands it may work on it now."""

    arrival_id: int


class MailArrived(Event, frozen=True):
    """A mail was kept; nobody has looked at it yet."""

    mail_id: int


class LetterArrived(Event, frozen=True):
    """Somebody wrote to us."""

    mail_id: int


class MailBounced(Event, frozen=True):
    """A mail of ours came back. `keys`: whose it may be, the surest first; `is_dead`: never write there again."""

    mail_id: int
    keys: tuple[str, ...]
    is_dead: bool
    reason: str


class ComplaintArrived(Event, frozen=True):
    """A reader called a mail of ours spam."""

    mail_id: int
    keys: tuple[str, ...]
    reason: str
