"""Ids from addresses: a number that no row can have is simply not there."""

from __future__ import annotations

from core.errors import NotFound
from core.i18n import _

BIGGEST = 2**63 - 1


def possible(number: int) -> int:
    """`number`, when a row could have it. Raises NotFound otherwise (drivers break on larger ones)."""
    if not 0 < number <= BIGGEST:
        raise NotFound(_("There is no such page."))
    return number
