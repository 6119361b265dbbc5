"""The period that a page is about, and the one before it: 7, 28 or 90 days up to today, a month, or two days chosen.

`?days=28`, `?month=2026-10`, `?first=2026-10-01&last=2026-10-14`. Days are those of ENGAWA_TIME_ZONE.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

import msgspec

from core.clock import local_day
from core.i18n import _, day, ngettext
from core.settings import settings

DAYS = (7, 28, 90)
USUAL = 28
LONGEST = 366
MONTHS = 12
POINTS = 31  # on a chart


class Span(msgspec.Struct, frozen=True):
    """Both ends are included. `choice` is what was asked: `28`, `2026-10` or `custom`."""

    first: date
    last: date
    choice: str
    before_first: date
    before_last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def begins(self) -> datetime:
        return midnight(self.first)

    @property
    def ends(self) -> datetime:
        """The first moment after it."""
        return midnight(self.last + timedelta(days=1))

    @property
    def before_begins(self) -> datetime:
        return midnight(self.before_first)

    @property
    def before_ends(self) -> datetime:
        return midnight(self.before_last + timedelta(days=1))

    @property
    def step(self) -> int:
        """Days per point of a chart: single ones as long as they fit, else weeks, else four weeks."""
        return 1 if self.days <= POINTS else 7 if self.days <= 7 * POINTS else 28

    def points(self, *, before: bool = False) -> list[tuple[date, date]]:
        """(first, last) of each point."""
        first, last = (self.before_first, self.before_last) if before else (self.first, self.last)
        starts = [first + timedelta(days=n) for n in range(0, (last - first).days + 1, self.step)]
        return [(one, min(last, one + timedelta(days=self.step - 1))) for one in starts]

    @property
    def labels(self) -> list[str]:
        return [f"{one.month}/{one.day}" for one, _last in self.points()]

    @property
    def words(self) -> str:
        return _("%(first)s to %(last)s", first=day(self.first), last=day(self.last))

    @property
    def words_before(self) -> str:
        return _("%(first)s to %(last)s", first=day(self.before_first), last=day(self.before_last))

    @property
    def query(self) -> dict[str, str]:
        """The parameters that say the same period again."""
        if self.choice == "custom":
            return {"first": self.first.isoformat(), "last": self.last.isoformat()}
        return {"days": self.choice} if self.choice.isdigit() else {"month": self.choice}


def midnight(found: date) -> datetime:
    return datetime.combine(found, time(), settings().zone).astimezone(UTC)


def chosen(asked: Mapping[str, str]) -> Span:
    """What does not make sense is the last 28 days; a period never goes beyond today, nor is longer than a year."""
    today = local_day()
    first, last = _day(asked.get("first", "")), _day(asked.get("last", ""))
    if first and last and first <= last and first <= today:
        last = min(last, today, first + timedelta(days=LONGEST - 1))
        return _with_before(first, last, "custom")
    month = _day(f"{asked.get('month', '')}-01")
    if month and month <= today:
        last = min(today, _next_month(month) - timedelta(days=1))
        before = (month - timedelta(days=1)).replace(day=1)
        # A month that is not over is compared with as many days of the one before.
        until = month - timedelta(days=1) if last == _next_month(month) - timedelta(days=1) else min(
            month - timedelta(days=1), before + (last - month))  # fmt: skip
        return Span(month, last, month.strftime("%Y-%m"), before, until)
    days = int(asked["days"]) if asked.get("days", "") in {str(n) for n in DAYS} else USUAL
    return _with_before(today - timedelta(days=days - 1), today, str(days))


def _with_before(first: date, last: date, choice: str) -> Span:
    length = last - first
    return Span(first, last, choice, first - length - timedelta(days=1), first - timedelta(days=1))


def _next_month(month: date) -> date:
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None
    return found if found and 2000 <= found.year <= 9000 else None


def months() -> list[str]:
    """This month and the eleven before it, as `2026-11`."""
    found, at = [], local_day().replace(day=1)
    for _n in range(MONTHS):
        found.append(at.strftime("%Y-%m"))
        at = (at - timedelta(days=1)).replace(day=1)
    return found


def choices() -> list[tuple[str, str]]:
    return [(str(n), ngettext("%(n)s day", "%(n)s days", n)) for n in DAYS]
