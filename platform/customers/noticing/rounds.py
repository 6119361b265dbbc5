"""The rounds: every minute, whoever has something due gets a job; it gathers what is unread into one mail or message.

Rights are asked again in the job. What it takes it takes with the mail's promise in one transaction, so that a notice
is told of once, however often the job runs, is stopped, or meets itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from core.clock import now, when
from core.database import rows, transaction, write
from core.jobs import job
from core.principal import Principal
from customers.models import Notice
from customers.noticing import direct, letters
from customers.noticing.groups import BELL, GROUPS, SLACK, Standing, still
from customers.noticing.ways import PATIENCE, ways_of
from customers.quiet import ends_at, spread
from customers.rights import rights_of
from customers.rules import rule
from customers.telling import group_of

AT_ONCE = 500  # notices that are looked at in one transaction
AGAIN = timedelta(hours=1)  # when a round that never ended is begun anew
MOST = 500  # notices of one person in one round
# In this order: else SQLite reads all that is to go some day, to find the people among it.
FIRST_DUE = f"SELECT person_id FROM notice WHERE due_at <= ? ORDER BY due_at LIMIT {AT_ONCE}"


class Plan(msgspec.Struct):
    """What becomes of a person's due notices: (way, brand) → those that leave by it; the rest leaves by none."""

    leaving: dict[tuple[str, str], list[Notice]] = {}
    standing: dict[int, Standing] = {}
    not_told: list[Notice] = []


async def begin(until: datetime | None = None) -> int:
    """A job for everybody with a notice due by `until`; how many. Only the index of what is due is looked at."""
    begun, moment = 0, until or now()
    mark = moment + AGAIN
    while True:
        async with transaction():
            found = await rows(FIRST_DUE, moment)
            if not found:
                return begun
            people = sorted({int(row[0]) for row in found})
            taken = await write(
                f"UPDATE notice SET due_at = ? WHERE due_at <= ? AND person_id IN ({', '.join('?' * len(people))})"
                " RETURNING person_id", mark, moment, *people,
            )  # fmt: skip
            for person in sorted({int(row[0]) for row in taken}):
                await tell_person.later(person_id=person, mark=mark.isoformat())
        begun += len(people)


@job(attempts=6)
async def tell_person(person_id: int, mark: str) -> str:
    """`mark`: when it would be due again, by which this round's notices are known. Says what became of them."""
    found = await _due(person_id, mark)
    if not found:
        return "read meanwhile"
    reader = await rights_of(person_id)
    if reader is None or not reader.is_signed_in:
        await _let_be(found)
        return "nobody who may sign in"
    awake = await _awake(reader, found)
    if not awake:
        return "it is night"
    plan = await _planned(reader, awake)
    told = 0
    async with transaction():
        await _let_be(plan.not_told)
        for (way, brand), notices in plan.leaving.items():
            claimed = await _claim(notices)
            if claimed:
                leave = direct.begin if way == SLACK else letters.by_mail
                told += await leave(reader, brand, claimed, plan.standing)
    return f"{told} told"


async def _due(person_id: int, mark: str) -> list[Notice]:
    """What is due within the patience, too: several things within it are one mail."""
    found = await rows(
        "SELECT id FROM notice WHERE person_id = ? AND due_at IS NOT NULL AND (due_at <= ? OR due_at = ?)"
        f" AND read_at IS NULL ORDER BY created_at, id LIMIT {MOST}", person_id, now() + PATIENCE, when(mark),
    )  # fmt: skip
    return await Notice.filter(id__in=[row[0] for row in found]).order_by("created_at", "id") if found else []


async def _awake(reader: Principal, found: Sequence[Notice]) -> list[Notice]:
    """In their quiet hours only what does not wait for the morning; the rest is due then."""
    quiet = await rule("quiet")
    end = ends_at(now(), reader.time_zone, quiet)
    if end is None:
        return list(found)
    asleep = [one for one in found if not _is_at_night(one)]
    due = spread(end, f"notices:{reader.person_id}", quiet)
    await write(f"UPDATE notice SET due_at = ? WHERE due_at IS NOT NULL AND id IN ({_marks(asleep)})", due,
                *(one.id for one in asleep))  # fmt: skip
    return [one for one in found if _is_at_night(one)]


def _is_at_night(notice: Notice) -> bool:
    group = GROUPS.get(group_of(notice.kind))
    return group is not None and group.at_night


async def _planned(reader: Principal, found: Sequence[Notice]) -> Plan:
    ways, plan = await ways_of(reader.person_id or 0), Plan()
    plan.standing = await still(reader, found)
    for one in found:
        standing, group = plan.standing.get(one.id), group_of(one.kind)
        if standing is None or group not in GROUPS or ways[group] == BELL or not reader.may(GROUPS[group].may):
            plan.not_told.append(one)
        else:
            way = SLACK if ways[group] == SLACK and reader.is_staff else "email"
            plan.leaving.setdefault((way, standing.brand), []).append(one)
    return plan


async def _claim(notices: Sequence[Notice]) -> list[Notice]:
    """Those that nobody read, stopped or took meanwhile are this round's."""
    won = await write(
        f"UPDATE notice SET due_at = NULL WHERE id IN ({_marks(notices)}) AND read_at IS NULL AND due_at IS NOT NULL"
        " RETURNING id", *(one.id for one in notices),
    )  # fmt: skip
    ids = {int(row[0]) for row in won}
    return [one for one in notices if one.id in ids]


async def _let_be(notices: Iterable[Notice]) -> None:
    gone = [one.id for one in notices]
    if gone:
        await write(f"UPDATE notice SET due_at = NULL WHERE id IN ({_marks(gone)})", *gone)


def _marks(items: Sequence[object]) -> str:
    return ", ".join("?" * len(items)) or "0"
