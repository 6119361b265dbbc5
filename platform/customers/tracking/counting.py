"""Counts, kept where events are written: per person and account over 7, 30 and 90 local days (today included) and ever.

Besides each event's own name there are measures that count distinct things, under names no event may have:
`@@days` days with any event, `@@logins` days with a sign-in, `@@core` core features used, `@@seats` people of an
account who did anything, `@@revenue` what purchases brought. They stand on `usage_day`, so that `recounting` can work
them out anew.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

import msgspec

from core.bulk import given, listed
from core.clock import local_day
from core.database import lock, rows, write
from customers.days import a_day
from customers.rules import HealthRule, rule
from customers.tracking.arrived import Arrived

WINDOWS = (7, 30, 90)
ANY, DAYS, LOGINS, CORE, SEATS, REVENUE = "@@any", "@@days", "@@logins", "@@core", "@@seats", "@@revenue"
DERIVED = (DAYS, LOGINS, CORE, SEATS, REVENUE)
LOCK = "customers.metrics"

Key = tuple[int, int, str, date]  # person, account (0: none), name, day


class New(msgspec.Struct, frozen=True):
    """A day's row that was not there before."""

    id: int
    person: int
    account: int
    name: str
    day: date


class Sums:
    """What is to be added: (person or account, id, metric) → 7, 30, 90 days, ever, and when last."""

    def __init__(self, today: date) -> None:
        self.today = today
        self.added: dict[tuple[str, int, str], list[int]] = {}
        self.last: dict[tuple[str, int, str], datetime] = {}

    def add(self, who: str, id: int, metric: str, by: Sequence[int]) -> None:
        found = self.added.setdefault((who, id, metric), [0, 0, 0, 0])
        for at, value in enumerate(by):
            found[at] += value

    def seen(self, who: str, id: int, metric: str, at: datetime) -> None:
        key = (who, id, metric)
        if key not in self.last or self.last[key] < at:
            self.last[key] = at

    def windows(self, day: date, by: int = 1) -> list[int]:
        age = (self.today - day).days
        return [*(by if age < window else 0 for window in WINDOWS), by]


async def count(events: Sequence[Arrived]) -> None:
    """Add events to the counts. Inside the transaction that stored them; one counter at a time (see LOCK)."""
    events = [one for one in events if one.person_id]
    if not events:
        return
    given_rule: HealthRule = await rule("health")
    await lock(LOCK)
    sums = Sums(local_day())
    days = _by_day(events, given_rule, sums)
    new = await _add_days(days)
    await _add_distinct([one for one in new if _is_special(one.name, given_rule)], given_rule, sums)
    await _add_sums(sums)
    await _saw(events)


def _by_day(events: Sequence[Arrived], given_rule: HealthRule, sums: Sums) -> Counter[Key]:
    days: Counter[Key] = Counter()
    latest: dict[tuple[int, int, str], datetime] = {}
    local: dict[int, date] = {}  # by the quarter of an hour, since no zone's midnight lies within one
    for one in events:
        quarter = int(one.at.timestamp()) // 900
        day = local.get(quarter) or local.setdefault(quarter, local_day(one.at))
        person, account = one.person_id or 0, one.account_id or 0
        days[person, account, one.name, day] += 1
        days[person, account, ANY, day] += 1
        key = (person, account, one.name)
        if key not in latest or latest[key] < one.at:
            latest[key] = one.at
        if one.name in given_rule.purchases and (amount := amount_of(one)):
            days[person, account, REVENUE, day] += amount
            latest[person, account, REVENUE] = one.at
    for (person, account, name, day), number in days.items():
        if name != ANY:
            by = sums.windows(day, number)
            sums.add("person", person, name, by)
            if account:
                sums.add("account", account, name, by)
    for (person, account, name), at in latest.items():
        sums.seen("person", person, name, at)
        if account:
            sums.seen("account", account, name, at)
    return days


def amount_of(one: Arrived) -> int:
    """What a purchase brought, in whole units of the currency; refunds are negative."""
    said = json.loads(one.properties)
    value = next((said[name] for name in ("revenue", "total", "value") if name in said), 0)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return round(value) if is_number and abs(value) < 1e12 else 0


def _is_special(name: str, given_rule: HealthRule) -> bool:
    return name == ANY or name == given_rule.login or name in given_rule.core_features


async def _add_days(days: Counter[Key]) -> list[New]:
    """Write the days; returns those that are new."""
    columns = [("person_id", "bigint"), ("account_id", "bigint"), ("name", "text"), ("day", "date"),
               ("count", "bigint")]  # fmt: skip
    sql, parameters = given(columns, [(*key, number) for key, number in sorted(days.items())])
    found = await write(
        f"INSERT INTO usage_day (person_id, account_id, name, day, count) SELECT * FROM {sql} AS v WHERE 1 = 1"
        " ON CONFLICT (person_id, name, day, account_id) DO UPDATE SET count = usage_day.count + excluded.count"
        " RETURNING id, person_id, account_id, name, day, count",
        *parameters,
    )
    new = []
    for id, person, account, name, day, total in found:
        if name != REVENUE and days[person, account, name, found_day := a_day(day) or date.min] == total:
            new.append(New(id, person, account, name, found_day))
    return new


