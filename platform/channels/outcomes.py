"""What becomes of a request that left the house: four outcomes, whichever platform it was for."""

from __future__ import annotations

import msgspec

TIMEOUT = 10.0  # seconds for one request to a platform; a lease on a send is longer


class Delivered(msgspec.Struct, frozen=True):
    """Accepted by the platform. `was_repeat`: it had accepted the same key before (LINE's 409)."""

    external_id: str = ""
    was_repeat: bool = False


class SendingFailed(Exception):
    """Base: `reason` is a sentence for staff."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason[:300]


class TryLater(SendingFailed):
    """Certainly not sent; the platform asks to come back after `seconds`."""

    def __init__(self, reason: str, seconds: float) -> None:
        super().__init__(reason)
        self.seconds = max(1.0, min(float(seconds), 3600.0))


class NotAccepted(SendingFailed):
    """Certainly not sent, and never will be as it is. `word` is the platform's own for it."""

    def __init__(self, reason: str, word: str = "") -> None:
        super().__init__(reason)
        self.word = word


class MonthlyLimit(NotAccepted):
    """The plan's messages of this month are used up."""


class Unclear(SendingFailed):
    """The request left and no answer came: it may or may not have been accepted."""
