"""What was not granted: why, until when it waits, and the row that says so."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from core.clock import days_ago, now, when
from core.database import dialect, rows, write, write_many
from core.refs import Ref
from customers.attention import kind_of
from customers.quiet import INTERRUPTING, ends_at, spread
from customers.rules import QuietRule

Cap = tuple[str, int, int, bool]  # reason, days, most, only on this channel
Held = tuple[str, str, datetime | None]  # key, reason, when it is asked for again


class Wish(msgspec.Struct, frozen=True):
    """What is asked for, of whomever it is."""

    channel: str
    kind: str
    about: Ref
    worth_until: datetime | None = None

    @property
    def priority(self) -> int:
        return kind_of(self.kind).priority


async def hold(wish: Wish, left: Sequence[tuple[int, str]], caps: Sequence[Cap], quiet: QuietRule) -> list[Held]:
    """Decide about everybody who got no touch, and write it down."""
    if not left:
        return []
    people = json.dumps(sorted({person for person, _key in left}))
    zones = {int(row[0]): str(row[1]) for row in await rows(
        f"SELECT id, time_zone FROM person WHERE id IN ({_ids()})", people)}  # fmt: skip
    times: dict[int, list[tuple[datetime, str]]] = {}
    for person, at, channel in await rows(
        f"SELECT person_id, at, channel FROM touch WHERE person_id IN ({_ids()}) AND at > ? AND is_counted = ?"
        " ORDER BY at", people, days_ago(max(cap[1] for cap in caps)), True,
    ):  # fmt: skip
        times.setdefault(int(person), []).append((when(at) or now(), channel))
    found = [_judged(wish, key, zones.get(person, ""), times.get(person, []), caps, quiet) for person, key in left]
    await _keep(wish, [(person, *one) for (person, _key), one in zip(left, found, strict=True)])
    return found


def _ids() -> str:
    if dialect() == "postgresql":
        return "SELECT e::bigint FROM json_array_elements_text(CAST(? AS json)) AS e"
    return "SELECT value FROM json_each(?)"


def _judged(wish: Wish, key: str, zone: str, times: list[tuple[datetime, str]], caps: Sequence[Cap],
            quiet: QuietRule) -> Held:  # fmt: skip
    moment = now()
    reason, free = "kept", moment + timedelta(days=1)
    full = [cap for cap in caps if _count(cap, wish, times, moment) >= cap[2]]
    night = ends_at(moment, zone, quiet) if wish.channel in INTERRUPTING else None
    if full:
        freed = {cap: _room_at(cap, wish, times, moment) for cap in full}
        if any(at is None for at in freed.values()):
            return key, full[0][0], None  # nothing is allowed at all
        worst = max(full, key=lambda cap: freed[cap] or moment)
        reason, free = worst[0], freed[worst] or moment
    elif night:
        reason, free = "quiet", night
    if wish.channel in INTERRUPTING:
        free = ends_at(free, zone, quiet) or free
    free = spread(free, key, quiet)
    if wish.worth_until is None or free > wish.worth_until:
        return key, reason, None
    return key, reason, free


def _on(cap: Cap, wish: Wish, times: list[tuple[datetime, str]], moment: datetime) -> list[datetime]:
    since = moment - timedelta(days=cap[1])
    return [at for at, channel in times if at > since and (not cap[3] or channel == wish.channel)]


def _count(cap: Cap, wish: Wish, times: list[tuple[datetime, str]], moment: datetime) -> int:
    return len(_on(cap, wish, times, moment))


def _room_at(cap: Cap, wish: Wish, times: list[tuple[datetime, str]], moment: datetime) -> datetime | None:
    """When so many have left the window that one more fits; None: never."""
    if cap[2] <= 0:
        return None
    return _on(cap, wish, times, moment)[-cap[2]] + timedelta(days=cap[1])


async def _keep(wish: Wish, found: Iterable[tuple[int, str, str, datetime | None]]) -> None:
    moment = now()
    listed: list[list[Any]] = [
        [person, wish.channel, wish.kind, key, wish.about.kind, wish.about.id, wish.priority,
         "held" if until else "refused", reason, moment, until, wish.worth_until, moment]
        for person, key, reason, until in found
    ]  # fmt: skip
    await write_many(
        "INSERT INTO touch_hold (person_id, channel, kind, key, about_kind, about_id, priority, state, reason, times,"
        " held_at, release_at, worth_until, changed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?)"
        " ON CONFLICT (key) DO UPDATE SET times = touch_hold.times + 1, reason = excluded.reason,"
        " release_at = excluded.release_at, changed_at = excluded.changed_at,"
        # What had waited and gets no room in time is too late; what never waited was refused.
        " state = CASE WHEN excluded.state = 'refused' AND touch_hold.state IN ('held', 'expired') THEN 'expired'"
        " ELSE excluded.state END",
        listed,
    )  # fmt: skip


def these_keys() -> str:
    """The keys of one JSON parameter, for `IN (…)`."""
    if dialect() == "postgresql":
        return "SELECT e FROM json_array_elements_text(CAST(? AS json)) AS e"
    return "SELECT value FROM json_each(?)"


async def settle_holds(taken: set[str]) -> None:
    """What was held has its touch now."""
    if taken:
        await write(
            "UPDATE touch_hold SET state = 'released', release_at = NULL, changed_at = ?"
            f" WHERE key IN ({these_keys()}) AND state IN ('held', 'refused')", now(), json.dumps(sorted(taken)),
        )  # fmt: skip