# Distinct things: added when the first row of a thing within a window appears -----------------------------------


async def _add_distinct(new: list[New], given_rule: HealthRule, sums: Sums) -> None:
    if not new:
        return
    ids = [one.id for one in new]
    features = [one for one in new if one.name in given_rule.core_features]
    days = [one for one in new if one.name in {ANY, given_rule.login}]
    for columns, who, whose, rest in (
        (("person_id", "name", "day"), "person", lambda n: (n.person, n.name, n.day), days),
        (("account_id", "name", "day"), "account", lambda n: (n.account, n.name, n.day), days),
        (("person_id", "name"), "person", lambda n: (n.person, n.name), features),
        (("account_id", "name"), "account", lambda n: (n.account, n.name), features),
        (("account_id", "name", "person_id"), "account", lambda n: (n.account, n.name, n.person),
         [one for one in days if one.name == ANY]),
    ):  # fmt: skip
        latest: dict[tuple[Any, ...], date] = {}
        for one in rest:
            if who == "person" or one.account:
                thing = whose(one)
                latest[thing] = max(one.day, latest.get(thing, one.day))
        before = await _latest_before(columns, list(latest), ids)
        for thing, day in latest.items():
            metric = _measure(columns, thing[1], given_rule)
            sums.add(who, thing[0], metric, _first_in(sums, day, before.get(thing)))


def _measure(columns: tuple[str, ...], name: str, given_rule: HealthRule) -> str:
    if columns[-1] == "person_id":
        return SEATS
    if columns[-1] == "name":
        return CORE
    return DAYS if name == ANY else LOGINS


def _first_in(sums: Sums, day: date, before: date | None) -> list[int]:
    """1 for each window that the thing enters now, having been in it on no other day."""
    now_in = sums.windows(day)
    if before is None:
        return now_in
    was_in = sums.windows(before)
    return [1 if now and not was else 0 for now, was in zip(now_in, was_in, strict=True)]


TYPES = {"person_id": "bigint", "account_id": "bigint", "name": "text", "day": "date"}


async def _latest_before(columns: tuple[str, ...], things: list[tuple[Any, ...]], ids: list[int]) -> dict[Any, date]:
    """The latest day of each thing among the rows that were there already."""
    if not things:
        return {}
    sql, parameters = given([(name, TYPES[name]) for name in columns], things)
    without, more = listed("bigint", ids)
    same = " AND ".join(f"u.{name} = v.{name}" for name in columns)
    picked = ", ".join(f"v.{name}" for name in columns)
    found = await rows(
        f"SELECT {picked}, MAX(u.day) FROM {sql} AS v JOIN usage_day u ON {same} WHERE u.id NOT IN {without}"
        f" GROUP BY {picked}", *parameters, *more)  # fmt: skip
    at = columns.index("day") if "day" in columns else -1
    made: dict[Any, date] = {}
    for row in found:
        thing = tuple(a_day(value) if n == at else value for n, value in enumerate(tuple(row)[:-1]))
        made[thing] = a_day(row[len(columns)]) or date.min
    return made


# Writing --------------------------------------------------------------------------------------------------------


async def _add_sums(sums: Sums) -> None:
    for who in ("person", "account"):
        added = sorted((id, metric, *by, sums.last.get((who, id, metric)))
                       for (who_, id, metric), by in sums.added.items() if who_ == who and any(by))  # fmt: skip
        await add_to(who, added)


async def add_to(who: str, added: Iterable[Sequence[Any]]) -> None:
    """Add rows of (id, metric, 7, 30, 90 days, ever, last) to the counts of people or accounts."""
    records = list(added)
    if not records:
        return
    table = f"{who}_metric"
    columns = [(f"{who}_id", "bigint"), ("metric", "text"), ("d7", "bigint"), ("d30", "bigint"), ("d90", "bigint"),
               ("total", "bigint"), ("last_at", "timestamptz")]  # fmt: skip
    sql, parameters = given(columns, records)
    names = ", ".join(name for name, _kind in columns)
    plus = ", ".join(f"{column} = {table}.{column} + excluded.{column}" for column in ("d7", "d30", "d90", "total"))
    newer = f"{table}.last_at IS NULL OR excluded.last_at > {table}.last_at"
    await write(
        f"INSERT INTO {table} ({names}) SELECT * FROM {sql} AS v WHERE 1 = 1"
        f" ON CONFLICT ({who}_id, metric) DO UPDATE SET {plus},"
        f" last_at = CASE WHEN {newer} THEN excluded.last_at ELSE {table}.last_at END",
        *parameters,
    )


async def _saw(events: Sequence[Arrived]) -> None:
    latest: dict[int, datetime] = {}
    for one in events:
        person = one.person_id or 0
        if person not in latest or latest[person] < one.at:
            latest[person] = one.at
    sql, parameters = given([("id", "bigint"), ("at", "timestamptz")], sorted(latest.items()))
    await write(
        f"UPDATE person SET last_seen_at = v.at FROM {sql} AS v WHERE person.id = v.id"
        " AND (person.last_seen_at IS NULL OR person.last_seen_at < v.at)",
        *parameters,
    )
