"""What a journey waits for, splits by, or ends with: asked of the database for many people at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from campaigns.journeys.plan import Node
from campaigns.journeys.standing import Standing
from core.bulk import listed
from core.clock import now
from core.database import rows
from core.errors import NotFound, Refused
from customers import segments

# Since the person came in, so that nothing done between two steps is missed.
DID = "EXISTS (SELECT 1 FROM event e WHERE e.person_id = r.person_id AND e.name = ? AND e.at >= r.entered_at)"
CLICKED = (
    "EXISTS (SELECT 1 FROM delivery d WHERE d.step_id = r.sent_step_id AND d.person_id = r.person_id"
    " AND d.clicked_at IS NOT NULL)"
)
NOBODY = "1 = 0"


async def in_segment(segment_id: int) -> tuple[str, list[Any]]:
    """A condition on runs `r`: nobody is in a segment that is gone or stands on one that is."""
    try:
        sql, parameters = segments.members_sql(await segments.tree_of(segment_id), now())
    except (NotFound, Refused):
        return NOBODY, []
    return f"r.person_id IN ({sql})", parameters


async def awaited(node: Node) -> tuple[str, list[Any]]:
    """A condition on runs: what this node waits for has come."""
    if node.what == "event":
        return DID, [node.event]
    return (CLICKED, []) if node.what == "click" else await in_segment(node.segment)


async def those_with(runs: Sequence[Standing], node: Node) -> set[int]:
    """The ids of those among `runs` for whom a node that branches says yes."""
    condition, parameters = await (in_segment(node.segment) if node.kind == "split" else awaited(node))
    if condition == NOBODY:
        return set()
    among, ids = listed("bigint", [one.id for one in runs])
    found = await rows(f"SELECT r.id FROM journey_run r WHERE r.id IN {among} AND {condition}", *ids, *parameters)
    return {int(row[0]) for row in found}
