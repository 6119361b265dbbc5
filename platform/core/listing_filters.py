"""Filters of a list: read from the query string, shown as fields and as removable chips.

A condition is (field, operation, value); operations: = in < <= > >= contains null. For a query set it may be a Q.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from tortoise.expressions import Q

from core.context import here
from core.i18n import _, day

Condition = tuple[str, str, Any] | Q


class Filter(msgspec.Struct, frozen=True):
    """`field` is the column when it is not called like the parameter."""

    name: str
    label: str

    kind = ""

    def parse(self, sent: Sequence[str]) -> list[str]:
        """What of it makes sense; nothing when it does not."""
        return [one.strip()[:200] for one in sent[:50] if one.strip()]

    def conditions(self, chosen: list[str]) -> list[Condition]:
        raise NotImplementedError

    def chips(self, chosen: list[str] | None) -> list[tuple[str, list[str]]]:
        """(words, what is left of the parameter without it)."""
        return [(f"{self.label}: {self.words(one)}", [x for x in chosen or [] if x != one]) for one in chosen or []]

    def words(self, one: str) -> str:
        return one


class Choice(Filter, frozen=True):
    """One of `options` (value → words), or several with `many`."""

    options: Mapping[str, str] | Sequence[tuple[str, str]] = ()
    field: str = ""
    many: bool = False

    kind = "choice"

    @property
    def pairs(self) -> list[tuple[str, str]]:
        found = self.options.items() if isinstance(self.options, Mapping) else self.options
        return [(str(value), words) for value, words in found]

    def parse(self, sent: Sequence[str]) -> list[str]:
        known = dict(self.pairs)
        found = [one for one in dict.fromkeys(sent) if one in known]
        return found if self.many else found[-1:]

    def conditions(self, chosen: list[str]) -> list[Condition]:
        name = self.field or self.name
        return [(name, "in", chosen) if len(chosen) > 1 else (name, "=", chosen[0])]

    def words(self, one: str) -> str:
        return str(dict(self.pairs).get(one, one))


class Contains(Filter, frozen=True):
    """Words that the field contains."""

    field: str = ""

    kind = "text"

    def conditions(self, chosen: list[str]) -> list[Condition]:
        return [(self.field or self.name, "contains", one) for one in chosen]


class Period(Filter, frozen=True):
    """From a day to a day, both included, in the person's zone: `?since=2026-11-01..2026-11-22`, or two parameters.

    The form sends the same name twice: the first is from, the second to; one may be empty (sent as `-`).
    """

    field: str = ""
    is_date: bool = False

    kind = "period"

    def parse(self, sent: Sequence[str]) -> list[str]:
        parts = [part for one in sent for part in (one.split("..") if ".." in one else [one])][:2]
        found = [part if _day(part) else "" for part in parts]
        found += [""] * (2 - len(found))
        return ["..".join(found)] if any(found) else []

    def ends(self, chosen: list[str] | None) -> tuple[str, str]:
        first, _dots, last = (chosen or [".."])[0].partition("..")
        return first, last

    def conditions(self, chosen: list[str]) -> list[Condition]:
        name = self.field or self.name
        first, last = (_day(end) for end in self.ends(chosen))
        made: list[Condition] = []
        if first:
            made.append((name, ">=", first if self.is_date else _midnight(first)))
        if last:
            made.append((name, "<=", last) if self.is_date else (name, "<", _midnight(last + timedelta(days=1))))
        return made

    def words(self, one: str) -> str:
        first, last = (day(_day(end)) for end in self.ends([one]))
        if first and last:
            return _("%(first)s to %(last)s", first=first, last=last)
        return _("from %(day)s", day=first) if first else _("until %(day)s", day=last)


class YesNo(Filter, frozen=True):
    """Yes or no; with `by_null`, yes means that the field is filled."""

    field: str = ""
    by_null: bool = False
    yes: str = ""
    no: str = ""

    kind = "choice"
    many = False

    @property
    def pairs(self) -> list[tuple[str, str]]:
        return [("1", self.yes or _("Yes")), ("0", self.no or _("No"))]

    def parse(self, sent: Sequence[str]) -> list[str]:
        return [one for one in sent[-1:] if one in {"0", "1"}]

    def conditions(self, chosen: list[str]) -> list[Condition]:
        said = chosen[0] == "1"
        return [(self.field or self.name, "null", not said)] if self.by_null else [(self.field or self.name, "=", said)]

    def words(self, one: str) -> str:
        return dict(self.pairs)[one]


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 1900 <= found.year <= 9000 else None


def _midnight(found: date) -> datetime:
    return datetime.combine(found, time(), ZoneInfo(here().time_zone)).astimezone(UTC)
