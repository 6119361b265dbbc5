"""Out of a journey before its end: the goal is reached, the segment is left, a person said so, the pilot is void."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from campaigns.journeys import asking, sendings, standing
from campaigns.journeys.plan import Plan
from campaigns.journeys.standing import Standing
from core.clock import now
from core.database import rows, transaction

LATE = timedelta(hours=1)
# A pilot whose content was changed, or that was judged badly, is over for those in it.
VOID = (
    "r.is_pilot AND NOT EXISTS (SELECT 1 FROM journey_version v JOIN pilot q ON q.about_kind = 'journey'"
    " AND q.about_id = v.journey_id AND q.revision = v.hash AND q.state IN ('running', 'passed')"
    " WHERE v.id = r.version_id)"
)
STOPPED = "EXISTS (SELECT 1 FROM journey j WHERE j.id = r.journey_id AND j.state = 'stopped')"


async def leave_due() -> int:
    """Everybody for whom the whole journey ends, wherever they stand; also while it is paused."""
    gone = await _all("left", "replaced", VOID)
    gone += await _all("stopped", "journey_stopped", STOPPED)
    found = await rows("SELECT DISTINCT r.version_id FROM journey_run r WHERE r.state = 'active' ORDER BY 1")
    for version_id, plan in (await standing.plans(int(row[0]) for row in found)).items():
        for state, reason, condition, parameters in await _rules(plan):
            gone += await _all(state, reason, f"r.version_id = ? AND {condition}", version_id, *parameters)
    await sendings.withdraw_late(now() - LATE)
    return gone


async def _rules(plan: Plan) -> list[tuple[str, str, str, list[Any]]]:
    """(state, reason, condition on runs `r`, parameters)"""
    found: list[tuple[str, str, str, list[Any]]] = []
    if plan.goal_event:
        found.append(("goal", "event", asking.DID, [plan.goal_event]))
    if plan.goal_segment:
        found.append(("goal", "segment", *await asking.in_segment(plan.goal_segment)))
    if plan.leaves and plan.segment:
        condition, parameters = await asking.in_segment(plan.segment)
        if condition != asking.NOBODY:  # a segment that is gone says nothing about anybody
            found.append(("left", "segment_left", f"NOT r.is_pilot AND NOT ({condition})", parameters))
    return found


async def _all(state: str, reason: str, condition: str, *parameters: Any) -> int:
    gone = 0
    while runs := await standing.where(condition, *parameters):
        if not (n := await leave(runs, state, reason)):
            break
        gone += n
    return gone


async def leave(runs: Sequence[Standing], state: str, reason: str) -> int:
    """They stand nowhere any more, and what waits to be sent to them is not sent. Returns how many were still in."""
    async with transaction():
        won = await standing.take([standing.ended(one, state, reason) for one in runs], only_going=False)
        await standing.write_down(won)
        await sendings.withdraw([one.run.id for one in won])
    return len(won)
