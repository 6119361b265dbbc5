"""Counts, kept where events are written: per person and account over 7, 30 and 90 local days (today included) and ever.

Besides each event's own name there are measures that count distinct things, under names no event may have:
`@@days` days with any event, `@@logins` days with a sign-in, `@@core` core features used, `@@seats` people of an
account who did anything, `@@revenue` what purchases brought. They stand on `usage_day`, so that `recounting` can work
them out anew.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import Any

import msgspec

from core.bulk import add_missing, given, listed, merge_rows
from core.clock import local_day
from core.database import after_commit, lock, rows, write
from core.tasks import together
from customers.days import a_day, as_day
from customers.rules import HealthRule, rule
from customers.tracking.arrived import Arrived

WINDOWS = (7, 30, 90)
ANY, DAYS, LOGINS, CORE, SEATS, REVENUE = "@@any", "@@days", "@@logins", "@@core", "@@seats", "@@revenue"
DERIVED = (DAYS, LOGINS, CORE, SEATS, REVENUE)
LOCK = "customers.metrics"

Key = tuple[int, int, str, date]  # person, account (0: none), name, day
Who = tuple[int, str]  # id, metric
DAY_COLUMNS = [
    ("person_id", "bigint"),
    ("account_id", "bigint"),
    ("name", "text"),
    ("day", "date"),
    ("count", "bigint"),
]
MORE = "ON CONFLICT (person_id, name, day, account_id) DO UPDATE SET count = usage_day.count + excluded.count"
PLACE = ("place", "(SELECT c.account_id FROM customer_place c WHERE c.id = v.person_id)")  # see migration 0020
REMEMBERED = 100_000  # people, about 10 MB
SEEN_EVERY = timedelta(minutes=5)  # as `access` has it for sessions: a person is a wide row with many indexes


class New(msgspec.Struct, frozen=True):
    """A day's row that was not there before."""

    id: int
    person: int
    account: int
    name: str
    day: date


class Sums:
    """What is to be added to people's and accounts' counts: (id, metric) → 7, 30, 90 days, ever; and when last."""

    def __init__(self, today: date) -> None:
        self.today = today
        self.added: dict[str, dict[Who, list[int]]] = {"person": {}, "account": {}}
        self.last: dict[str, dict[Who, datetime]] = {"person": {}, "account": {}}
        self._ages: dict[date, tuple[int, ...]] = {}

    def windows(self, day: date) -> tuple[int, ...]:
        """1 for each of 7, 30, 90 days that the day lies in, and 1 for ever."""
        found = self._ages.get(day)
        if found is None:
            age = (self.today - day).days
            found = self._ages[day] = (*(1 if age < window else 0 for window in WINDOWS), 1)
        return found

    def add(self, who: str, id: int, metric: str, by: Sequence[int]) -> None:
        found = self.added[who].setdefault((id, metric), [0, 0, 0, 0])
        for at, value in enumerate(by):
            found[at] += value

    def add_days(self, days: Mapping[Key, int]) -> None:
        """The counts of named events; written out, since it is every event's way."""
        people, accounts = self.added["person"], self.added["account"]
        for (person, account, name, day), number in days.items():
            week, month, quarter, _ever = self.windows(day)
            for counts, id in ((people, person), (accounts, account)):
                if not id:
                    continue
                found = counts.get((id, name))
                if found is None:
                    counts[id, name] = [number * week, number * month, number * quarter, number]
                else:
                    found[0] += number * week
                    found[1] += number * month
                    found[2] += number * quarter
                    found[3] += number

    def see(self, events: Sequence[Arrived], purchases: Collection[str]) -> None:
        """When each was last; `events` are in the order of their times."""
        for one in events:
            for name in (one.name, REVENUE) if one.name in purchases else (one.name,):
                self.last["person"][one.person_id or 0, name] = one.at
                if one.account_id:
                    self.last["account"][one.account_id, name] = one.at


class Counts(msgspec.Struct, frozen=True):
    """What some events add, worked out before anything waits for it."""

    rule: HealthRule
    events: list[Arrived]  # of people, in the order of their times
    named: Counter[Key]
    anything: set[Key]
    sums: Sums


async def counts_of(events: Sequence[Arrived]) -> Counts:
    by: HealthRule = await rule("health")
    ours = sorted((one for one in events if one.person_id), key=attrgetter("at"))
    named, anything = by_day(ours, by)
    sums = Sums(local_day())
    sums.add_days(named)
    sums.see(ours, by.purchases)
    return Counts(by, ours, named, anything, sums)


async def count(counts: Counts) -> None:
    """Add events to the counts. Inside the transaction that stored them; one counter at a time (see LOCK)."""
    if not counts.events:
        return
    await lock(LOCK)
    if counts.sums.today != local_day() or counts.rule != await rule("health"):
        counts = await counts_of(counts.events)
    new, _seen = await together(_add_days(counts), _saw(counts.events))
    await _add_distinct(new, counts.rule, counts.sums)
    await together(_add_sums("person", counts.sums), _add_sums("account", counts.sums))


