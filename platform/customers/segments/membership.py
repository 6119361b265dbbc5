"""Who is in each segment, written down: refreshed every few seconds, and who entered or left is told as a fact.

A segment that is quick to ask is asked again after 2 seconds; a slow one after four times as long as it took, so that
membership lags at most 5 seconds while asking takes one, and never takes more than a fifth of a processor.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from core.bulk import insert_rows, listed
from core.clock import now, when
from core.database import lock, rows, transaction, write
from core.errors import Refused
from core.events import announce
from customers.events import SegmentChanged
from customers.models import Segment
from customers.segments.ask import tree_of
from customers.segments.compile import members_sql

SOONEST, LATEST, FACTOR = 2.0, 300.0, 4
PART = 500  # people in one fact and one transaction


async def refresh_due() -> int:
    """Bring the segments that are due up to date; returns how many people entered or left."""
    moved = 0
    for segment in await Segment.filter(state="active", is_static=False).order_by("refreshed_at", "id"):
        if is_due(segment):
            moved += await refresh(segment.id)
    return moved


def is_due(segment: Segment) -> bool:
    last: Any = segment.refreshed_at
    if last is None or last < segment.updated_at:
        return True
    pause = min(LATEST, max(SOONEST, FACTOR * (segment.refresh_ms or 0) / 1000))
    return bool(now() - last >= timedelta(seconds=pause))


async def refresh(segment_id: int) -> int:
    """Write down who is in the segment now. The first time nobody is told: nobody entered, they were there."""
    segment = await Segment.get_or_none(id=segment_id)
    if segment is None or segment.is_static:
        return 0
    began, moment = time.perf_counter(), now()
    try:
        sql, parameters = members_sql(await tree_of(segment_id), moment)
    except Refused:  # it stands on something that is gone; who was in it stays until it is mended
        await write("UPDATE segment SET refreshed_at = ? WHERE id = ?", moment, segment_id)
        return 0
    entered = await rows(f"{sql} AND NOT EXISTS (SELECT 1 FROM segment_member sm WHERE sm.segment_id = ?"
                         " AND sm.person_id = p.id) ORDER BY p.id", *parameters, segment_id)  # fmt: skip
    left = await rows(f"SELECT person_id FROM segment_member WHERE segment_id = ? AND person_id NOT IN ({sql})"
                      " ORDER BY person_id", segment_id, *parameters)  # fmt: skip
    took = round(1000 * (time.perf_counter() - began))
    is_first = when(segment.refreshed_at) is None
    come, gone = [int(row[0]) for row in entered], [int(row[0]) for row in left]
    for at in range(0, len(come), PART):
        await _move(segment_id, come[at : at + PART], [], is_first)
    for at in range(0, len(gone), PART):
        await _move(segment_id, [], gone[at : at + PART], is_first)
    await write(
        "UPDATE segment SET refreshed_at = ?, refresh_ms = ?,"
        " people = (SELECT COUNT(*) FROM segment_member sm WHERE sm.segment_id = segment.id) WHERE id = ?"
        if come or gone or segment.people is None else
        "UPDATE segment SET refreshed_at = ?, refresh_ms = ? WHERE id = ?", moment, took, segment_id)  # fmt: skip
    return len(come) + len(gone)


async def _move(segment_id: int, come: list[int], gone: list[int], is_first: bool) -> None:
    """One part; who is moved by another process meanwhile is not told twice."""
    async with transaction():
        await lock(f"segment:{segment_id}")
        if come:
            among, parameters = listed("bigint", come)
            there = {row[0] for row in await rows("SELECT person_id FROM segment_member WHERE segment_id = ?"
                                                  f" AND person_id IN {among}", segment_id, *parameters)}  # fmt: skip
            come = [person for person in come if person not in there]
            await insert_rows("segment_member", ("segment_id", "person_id", "since"),
                              [(segment_id, person, now()) for person in come])  # fmt: skip
        if gone:
            among, parameters = listed("bigint", gone)
            found = await write(f"DELETE FROM segment_member WHERE segment_id = ? AND person_id IN {among}"
                                " RETURNING person_id", segment_id, *parameters)  # fmt: skip
            gone = sorted(row[0] for row in found)
        if (come or gone) and not is_first:
            await announce(SegmentChanged(segment_id=segment_id, entered=tuple(come), left=tuple(gone)))
