"""Product use on the timeline: one line a day, read from the counts when it is shown; nothing is written at ingest.

A day's line stands at the beginning of that day, so that it never lies in the future and keeps its place while the day
goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import msgspec
from tortoise.queryset import QuerySet

from core.clock import local_day
from core.database import rows
from core.i18n import _, lazy, ngettext
from core.i18n import number as written
from core.listing_filters import Condition
from core.listing_sources import Edge, Place, QuerySource, value_of
from core.settings import settings
from customers.days import a_day, as_day
from customers.rules import HealthRule, rule
from customers.sentences import describe
from customers.tracking.counting import ANY

KIND = "customers.used"
NAMED = 4  # events that a line names


class UsedDay(msgspec.Struct):
    """Reads like a Touchpoint."""

    at: datetime
    data: dict[str, Any]
    kind: str = KIND
    person_id: None = None
    account_id: None = None
    about_id: None = None
    channel: str = ""


class Days(msgspec.Struct, frozen=True):
    """The days on which somebody did anything. `who`: person or account; both ends are included."""

    who: str
    id: int
    first: date = date.min
    last: date = date.max

    def since(self, moment: datetime) -> Days:
        on = local_day(moment)
        return Days(self.who, self.id, max(self.first, on if beginning(on) >= moment else on + DAY), self.last)

    def before(self, moment: datetime, with_it: bool = False) -> Days:
        on = local_day(moment)
        inside = beginning(on) < moment or with_it
        return Days(self.who, self.id, self.first, min(self.last, on if inside else on - DAY))

    async def any(self) -> bool:
        return bool(await self.days(1, True))

    async def days(self, most: int, down: bool) -> list[date]:
        found = await rows(
            f"SELECT DISTINCT day FROM usage_day WHERE {self.who}_id = ? AND name = ? AND day >= ? AND day <= ?"
            f" ORDER BY day {'DESC' if down else 'ASC'} LIMIT {int(most)}",
            self.id, ANY, as_day(self.first), as_day(self.last),
        )  # fmt: skip
        return [a_day(row[0]) or date.min for row in found]


DAY = timedelta(days=1)


def beginning(day: date) -> datetime:
    return datetime.combine(day, time(), settings().zone)


class Together:
    """A source of a list: touchpoints, and the days of use between them, by time."""

    def __init__(self, touchpoints: QuerySource, days: Days | None) -> None:
        self.touchpoints, self.days = touchpoints, days

    def narrowed(self, conditions: Sequence[Condition], q: str, search: Sequence[str]) -> Together:
        days = self.days
        for condition in conditions:
            if days is None or not isinstance(condition, tuple):
                break
            name, operation, value = condition
            if name == "at":
                days = days.since(value) if operation == ">=" else days.before(value)
            elif (name, value) != ("kind", KIND):  # use has no channel
                days = None
        return Together(self.touchpoints.narrowed(conditions, q, search), days)

    async def page(self, edge: Edge, place: list[Any] | None, size: int, backwards: bool) -> list[Place]:
        found = await self.touchpoints.page(edge, place, size, backwards)
        down, days = edge.down(backwards), self.days
        if days is None:
            return found
        if place is not None:
            moment: datetime = value_of(place)
            days = days.before(moment, place[2] > 0) if down else days.since(moment + timedelta(microseconds=1))
        used = [Place(one, one.at, 0) for one in await _lines(days, await days.days(size, down))]
        return sorted([*found, *used], key=lambda one: (one.value, one.id), reverse=down)[:size]

    async def count(self, most: int) -> int:
        return await self.touchpoints.count(most)

    async def ids(self, limit: int) -> list[int]:
        return await self.touchpoints.ids(limit)

    async def among(self, ids: list[int]) -> list[int]:
        return await self.touchpoints.among(ids)


def together(touchpoints: QuerySet[Any], days: Days | None) -> Together:
    return Together(QuerySource(touchpoints), days)


async def latest(touchpoints: QuerySet[Any], days: Days | None, most: int) -> list[Any]:
    return [one.row for one in await together(touchpoints, days).page(Edge("at", True), None, most, False)]


async def _lines(whose: Days, days: list[date]) -> list[UsedDay]:
    if not days:
        return []
    marks, on = ", ".join("?" * len(days)), [as_day(day) for day in days]
    # By the names that a company has, since the index has the name before the day.
    named = " AND name IN (SELECT metric FROM account_metric WHERE account_id = ?)" if whose.who == "account" else ""
    found = await rows(
        f"SELECT day, name, SUM(count) FROM usage_day WHERE {whose.who}_id = ?{named} AND day IN ({marks})"
        " GROUP BY day, name", whose.id, *([whose.id] if named else []), *on)  # fmt: skip
    people = await rows(f"SELECT day, COUNT(DISTINCT person_id) FROM usage_day WHERE {whose.who}_id = ? AND name = ?"
                        f" AND day IN ({marks}) GROUP BY day", whose.id, ANY, *on)  # fmt: skip
    several = {a_day(row[0]): int(row[1]) for row in people} if whose.who == "account" else {}
    counts: dict[date | None, dict[str, int]] = {}
    for row in found:
        if not row[1].startswith("@@"):
            counts.setdefault(a_day(row[0]), {})[row[1]] = int(row[2])
    given: HealthRule = await rule("health")
    return [UsedDay(beginning(day), {"total": sum(of.values()), "people": several.get(day, 0),
                                     "named": _foremost(of, given)})
            for day in days if (of := counts.get(day))]  # fmt: skip


def _foremost(counts: dict[str, int], given: HealthRule) -> list[tuple[str, int]]:
    """Purchases are always named, then core features, then what was done most."""
    order = sorted(counts, key=lambda name: (name not in given.purchases, name not in given.core_features,
                                             -counts[name], name))  # fmt: skip
    bought = sum(name in given.purchases for name in counts)
    return [(name, counts[name]) for name in order[: max(NAMED, bought)]]


def _did(facts: dict[str, Any]) -> str:
    total, people = facts["total"], facts["people"]
    if not people:
        return ngettext("%(n)s action in the product", "%(n)s actions in the product", total)
    return ngettext("%(n)s person used the product: %(actions)s", "%(n)s people used the product: %(actions)s", people,
                    actions=ngettext("%(n)s action", "%(n)s actions", total))  # fmt: skip


def _what(facts: dict[str, Any]) -> str:
    return _(", ").join(f"{name} {written(count)}" for name, count in facts["named"])


describe(KIND, _did, "chart", text=_what, label=lazy("Product use"))
