"""Every night the signs are worked out anew from contracts and use, and kept; fifty accounts at a time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime, time
from statistics import median

import msgspec

from core.clock import local_day, now, when
from core.database import rows, transaction, write
from core.jobs import every, job
from core.settings import settings
from customers import health
from customers.days import a_day, as_day
from customers.rules import HealthRule, rule
from customers.segments.special import HEALTH_BANDS
from customers.tracking.counting import ANY
from insights.signals.lift import Found
from insights.signals.population import Case, Population, population
from insights.signals.signs import UNHAPPY, Sign, Use, first_seen, reaches_back, signs_of

NAME = "insights.signals"
FEWEST = 8  # who left; of fewer nothing can be said
FEWEST_WITH = 3  # of those, with one sign
LONGEST = 180  # days that a sign is followed back
AT_ONCE = 50


class Kept(msgspec.Struct):
    """`lost`, `stayed`: how many were looked at, `of` how many stayed in all."""

    at: datetime
    lost: int = 0
    stayed: int = 0
    of: int = 0
    found: list[Found] = []


async def kept() -> Kept | None:
    """As of the last night; None before the first."""
    found = await rows("SELECT value FROM note WHERE name = ?", NAME)
    if not found:
        return None
    value = json.loads(found[0][0]) if isinstance(found[0][0], str) else found[0][0]
    return msgspec.convert(value, Kept)


@every(hours=24, at="04:50", lane="bulk")
async def work_out_nightly() -> None:
    async with transaction():
        await work_out.later(key="signals")


@job(lane="bulk", timeout=1800)
async def work_out() -> str:
    people = await population()
    given: HealthRule = await rule("health")
    made = Kept(now(), people.lost, len(people.cases) - people.lost)
    made.of = round(made.stayed * people.each_stayed)
    if people.lost >= FEWEST and made.stayed:
        made.found = await _found(people, signs_of(given), given)
    await write("INSERT INTO note (name, value, changed_at) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
                " value = excluded.value, changed_at = excluded.changed_at",
                NAME, json.dumps(msgspec.to_builtins(made)), now())  # fmt: skip
    return f"{made.lost} left, {made.stayed} stayed"


async def _found(people: Population, signs: list[Sign], given: HealthRule) -> list[Found]:
    stayed = len(people.cases) - people.lost
    counts = {sign.name: Found(sign.name, 0, 0, people.lost, stayed, people.each_stayed) for sign in signs}
    seen: dict[str, list[int]] = {sign.name: [] for sign in signs}
    for at in range(0, len(people.cases), AT_ONCE):
        part = people.cases[at : at + AT_ONCE]
        for case, use in zip(part, await uses_of(part, given), strict=True):
            for sign in (one for one in signs if one.holds(use, case.day.toordinal())):
                counts[sign.name].lost += case.is_lost
                counts[sign.name].stayed += not case.is_lost
                if case.is_lost:
                    seen[sign.name].append(first_seen(sign, use, case.day, LONGEST))
    for name, days in seen.items():
        counts[name].days = round(median(days)) if days else None
    shown = [one for one in counts.values() if one.lost >= FEWEST_WITH]
    return sorted(shown, key=lambda one: (not one.is_sure, -one.lift, one.name))


async def uses_of(cases: Sequence[Case], given: HealthRule) -> list[Use]:
    """What is known of each account, back to where the first sign can be seen."""
    first = min(one.day for one in cases) - reaches_back(LONGEST)
    uses = {one.account: Use({}, {}, set(), [], set()) for one in cases}
    await _did(uses, first, max(one.day for one in cases), [given.login, *given.core_features])
    await _said(uses, first)
    return [uses[one.account] for one in cases]


async def _did(uses: dict[int, Use], first: date, end: date, names: list[str]) -> None:
    ids = sorted(uses)
    those, called = ", ".join("?" * len(ids)), ", ".join("?" * (len(names) + 1))
    for account, name, day, person in await rows(
        f"SELECT DISTINCT account_id, name, day, CASE WHEN name = '{ANY}' THEN person_id ELSE 0 END FROM usage_day"
        f" WHERE account_id IN ({those}) AND name IN ({called}) AND day >= ? AND day < ?",
        *ids, *names, ANY, as_day(first), as_day(end),
    ):  # fmt: skip
        on = (a_day(day) or first).toordinal()
        if name == ANY:
            uses[int(account)].people.setdefault(on, set()).add(int(person))
        else:
            uses[int(account)].did.setdefault(name, set()).add(on)


async def _said(uses: dict[int, Use], first: date) -> None:
    ids, begins = sorted(uses), datetime.combine(first, time(), settings().zone)
    for one in await health.opinions(ids, begins):
        if one.source != "pulse" and one.value <= UNHAPPY:
            uses[one.account_id].unhappy.add(local_day(one.at).toordinal())
    those = ", ".join("?" * len(ids))
    for account, at in await rows(f"SELECT account_id, created_at FROM conversation WHERE account_id IN ({those})"
                                  " AND created_at >= ?", *ids, begins):  # fmt: skip
        uses[int(account)].asked.append(local_day(when(at)).toordinal())
    for account, day in await rows(
        f"SELECT account_id, day FROM health_snapshot WHERE account_id IN ({those}) AND day >= ? AND score <= ?",
        *ids, as_day(first), HEALTH_BANDS["risk"][1],
    ):  # fmt: skip
        uses[int(account)].risky.add((a_day(day) or first).toordinal())


__all__ = ["FEWEST", "Kept", "kept", "uses_of", "work_out"]
