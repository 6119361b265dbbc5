"""What this process knows of guides that are out: read again every two seconds, their segments every minute.

A decision may therefore be a little old; `showing.claim` asks the database before anything is shown.
"""

from __future__ import annotations

import json
import time
from bisect import bisect_left
from typing import Any

import msgspec
import numpy as np

from core.clock import now, when
from core.database import after_commit, rows
from core.tasks import in_thread, spawn
from customers import segments
from guides.deciding import Live
from guides.offering import Offers, offers_of

FRESH, MEMBERS_FRESH = 2.0, 60.0  # seconds
CHUNK = 5_000
COLUMNS = ("id, key, kind, state, locale, revision, contents, urls, trigger, frequency, every_days, most_views,"
           " priority, starts_at, ends_at, segment_id, holdout")  # fmt: skip


class Out(msgspec.Struct):
    """Guides of one brand, the most important first. `who` is sorted; `which` says the segment of each of its ids.

    One look finds all segments of a person, however many there are: fifty guides cost little more than one.
    `members` are the arrays that the two were made of: as long as they are the same, so are the two.
    """

    guides: list[Live]
    members: dict[int, Any]
    who: memoryview
    which: memoryview
    worked_out: Offers

    def segments_of(self, person_id: int) -> list[int]:
        """The segments in use that hold the person."""
        first = bisect_left(self.who, person_id)
        return self.which[first : bisect_left(self.who, person_id + 1, first)].tolist()

    def offers(self, moment: float) -> Offers:
        """What was worked out; anew when a guide has started or ended since."""
        if not self.worked_out.since <= moment < self.worked_out.until:
            self.worked_out = offers_of(self.guides, moment)
        return self.worked_out


_out: dict[str, tuple[float, Out]] = {}
_members: dict[int, tuple[float, Any]] = {}
_reading: set[str] = set()
_age = 0  # of what was forgotten meanwhile, a reading that began before keeps nothing


def forget() -> None:
    global _age
    _age += 1
    _out.clear()
    _members.clear()


def forget_after_commit() -> None:
    """What this process changed, it knows at once."""
    after_commit(forget)


async def out_of(brand: str) -> Out:
    """At once from memory when there is something, even a little old; it is then read again beside."""
    kept = _out.get(brand)
    if kept is None:
        return await _read(brand)
    if time.monotonic() - kept[0] > FRESH and brand not in _reading:
        _reading.add(brand)
        spawn(_again(brand), "guides that are out")
    return kept[1]


async def _again(brand: str) -> None:
    try:
        await _read(brand)
    finally:
        _reading.discard(brand)


async def _read(brand: str) -> Out:
    began = _age
    guides = [await live_of(row) for row in await rows(
        f"SELECT {COLUMNS} FROM guide WHERE brand = ? AND state IN ('live', 'pilot') ORDER BY priority DESC, id", brand
    )]  # fmt: skip
    used = sorted({one.segment_id for one in guides if one.segment_id is not None and not one.is_pilot})
    members = {segment: await _people_in(segment) for segment in used}
    guides = [one for one in guides if one.contents]
    found = Out(guides, members, *await _merged(brand, members), offers_of(guides, moment()))
    if began == _age:
        _out[brand] = (time.monotonic(), found)
    return found


async def _merged(brand: str, members: dict[int, Any]) -> tuple[memoryview, memoryview]:
    """One sorted array of people, and the segment of each: sorted once for the segments of a minute."""
    kept = _out.get(brand)
    if kept is not None and list(kept[1].members) == list(members):
        before = kept[1]
        if all(before.members[segment] is people for segment, people in members.items()):
            return before.who, before.which
    return await in_thread(_sorted, members)  # type: ignore[no-any-return]


def _sorted(members: dict[int, Any]) -> tuple[memoryview, memoryview]:
    who = np.concatenate([np.empty(0, np.int64), *members.values()])
    which = np.repeat(np.array(list(members), np.int64), [len(one) for one in members.values()])
    order = np.argsort(who, kind="stable")
    return memoryview(who[order]), memoryview(which[order])


async def _people_in(segment_id: int) -> Any:
    kept = _members.get(segment_id)
    if kept is None or time.monotonic() - kept[0] > MEMBERS_FRESH:
        kept = _members[segment_id] = (time.monotonic(), await _read_people(segment_id))
    return kept[1]


async def _read_people(segment_id: int) -> Any:
    """In chunks, because a hundred thousand rows at once would hold the loop."""
    sql, parameters = segments.members_sql(await segments.tree_of(segment_id), now())
    parts: list[Any] = []
    last = 0
    while True:
        found = await rows(f"{sql} AND p.id > ? ORDER BY p.id LIMIT {CHUNK}", *parameters, last)
        parts.append(np.array([row[0] for row in found], dtype=np.int64))
        if len(found) < CHUNK:
            return np.concatenate(parts)
        last = int(found[-1][0])


async def live_of(row: Any) -> Live:
    """A row of COLUMNS. A guide on trial is for its pilot's people only."""
    people = await _on_trial(row["id"], row["revision"]) if row["state"] == "pilot" else None
    starts, ends = when(row["starts_at"]), when(row["ends_at"])
    return Live(
        id=row["id"], key=row["key"], kind=row["kind"], state=row["state"], locale=row["locale"],
        revision=row["revision"], contents=_json(row["contents"]), urls=_json(row["urls"]),
        trigger=_json(row["trigger"]), frequency=row["frequency"], every_days=row["every_days"],
        most_views=row["most_views"], priority=row["priority"], starts=starts.timestamp() if starts else None,
        ends=ends.timestamp() if ends else None, segment_id=row["segment_id"], people=people,
        holdout=row["holdout"],
    )  # fmt: skip


async def _on_trial(guide_id: int, revision: str) -> frozenset[int]:
    found = await rows("SELECT people FROM pilot WHERE about_kind = 'guide' AND about_id = ? AND revision = ?"
                       " AND state = 'running' ORDER BY id DESC LIMIT 1", guide_id, revision)  # fmt: skip
    return frozenset(_json(found[0][0])) if found else frozenset()


async def one(key: str, brand: str) -> Live | None:
    """A guide as the database has it now, whether or not it is out."""
    found = await rows(f"SELECT {COLUMNS} FROM guide WHERE key = ? AND brand = ?", key, brand)
    return await live_of(found[0]) if found else None


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def moment() -> float:
    return now().timestamp()
