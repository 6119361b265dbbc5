"""Who stands where: reading runs for the engine, and moving them. A move is a compare-and-set on the run's number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from campaigns.journeys.models import Version
from campaigns.journeys.plan import END, Plan, plan_of
from core.bulk import given, insert_rows, listed
from core.clock import now
from core.database import dialect, rows, write

AT_ONCE = 500
# Whose turn may come: of a live journey; in a pilot also before it is live.
GOING = ("EXISTS (SELECT 1 FROM journey j WHERE j.id = {run}.journey_id"
         " AND (j.state = 'live' OR (j.state = 'draft' AND {run}.is_pilot)))")  # fmt: skip
COLUMNS = (
    "r.id, r.journey_id, r.version_id, r.person_id, r.account_id, r.entry, r.is_pilot, r.is_fast, r.node, r.number,"
    " p.time_zone AS zone"
)
FROM = "FROM journey_run r JOIN person p ON p.id = r.person_id"
LOGGED = ("run_id", "version_id", "person_id", "number", "at", "node", "what", "reason", "step_id")


class Standing(msgspec.Struct, frozen=True):
    """One run as it was read."""

    id: int
    journey_id: int
    version_id: int
    person_id: int
    account_id: int | None
    entry: int
    is_pilot: bool
    is_fast: bool
    node: str
    number: int
    zone: str


class Turn(msgspec.Struct):
    """What is to happen to a run: `what` at its node, then on to `to`. `state` is set where it ends."""

    run: Standing
    what: str
    to: str
    due: datetime | None
    state: str = "active"
    reason: str = ""
    step_id: int | None = None


def standing(row: Any) -> Standing:
    return Standing(*row[:6], bool(row[6]), bool(row[7]), *row[8:11])


async def due(most: int = AT_ONCE) -> list[Standing]:
    """The next whose turn it is, the longest due first."""
    found = await rows(f"SELECT {COLUMNS} {FROM} WHERE r.state = 'active' AND r.due_at <= ?"
                       f" AND {GOING.format(run='r')} ORDER BY r.due_at, r.id LIMIT ?", now(), most)  # fmt: skip
    return [standing(row) for row in found]


async def where(condition: str, *parameters: Any, most: int = AT_ONCE) -> list[Standing]:
    """Active runs `r` that a condition of our own holds for."""
    found = await rows(f"SELECT {COLUMNS} {FROM} WHERE r.state = 'active' AND {condition} ORDER BY r.id LIMIT ?",
                       *parameters, most)  # fmt: skip
    return [standing(row) for row in found]


async def plans(version_ids: Iterable[int]) -> dict[int, Plan]:
    found = await Version.filter(id__in=sorted(set(version_ids)))
    return {one.id: plan_of(one.plan) for one in found}


async def take(turns: Sequence[Turn], *, only_going: bool = True) -> list[Turn]:
    """Inside a transaction: make the moves; those that somebody else had made, or that may not be made any more, are
    left out. Of two workers with the same run one gets it."""
    if not turns:
        return []
    moment = now()
    await _hold([one.run.id for one in turns])
    columns = [("id", "bigint"), ("number", "bigint"), ("node", "text"), ("due", "timestamptz"), ("state", "text"),
               ("reason", "text"), ("step", "bigint"), ("ended", "timestamptz")]  # fmt: skip
    records = [(one.run.id, one.run.number, one.to or one.run.node, one.due, one.state, one.reason, one.step_id,
                None if one.state == "active" else moment) for one in turns]  # fmt: skip
    table, parameters = given(columns, records)
    going = f" AND {GOING.format(run='journey_run')}" if only_going else ""
    won = await write(
        "UPDATE journey_run SET number = journey_run.number + 1, node = x.node, since = ?, due_at = x.due,"
        " state = x.state, reason = x.reason, ended_at = x.ended,"
        f" sent_step_id = COALESCE(x.step, journey_run.sent_step_id) FROM {table} AS x WHERE journey_run.id = x.id"
        f" AND journey_run.number = x.number AND journey_run.state = 'active'{going} RETURNING journey_run.id",
        moment, *parameters,
    )  # fmt: skip
    ids = {int(row[0]) for row in won}
    return [one for one in turns if one.run.id in ids]


async def _hold(ids: Sequence[int]) -> None:
    """In the order of their ids, so that two workers with the same ones wait and do not deadlock."""
    if dialect() == "postgresql":
        among, parameters = listed("bigint", sorted(ids))
        await rows(f"SELECT id FROM journey_run WHERE id IN {among} ORDER BY id FOR UPDATE", *parameters)


async def write_down(turns: Sequence[Turn]) -> None:
    """What happened, one line for each move; and on the customers' timeline where somebody's way has ended."""
    moment = now()
    await insert_rows("journey_move", LOGGED, [
        (one.run.id, one.run.version_id, one.run.person_id, one.run.number + 1, moment, one.run.node, one.what,
         one.reason, one.step_id) for one in turns])  # fmt: skip
    await on_timeline("journey.ended", [one.run.id for one in turns if one.state != "active"])


async def on_timeline(kind: str, ids: Sequence[int]) -> None:
    """In one statement (customers.timeline.record, many at once). The trial of a pilot is no part of a story."""
    if not ids:
        return
    among, parameters = listed("bigint", ids)
    is_pg = dialect() == "postgresql"
    built = "jsonb_build_object" if is_pg else "json_object"
    typed = (lambda kind: f"CAST(? AS {kind})") if is_pg else (lambda _kind: "?")
    await write(
        "INSERT INTO touchpoint (at, kind, person_id, account_id, channel, about_kind, about_id, data, key)"
        f" SELECT {typed('timestamptz')}, {typed('text')}, r.person_id, r.account_id, 'email', 'journey', r.journey_id,"
        f" {built}('name', j.name, 'state', r.state, 'reason', r.reason),"
        f" 'journey:' || CAST(r.id AS text) || {typed('text')} FROM journey_run r JOIN journey j ON j.id = r.journey_id"
        f" WHERE r.id IN {among} AND NOT r.is_pilot ON CONFLICT (key) DO NOTHING",
        now(), kind, f":{kind.rpartition('.')[2]}", *parameters,
    )  # fmt: skip


def ended(run: Standing, state: str, reason: str) -> Turn:
    """Out of the journey from wherever they stand."""
    return Turn(run, "ended", END, None, state, reason)
