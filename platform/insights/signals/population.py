"""Whom the signs are read from: customers who left within a year, and customers who stayed, each as of one day.

Who left is looked at as of the day on which the last contract ended. Each who stayed is looked at as of the day of one
who left, in turn, so that seasons weigh alike for both; they still have a contract today.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import msgspec

from core.clock import local_day
from core.database import rows
from customers.days import a_day

YEAR = timedelta(days=365)
AT_LEAST = timedelta(days=90)  # a customer for so long, or the windows before the day are not theirs
MOST_LOST, MOST_STAYED = 2000, 2000
NOT_OURS = "business_ended"  # no use foretells it


class Case(msgspec.Struct, frozen=True):
    """An account as of the evening before `day`."""

    account: int
    day: date
    is_lost: bool


class Population(msgspec.Struct):
    """`each_stayed`: how many customers who stayed one that is looked at stands for (1: all are)."""

    cases: list[Case]
    each_stayed: float = 1.0

    @property
    def lost(self) -> int:
        return sum(one.is_lost for one in self.cases)


class Life(msgspec.Struct):
    """Of one account: since when it had contracts, and until when (None: one still runs)."""

    account: int
    since: date
    until: date | None
    reason: str


async def population(today: date | None = None) -> Population:
    today = today or local_day()
    lives = [one for one in await _lives(today) if one.until is None or one.until - one.since >= AT_LEAST]
    gone = [(one.until, one.account) for one in lives
            if one.until is not None and today - YEAR < one.until <= today and one.reason != NOT_OURS]  # fmt: skip
    cases = [Case(account, day, True) for day, account in sorted(gone)[-MOST_LOST:]]
    stayed = _stayed([one for one in lives if one.until is None], [one.day for one in cases])
    step = max(1, -(-len(stayed) // MOST_STAYED))
    kept = stayed[::step]
    return Population([*cases, *kept], len(stayed) / len(kept) if kept else 1.0)


def _stayed(lives: Sequence[Life], days: Sequence[date]) -> list[Case]:
    """Each as of the next of `days` on which they had been customers long enough; else left out."""
    made = []
    for n, life in enumerate(lives):
        day = next((days[(n + k) % len(days)] for k in range(len(days))
                    if days[(n + k) % len(days)] - life.since >= AT_LEAST), None)  # fmt: skip
        if day is not None:
            made.append(Case(life.account, day, False))
    return made


async def _lives(today: date) -> list[Life]:
    found: dict[int, Life] = {}
    for account, starts, ended, reason in await rows(
        "SELECT k.account_id, k.starts_on, k.ended_on, k.end_reason FROM contract k"
        " JOIN account a ON a.id = k.account_id WHERE a.state <> 'merged' ORDER BY k.account_id, k.id"
    ):
        begins, ends = a_day(starts), a_day(ended)
        if begins is None or begins > today:
            continue
        ends = None if ends is None or ends > today else ends
        one = found.get(int(account))
        if one is None:
            found[int(account)] = Life(int(account), begins, ends, reason)
            continue
        one.since = min(one.since, begins)
        if one.until is not None and (ends is None or ends >= one.until):
            one.until, one.reason = ends, reason
    return list(found.values())
