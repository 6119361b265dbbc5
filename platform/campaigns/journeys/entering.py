"""Into a journey: who came into its segment since it began, or a pilot's group. Once for each time they may enter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from campaigns.journeys import standing
from campaigns.journeys.models import Journey, Version
from campaigns.journeys.plan import Plan, due_at, plan_of
from campaigns.variables import PRIMARY
from core.bulk import given, insert_rows, listed
from core.clock import days_ago, now
from core.database import dialect, lock, rows, transaction, write
from core.refs import Ref
from customers import pilots


async def enter_due() -> int:
    """Everybody who is to enter a live journey now."""
    entered = 0
    for journey in await Journey.filter(state="live", version_id__isnull=False).order_by("id"):
        version = await Version.get(id=journey.version_id)
        if not await pilots.passed(Ref("journey", journey.id), version.hash):
            continue  # asked again at the moment itself: a verdict may have been withdrawn
        while people := await _next(journey, plan_of(version.plan)):
            if not (n := await enter(journey, version, people)):
                break
            entered += n
    return entered


async def _next(journey: Journey, plan: Plan) -> list[int]:
    """Those of the version's segment: the draft may name another by now."""
    # Which earlier way through does not let a person in again: any; or one that is not over for so long, or that was
    # entered for the same coming into the segment.
    often = "" if plan.again_after is None else (
        " AND (r.state = 'active' OR r.ended_at > ? OR r.entered_at >= sm.since)")  # fmt: skip
    long_ago = [] if plan.again_after is None else [days_ago(plan.again_after)]
    found = await rows(
        "SELECT sm.person_id FROM segment_member sm JOIN person p ON p.id = sm.person_id WHERE sm.segment_id = ?"
        " AND sm.since >= ? AND p.state = 'active' AND p.kind = 'customer' AND NOT EXISTS (SELECT 1 FROM journey_run r"
        f" WHERE r.journey_id = ? AND r.person_id = sm.person_id{often}) ORDER BY sm.person_id LIMIT ?",
        plan.segment, journey.since, journey.id, *long_ago, standing.AT_ONCE,
    )  # fmt: skip
    return [int(row[0]) for row in found]


async def enter(journey: Journey, version: Version, people: Sequence[int], *, is_pilot: bool = False,
                is_fast: bool = False) -> int:  # fmt: skip
    """One row each, at the first step; returns how many came in. Whoever is inside already stays where they are."""
    plan = plan_of(version.plan)
    among, parameters = listed("bigint", sorted(people))
    zones = await rows(f"SELECT id, time_zone FROM person WHERE id IN {among} AND state = 'active' ORDER BY id",
                       *parameters)  # fmt: skip
    if not zones:
        return 0
    records = [(int(id), due_at(plan, plan.first, now(), zone, is_fast=is_fast)) for id, zone in zones]
    async with transaction():
        # Two who let the same people in wait for each other here, instead of counting the same times around.
        await lock(f"journey-entry:{journey.id}")
        if dialect() == "postgresql":
            await rows("SELECT id FROM journey WHERE id = ? FOR SHARE", journey.id)
        came = await _insert(journey, version, plan, records, is_pilot, is_fast)
        moment = now()
        await insert_rows("journey_move", standing.LOGGED, [
            (int(row[0]), version.id, int(row[1]), 1, moment, "", "entered", "", None) for row in came])  # fmt: skip
        await standing.on_timeline("journey.entered", [int(row[0]) for row in came])
    return len(came)


async def _insert(journey: Journey, version: Version, plan: Plan, records: Sequence[Any], is_pilot: bool,
                  is_fast: bool) -> list[Any]:  # fmt: skip
    table, parameters = given([("person", "bigint"), ("due", "timestamptz")], records)
    big, text, at, yes = (
        ("CAST(? AS bigint)", "CAST(? AS text)", "CAST(? AS timestamptz)", "CAST(? AS boolean)")
        if dialect() == "postgresql" else ("?", "?", "?", "?")
    )  # fmt: skip
    runs = (
        f"(SELECT COALESCE(MAX(o.entry), 0) + 1 FROM journey_run o WHERE o.journey_id = {big} AND o.person_id = p.id)"
    )
    going = "j.state IN ('draft', 'live')" if is_pilot else "j.state = 'live'"
    moment = now()
    return await write(
        "INSERT INTO journey_run (journey_id, version_id, person_id, account_id, entry, is_pilot, is_fast, state,"
        f" reason, node, number, since, due_at, entered_at) SELECT {big}, {big}, p.id, {PRIMARY}, {runs}, {yes}, {yes},"
        f" 'active', '', {text}, 1, {at}, x.due, {at} FROM {table} AS x JOIN person p ON p.id = x.person"
        f" WHERE p.state = 'active' AND EXISTS (SELECT 1 FROM journey j WHERE j.id = {big} AND {going})"
        f" AND NOT EXISTS (SELECT 1 FROM journey_run a WHERE a.journey_id = {big} AND a.person_id = p.id"
        " AND a.state = 'active')"
        " ORDER BY p.id ON CONFLICT DO NOTHING RETURNING id, person_id",
        journey.id, version.id, journey.id, is_pilot, is_fast, plan.first, moment, moment, *parameters, journey.id,
        journey.id,
    )  # fmt: skip
