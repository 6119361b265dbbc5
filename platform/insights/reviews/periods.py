"""What a review is about: the last quarter, the last months up to today, or days of one's own; and the time before it.

Both ends are included, and are days of ENGAWA_TIME_ZONE.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, timedelta

from core.i18n import _
from insights.two_periods import DAY, TwoPeriods

MONTHS = {"m3": 3, "m6": 6, "m12": 12}
SHORTEST, LONGEST = 7, 366  # days
WEEKLY = 100  # days up to which a chart has a point a week
STUB = 20  # days; what is left over at the end of the months is a point of its own from here on


class Period(TwoPeriods, frozen=True):
    """Compared with the time up to the day before it."""

    @classmethod
    def of(cls, first: date, last: date, before_first: date) -> Period:
        return cls(first, last, before_first, first - DAY)

    @property
    def is_monthly(self) -> bool:
        return self.days > WEEKLY

    def points(self) -> list[date]:
        """The last day of each point of a chart."""
        return _points(self.first, self.last)

    def points_before(self) -> list[date]:
        return _points(self.before_first, self.before_last)

    def is_in(self, moment: datetime) -> bool:
        return self.begins <= moment < self.ends

    def is_before(self, moment: datetime) -> bool:
        return self.before_begins <= moment < self.begins


def _points(first: date, last: date) -> list[date]:
    """Months from the first day on; a shorter time in equal parts of about a week, so that none is a stump."""
    days = (last - first).days + 1
    if days <= WEEKLY:
        parts = max(1, round(days / 7))
        return [first + timedelta(days=days * n // parts - 1) for n in range(1, parts + 1)]
    ends, n = [], 1
    while (end := months_later(first, n) - DAY) < last:
        ends.append(end)
        n += 1
    if ends and (last - ends[-1]).days < STUB:
        ends.pop()
    return [*ends, last]


def months_later(found: date, months: int) -> date:
    """The same day, or the last of a month that has no such day."""
    year, month = divmod(found.year * 12 + found.month - 1 + months, 12)
    return date(year, month + 1, min(found.day, monthrange(year, month + 1)[1]))


def chosen(choice: str, today: date, first: date | None = None, last: date | None = None) -> Period:
    """`quarter`, a key of MONTHS, or `custom` with both days."""
    if choice == "quarter":
        this = date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
        return Period.of(months_later(this, -3), this - DAY, months_later(this, -6))
    if choice in MONTHS:
        months = MONTHS[choice]
        begins = months_later(today + DAY, -months)
        return Period.of(begins, today, months_later(begins, -months))
    assert first is not None
    assert last is not None
    return Period.of(first, last, first - (last - first) - DAY)


def why_not(first: date | None, last: date | None, today: date) -> str:
    """What is wrong with days of one's own; empty where nothing is."""
    if first is None or last is None:
        return _("Choose both days.")
    if last > today or first > last:
        return _("Choose a first day before the last, and a last day up to today.")
    days = (last - first).days + 1
    if not SHORTEST <= days <= LONGEST:
        return _("Choose between %(least)s and %(most)s days.", least=SHORTEST, most=LONGEST)
    return ""
