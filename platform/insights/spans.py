"""The period that a page is about, and the one before it: 7, 28 or 90 days up to today, a month, or two days chosen.

`?days=28`, `?month=2026-10`, `?first=2026-10-01&last=2026-10-14`. Days are those of ENGAWA_TIME_ZONE.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from core.clock import local_day
from core.i18n import ngettext
from insights.two_periods import DAY, TwoPeriods, day_in, midnight

DAYS = (7, 28, 90)
USUAL = 28
LONGEST = 366
MONTHS = 12
POINTS = 31  # on a chart


class Span(TwoPeriods, frozen=True):
    """`choice` is what was asked: `28`, `2026-10` or `custom`."""

    choice: str

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
    def query(self) -> dict[str, str]:
        """The parameters that say the same period again."""
        if self.choice == "custom":
            return {"first": self.first.isoformat(), "last": self.last.isoformat()}
        return {"days": self.choice} if self.choice.isdigit() else {"month": self.choice}


def chosen(asked: Mapping[str, str]) -> Span:
    """What does not make sense is the last 28 days; a period never goes beyond today, nor is longer than a year."""
    today = local_day()
    first, last = day_in(asked.get("first", "")), day_in(asked.get("last", ""))
    if first and last and first <= last and first <= today:
        last = min(last, today, first + timedelta(days=LONGEST - 1))
        return _with_before(first, last, "custom")
    month = day_in(f"{asked.get('month', '')}-01")
    if month and month <= today:
        last = min(today, _next_month(month) - DAY)
        before = (month - DAY).replace(day=1)
        # A month that is not over is compared with as many days of the one before.
        until = month - DAY if last == _next_month(month) - DAY else min(
            month - DAY, before + (last - month))  # fmt: skip
        return Span(month, last, before, until, month.strftime("%Y-%m"))
    days = int(asked["days"]) if asked.get("days", "") in {str(n) for n in DAYS} else USUAL
    return _with_before(today - timedelta(days=days - 1), today, str(days))


def _with_before(first: date, last: date, choice: str) -> Span:
    length = last - first
    return Span(first, last, first - length - DAY, first - DAY, choice)


def _next_month(month: date) -> date:
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def months() -> list[str]:
    """This month and the eleven before it, as `2026-11`."""
    found, at = [], local_day().replace(day=1)
    for _n in range(MONTHS):
        found.append(at.strftime("%Y-%m"))
        at = (at - DAY).replace(day=1)
    return found


def choices() -> list[tuple[str, str]]:
    return [(str(n), ngettext("%(n)s day", "%(n)s days", n)) for n in DAYS]


__all__ = ["Span", "choices", "chosen", "midnight", "months"]
