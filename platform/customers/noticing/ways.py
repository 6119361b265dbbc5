"""Which way each group of notices takes to a person, and when what was just told is due there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from core.audit import audit
from core.clock import now
from core.context import current_principal
from core.database import rows, transaction, write
from core.errors import Refused
from core.i18n import _
from core.policy import ensure, sign_in_first
from core.refs import Ref
from customers.noticing.groups import BELL, DAILY, GROUPS, WAYS, WEEKLY, groups_of
from customers.quiet import spread, zone_of
from customers.rules import QuietRule, rule
from customers.telling import group_of, kinds_of

PATIENCE = timedelta(minutes=10)  # who looks at the bell within it gets no mail
MORNING = time(8)
SLICE = 500


async def due_times(people: Sequence[int], kind: str) -> dict[int, datetime]:
    """person → when a notice of this kind is to leave for them, had they not read it; the others look at the bell."""
    group = group_of(kind)
    if group not in GROUPS:
        return {}
    moment, quiet = now(), await rule("quiet")
    due: dict[int, datetime] = {}
    for at in range(0, len(people), SLICE):
        for person, zone, chosen in await _chosen(group, people[at : at + SLICE]):
            if found := due_at(chosen or GROUPS[group].way, moment, int(person), zone, quiet):
                due[int(person)] = found
    return due


async def _chosen(group: str, people: Sequence[int]) -> list[Any]:
    marks = ", ".join("?" * len(people))
    return await rows(
        "SELECT p.id, p.time_zone, c.way FROM person p LEFT JOIN notice_choice c ON c.person_id = p.id"
        f" AND c.group_name = ? WHERE p.id IN ({marks}) AND p.state = 'active'", group, *people,
    )  # fmt: skip


def due_at(way: str, moment: datetime, person_id: int, zone: str, quiet: QuietRule) -> datetime | None:
    if way == BELL:
        return None
    if way in (DAILY, WEEKLY):
        return morning(moment, person_id, zone, quiet, only_monday=way == WEEKLY)
    return moment + PATIENCE


def morning(moment: datetime, person_id: int, zone: str, quiet: QuietRule, *, only_monday: bool = False) -> datetime:
    """The person's next one, at a minute of their own after eight, so that the mails of a day leave evenly."""
    local = moment.astimezone(zone_of(zone))
    today = local.weekday()
    for days in (-today % 7, 7 - today) if only_monday else (0, 1):
        eight = datetime.combine(local.date() + timedelta(days=days), MORNING, local.tzinfo)
        at = spread(eight.astimezone(moment.tzinfo), f"notices:{person_id}", quiet)
        if at > moment:
            break
    return at


async def ways_of(person_id: int) -> dict[str, str]:
    """group → way, for every group."""
    chosen = await rows("SELECT group_name, way FROM notice_choice WHERE person_id = ?", person_id)
    return {name: group.way for name, group in GROUPS.items()} | {
        row[0]: row[1] for row in chosen if row[0] in GROUPS and row[1] in WAYS
    }


async def choose(wanted: dict[str, str]) -> int:
    """For the person who asks: group → way, for what can reach them. How many changed; what waits follows at once."""
    who = current_principal()
    if who.person_id is None:
        ensure(sign_in_first())
        return 0
    mine = groups_of(who)
    if not set(wanted) <= set(mine) or not set(wanted.values()) <= set(WAYS):
        raise Refused(_("Choose one of the list."))
    async with transaction():
        before = await ways_of(who.person_id)
        changed = {group: way for group, way in wanted.items() if before[group] != way}
        for group, way in changed.items():
            await set_way(who.person_id, group, way)
        if changed:
            await audit("notices.choose", Ref("person", who.person_id), before={one: before[one] for one in changed},
                        after=changed)  # fmt: skip
    return len(changed)


async def set_way(person_id: int, group: str, way: str, before: str = "") -> None:
    """Inside the caller's transaction."""
    await write(
        "INSERT INTO notice_choice (person_id, group_name, way, before, changed_at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (person_id, group_name) DO UPDATE SET way = excluded.way, before = excluded.before,"
        " changed_at = excluded.changed_at", person_id, group, way, before, now(),
    )  # fmt: skip
    await _plan_again(person_id, [group], way)


async def _plan_again(person_id: int, groups: Iterable[str], way: str) -> None:
    """What is still to go takes the new way: at once not at all, or when that way is due."""
    kinds = sorted(kind for group in groups for kind in kinds_of(group))
    if not kinds:
        return
    zone = (await rows("SELECT time_zone FROM person WHERE id = ?", person_id))[0][0]
    due = due_at(way, now(), person_id, zone, await rule("quiet"))
    await write(f"UPDATE notice SET due_at = ? WHERE person_id = ? AND due_at IS NOT NULL AND kind IN"
                f" ({', '.join('?' * len(kinds))})", due, person_id, *kinds)  # fmt: skip