def by_day(events: Sequence[Arrived], given_rule: HealthRule) -> tuple[Counter[Key], set[Key]]:
    """How often each thing was done on a day, and on which days anything (ANY) was."""
    on = _local_days(events)
    keys = [(one.person_id or 0, one.account_id or 0, one.name, day) for one, day in zip(events, on, strict=True)]
    named = Counter(keys)
    anything = {(person, account, ANY, day) for person, account, _name, day in named}
    for one, (person, account, name, day) in zip(events, keys, strict=True) if given_rule.purchases else ():
        if name in given_rule.purchases and (amount := amount_of(one)):
            named[person, account, REVENUE, day] += amount
    return named, anything


def _local_days(events: Sequence[Arrived]) -> list[date]:
    local: dict[int, date] = {}  # by the quarter of an hour, since no zone's midnight lies within one
    days = []
    for one in events:
        quarter = int(one.at.timestamp()) // 900
        day = local.get(quarter)
        if day is None:
            day = local[quarter] = local_day(one.at)
        days.append(day)
    return days


def amount_of(one: Arrived) -> int:
    """What a purchase brought, in whole units of the currency; refunds are negative."""
    said = json.loads(one.properties)
    value = next((said[name] for name in ("revenue", "total", "value") if name in said), 0)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return round(value) if is_number and abs(value) < 1e12 else 0


async def _add_days(counts: Counts) -> list[New]:
    """Write the days; returns those that are new and that something distinct is counted by."""
    named, anything, given_rule = counts.named, counts.anything, counts.rule
    special = {given_rule.login, *given_rule.core_features} - {REVENUE}
    await merge_rows("usage_day", DAY_COLUMNS, [(*key, named[key]) for key in sorted(named) if key[2] not in special],
                     MORE)  # fmt: skip
    watched = {key: number for key, number in named.items() if key[2] in special}
    days = {as_day(day): day for _person, _account, _name, day in anything}
    # That there was anything is said once: who does a hundred things a day changes no row a hundred times.
    first = await add_missing("usage_day", DAY_COLUMNS, [(*key[:3], as_day(key[3]), 1) for key in sorted(anything)],
                              "person_id, name, day, account_id")  # fmt: skip
    found = [(id, (person, account, name, days[day])) for id, person, account, name, day, _count in first]
    for id, person, account, name, day, total in await _more(watched):
        if watched[key := (person, account, name, days[day])] == total:
            found.append((id, key))
    return [New(id, *key) for id, key in found]


async def _more(counts: Mapping[Key, int]) -> list[Any]:
    if not counts:
        return []
    sql, parameters = given(DAY_COLUMNS, [(*key, counts[key]) for key in sorted(counts)])
    return await write(
        f"INSERT INTO usage_day (person_id, account_id, name, day, count) SELECT * FROM {sql} AS v WHERE 1 = 1"
        f" {MORE} RETURNING id, person_id, account_id, name, day, count", *parameters)  # fmt: skip


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


def _first_in(sums: Sums, day: date, before: date | None) -> Sequence[int]:
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


async def _add_sums(who: str, sums: Sums) -> None:
    last = sums.last[who]
    await add_to(who, [(*key, *by, last.get(key)) for key, by in sorted(sums.added[who].items()) if any(by)])


async def add_to(who: str, added: Sequence[Sequence[Any]]) -> None:
    """Add rows of (id, metric, 7, 30, 90 days, ever, last) to the counts of people or accounts."""
    table = f"{who}_metric"
    columns = [(f"{who}_id", "bigint"), ("metric", "text"), ("d7", "bigint"), ("d30", "bigint"), ("d90", "bigint"),
               ("total", "bigint"), ("last_at", "timestamptz")]  # fmt: skip
    plus = ", ".join(f"{column} = {table}.{column} + excluded.{column}" for column in ("d7", "d30", "d90", "total"))
    newer = f"{table}.last_at IS NULL OR excluded.last_at > {table}.last_at"
    await merge_rows(table, columns, added, f"ON CONFLICT ({who}_id, metric) DO UPDATE SET {plus},"
                     f" last_at = CASE WHEN {newer} THEN excluded.last_at ELSE {table}.last_at END",
                     PLACE if who == "person" else ("", ""))  # fmt: skip


_seen: dict[int, datetime] = {}  # person → what `last_seen_at` is at least, for those whom this process saw lately


async def _saw(events: Sequence[Arrived]) -> None:
    """The person was there; at most every five minutes."""
    latest = {one.person_id or 0: one.at for one in events}  # in the order of their times
    seen = [(person, at, at - SEEN_EVERY) for person, at in sorted(latest.items())
            if person not in _seen or _seen[person] < at - SEEN_EVERY]  # fmt: skip
    if not seen:
        return
    sql, parameters = given([("id", "bigint"), ("at", "timestamptz"), ("before", "timestamptz")], seen)
    found = await write(
        f"UPDATE person SET last_seen_at = v.at FROM {sql} AS v WHERE person.id = v.id"
        " AND (person.last_seen_at IS NULL OR person.last_seen_at < v.before) RETURNING person.id",
        *parameters,
    )
    written = {int(row[0]): latest[int(row[0])] for row in found}
    after_commit(lambda: _remember(written))


def _remember(seen: Mapping[int, datetime]) -> None:
    if len(_seen) > REMEMBERED:
        _seen.clear()
    _seen.update(seen)


def forget() -> None:
    _seen.clear()
