"""Some days, and those before them that they are compared with. Both ends are included; days of ENGAWA_TIME_ZONE."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import msgspec

from core.i18n import _, day
from core.settings import settings

DAY = timedelta(days=1)


class TwoPeriods(msgspec.Struct, frozen=True):
    """`first` to `last`, compared with `before_first` to `before_last`."""

    first: date
    last: date
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
        return midnight(self.last + DAY)

    @property
    def before_begins(self) -> datetime:
        return midnight(self.before_first)

    @property
    def before_ends(self) -> datetime:
        return midnight(self.before_last + DAY)

    @property
    def words(self) -> str:
        return _("%(first)s to %(last)s", first=day(self.first), last=day(self.last))

    @property
    def words_before(self) -> str:
        return _("%(first)s to %(last)s", first=day(self.before_first), last=day(self.before_last))


def midnight(found: date) -> datetime:
    return datetime.combine(found, time(), settings().zone).astimezone(UTC)


def day_in(text: str) -> date | None:
    """`2026-11-26` of an address or a form; None for anything else."""
    try:
        found = date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None
    return found if found and 2000 <= found.year <= 9000 else None
