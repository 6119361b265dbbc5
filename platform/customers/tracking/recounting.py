"""The counts brought to today every night, and worked out anew from what they stand on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from core.bulk import given, insert_rows, listed
from core.clock import local_day, now, when
from core.database import lock, rows, transaction, write
from customers import retention
from customers.days import a_day, as_day
from customers.rules import HealthRule, rule
from customers.tracking.counting import ANY, CORE, DAYS, LOCK, LOGINS, SEATS, WINDOWS, Key

CHUNK = 500
Counts = dict[tuple[int, str], tuple[int, int, int, int]]


async def age() -> int:
    """Bring the windows to today: of whoever has a day that left one since the last time. Running it again is harmless.

    Returns how many counts changed.
    """
    today, last = local_day(), await _aged_on()
    changed = 0
    for who in ("person", "account"):
        changed += await recount(who, await _leaving(who, last, today))
    await write("INSERT INTO note (name, value, changed_at) VALUES ('customers.aged', ?, ?) ON CONFLICT (name)"
                " DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at",
                json.dumps(today.isoformat()), now())  # fmt: skip
    return changed


async def _aged_on() -> date | None:
    found = await rows("SELECT value FROM note WHERE name = 'customers.aged'")
    return date.fromisoformat(json.loads(found[0][0])) if found else None


async def _leaving(who: str, last: date | None, today: date) -> list[int]:
    if last is None or not timedelta(0) <= today - last <= timedelta(days=30):
        found = await rows(f"SELECT DISTINCT {who}_id FROM {who}_metric WHERE d90 > 0")
        return [int(row[0]) for row in found]
    days = [today - timedelta(days=window + back) for window in WINDOWS for back in range((today - last).days)]
    if not days:
        return []
    marks = ", ".join("?" * len(days))
    found = await rows(f"SELECT DISTINCT {who}_id FROM usage_day WHERE day IN ({marks})", *map(as_day, days))
    return [int(row[0]) for row in found if row[0]]


async def recount(who: str, ids: Iterable[int]) -> int:
    """Work out the counts of people or accounts from their days; returns how many were wrong."""
    wanted, changed = sorted(set(ids)), 0
    for at in range(0, len(wanted), CHUNK):
        async with transaction():
            await lock(LOCK)
            changed += await _settle(who, wanted[at : at + CHUNK])
    return changed


async def _settle(who: str, ids: list[int]) -> int:
    true, held = await truth(who, ids), await kept(who, ids)
    wrong = [(id, metric, *numbers) for (id, metric), numbers in true.items() if held.get((id, metric)) != numbers]
    wrong += [(id, metric, 0, 0, 0, 0) for (id, metric), numbers in held.items() if (id, metric) not in true
              and any(numbers)]  # fmt: skip
    if wrong:
        columns = [(f"{who}_id", "bigint"), ("metric", "text"), ("d7", "bigint"), ("d30", "bigint"),
                   ("d90", "bigint"), ("total", "bigint")]  # fmt: skip
        sql, parameters = given(columns, sorted(wrong))
        said = ", ".join(f"{column} = excluded.{column}" for column in ("d7", "d30", "d90", "total"))
        await write(
            f"INSERT INTO {who}_metric ({', '.join(name for name, _k in columns)}) SELECT * FROM {sql} AS v"
            f" WHERE 1 = 1 ON CONFLICT ({who}_id, metric) DO UPDATE SET {said}",
            *parameters,
        )
    return len(wrong)


async def kept(who: str, ids: Sequence[int]) -> Counts:
    """The counts as they stand."""
    among, parameters = listed("bigint", ids)
    found = await rows(f"SELECT {who}_id, metric, d7, d30, d90, total FROM {who}_metric WHERE {who}_id IN {among}",
                       *parameters)  # fmt: skip
    return {(int(row[0]), row[1]): tuple(int(value) for value in tuple(row)[2:]) for row in found}


async def truth(who: str, ids: Sequence[int]) -> Counts:
    """The counts as their days say."""
    given_rule: HealthRule = await rule("health")
    found = await _summed(who, ids)
    found |= await _distinct(who, ids, DAYS, "day", (ANY,))
    found |= await _distinct(who, ids, LOGINS, "day", (given_rule.login,))
    if given_rule.core_features:
        found |= await _distinct(who, ids, CORE, "name", given_rule.core_features)
    if who == "account":
        found |= await _distinct(who, ids, SEATS, "person_id", (ANY,))
    return found


def _since() -> list[Any]:
    return [as_day(local_day() - timedelta(days=window)) for window in WINDOWS]


async def _summed(who: str, ids: Sequence[int]) -> Counts:
    among, parameters = listed("bigint", ids)
    windows = ", ".join("SUM(CASE WHEN day > ? THEN count ELSE 0 END)" for _ in WINDOWS)
    found = await rows(
        f"SELECT {who}_id, name, {windows}, SUM(count) FROM usage_day WHERE name <> ? AND {who}_id IN {among}"
        f" GROUP BY {who}_id, name",
        *_since(), ANY, *parameters,
    )  # fmt: skip
    return {(int(row[0]), row[1]): tuple(int(value) for value in tuple(row)[2:]) for row in found}


async def _distinct(who: str, ids: Sequence[int], metric: str, thing: str, names: Sequence[str]) -> Counts:
    among, parameters = listed("bigint", ids)
    windows = ", ".join(f"COUNT(DISTINCT CASE WHEN day > ? THEN {thing} END)" for _ in WINDOWS)
    found = await rows(
        f"SELECT {who}_id, {windows}, COUNT(DISTINCT {thing}) FROM usage_day"
        f" WHERE name IN ({', '.join('?' * len(names))}) AND {who}_id IN {among} GROUP BY {who}_id",
        *_since(), *names, *parameters,
    )  # fmt: skip
    return {(int(row[0]), metric): tuple(int(value) for value in tuple(row)[1:]) for row in found}


# From the events themselves -------------------------------------------------------------------------------------


async def recount_events(people: Iterable[int]) -> int:
    """Work out the days of people from their events, and every count that stands on them; returns how many were wrong.

    For after a merge, or a doubt. Days before the oldest event that is still kept stay as they are.
    """
    wanted, changed = sorted(set(people)), 0
    for at in range(0, len(wanted), CHUNK):
        async with transaction():
            await lock(LOCK)
            part = wanted[at : at + CHUNK]
            accounts = await _accounts_of(part)
            changed += await _settle_days(part)
            accounts |= await _accounts_of(part)
            changed += await _settle("person", part)
            changed += await _settle("account", sorted(accounts))
    return changed


async def recount_all() -> int:
    """Everybody, from the events up."""
    found = await rows("SELECT DISTINCT person_id FROM event WHERE person_id IS NOT NULL"
                       " UNION SELECT DISTINCT person_id FROM usage_day")  # fmt: skip
    return await recount_events(int(row[0]) for row in found)


async def _accounts_of(people: Sequence[int]) -> set[int]:
    among, parameters = listed("bigint", people)
    found = await rows(f"SELECT DISTINCT account_id FROM usage_day WHERE person_id IN {among}", *parameters)
    return {int(row[0]) for row in found if row[0]}


async def _settle_days(people: Sequence[int]) -> int:
    true, oldest = await _days_of_events(people)
    among, parameters = listed("bigint", people)
    held: dict[Key, int] = {}
    for row in await rows("SELECT person_id, account_id, name, day, count FROM usage_day"
                          f" WHERE person_id IN {among}", *parameters):  # fmt: skip
        day = a_day(row[3]) or date.min
        if oldest is not None and day >= oldest:
            # What matters of 'anything' is that it is there.
            held[int(row[0]), int(row[1]), row[2], day] = 1 if row[2] == ANY else int(row[4])
    wrong = {key for key in true | held if true.get(key, 0) != held.get(key, 0)}
    for person, account, name, day in sorted(wrong & held.keys()):
        await write("DELETE FROM usage_day WHERE person_id = ? AND account_id = ? AND name = ? AND day = ?",
                    person, account, name, as_day(day))  # fmt: skip
    added = [(person, account, name, as_day(day), true[person, account, name, day])
             for person, account, name, day in sorted(wrong & true.keys())]  # fmt: skip
    await insert_rows("usage_day", ("person_id", "account_id", "name", "day", "count"), added)
    return len(wrong)


async def _days_of_events(people: Sequence[int]) -> tuple[dict[Key, int], date | None]:
    """What the events say of each day, and the day of the oldest event of anybody."""
    from customers.purchases import bought_by, days_of
    from customers.tracking.arrived import Arrived
    from customers.tracking.counting import by_day

    given_rule: HealthRule = await rule("health")
    among, parameters = listed("bigint", people)
    found = await rows(f"SELECT person_id, account_id, name, at, properties FROM event WHERE person_id IN {among}",
                       *parameters)  # fmt: skip
    events = [Arrived("", row[2], "", when(row[3]) or now(), person_id=row[0], account_id=row[1], properties=row[4])
              for row in found]  # fmt: skip
    days, anything = by_day(events, given_rule)
    days.update(dict.fromkeys(anything, 1))
    days.update(days_of((await bought_by(people)).values()))
    oldest = when((await rows("SELECT MIN(at) FROM event"))[0][0])
    if oldest is None:
        return {}, None
    since = max(local_day(oldest), a_day(await retention.whole_since("event") or None) or date.min)
    return {key: number for key, number in days.items() if number and key[3] >= since}, since
