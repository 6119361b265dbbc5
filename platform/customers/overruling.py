"""Staff decide over a rule: what they choose, why, and until when."""

from __future__ import annotations

from collections.abc import Container
from datetime import date

from core.clock import local_day
from core.errors import Refused
from core.i18n import _

LONGEST = 300


def checked_reason(chosen: str, among: Container[str], reason: str, until: date | None) -> str:
    """The reason as it is kept. Raises Refused for a choice that is none, no reason, or a day that has passed."""
    if chosen not in among:
        raise Refused(_("Choose one of the list."))
    if not reason.strip():
        raise Refused(_("Write why."))
    if until is not None and until < local_day():
        raise Refused(_("Choose a day that is still to come."))
    return reason.strip()[:LONGEST]
