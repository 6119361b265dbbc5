"""What is planned for whom, over all rooms: each room with something to send says what it will send, and when.

    planned.add_source("campaign", ask, name)

`ask(principal, start, end)` gives the plans that this member of staff may see; `name(principal, ids)` titles and
addresses of what touches are about.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime

import msgspec

from core.context import current_principal
from core.database import dialect, rows
from core.principal import Principal
from core.refs import Ref


class Plan(msgspec.Struct, frozen=True):
    """Something that begins at `at` (and ends at `until`) for a segment, or for chosen people."""

    about: Ref
    title: str
    href: str
    channel: str
    kind: str
    at: datetime
    until: datetime | None = None
    segment_id: int | None = None
    people: tuple[int, ...] | None = None
    state: str = ""
    tone: str = ""
    shares: tuple[tuple[str, int], ...] = ()  # of what goes out by several channels: how many people by each

    def by_channel(self, size: int) -> list[tuple[str, int]]:
        """(channel, how many people) of a plan for `size` of them."""
        return list(self.shares) or [(self.channel, size)]


Ask = Callable[[Principal, datetime, datetime], Awaitable[list[Plan]]]
Name = Callable[[Principal, Sequence[int]], Awaitable[dict[int, tuple[str, str]]]]

_sources: dict[str, tuple[Ask, Name]] = {}


def add_source(kind: str, ask: Ask, name: Name) -> None:
    """At import. `kind` is that of the Ref."""
    _sources[kind] = (ask, name)


async def between(start: datetime, end: datetime) -> list[Plan]:
    """Every room's plans that touch this time, in order."""
    who = current_principal()
    found = [plan for ask, _name in _sources.values() for plan in await ask(who, start, end)]
    return sorted(found, key=lambda plan: (plan.at, plan.about))


async def titles(refs: Iterable[Ref]) -> dict[Ref, tuple[str, str]]:
    """(title, address) of those that the reader may see."""
    who, wanted = current_principal(), sorted(set(refs))
    found: dict[Ref, tuple[str, str]] = {}
    for kind, (_ask, name) in _sources.items():
        if ids := [one.id for one in wanted if one.kind == kind]:
            found |= {Ref(kind, id): said for id, said in (await name(who, ids)).items()}
    return found


async def sizes(plans: Iterable[Plan]) -> dict[Ref, int]:
    """How many people each is for: of a segment, as many as it had when it was last written down."""
    listed = list(plans)
    found = {plan.about: len(plan.people) for plan in listed if plan.people is not None}
    wanted = sorted({plan.segment_id for plan in listed if plan.segment_id and plan.people is None})
    counted = {int(row[0]): int(row[1] or 0) for row in await rows(
        "SELECT s.id, COALESCE(s.people, (SELECT COUNT(*) FROM segment_member m WHERE m.segment_id = s.id))"
        f" FROM segment s WHERE s.id IN ({_ids()})", json.dumps(wanted))}  # fmt: skip
    return found | {plan.about: counted.get(plan.segment_id or 0, 0) for plan in listed if plan.people is None}


async def of_people(plans: Sequence[Plan], people: Sequence[int]) -> list[tuple[Plan, list[int]]]:
    """Those of the plans that are for some of `people`, and for whom of them."""
    among = set(people)
    wanted = sorted({plan.segment_id for plan in plans if plan.segment_id})
    members: dict[int, list[int]] = {}
    for segment, person in await rows(
        f"SELECT segment_id, person_id FROM segment_member WHERE segment_id IN ({_ids()}) AND person_id IN ({_ids()})"
        " ORDER BY person_id", json.dumps(wanted), json.dumps(sorted(among)),
    ):  # fmt: skip
        members.setdefault(int(segment), []).append(int(person))
    found = []
    for plan in plans:
        meant = members.get(plan.segment_id or 0, []) if plan.people is None else sorted(among & set(plan.people))
        if meant:
            found.append((plan, meant))
    return found


async def twice(plans: Sequence[Plan]) -> int:
    """How many people are in the segments of two or more of these plans."""
    segments = sorted({plan.segment_id for plan in plans if plan.segment_id})
    if len(plans) < 2 or not segments:
        return 0
    if len(segments) == 1:
        return (await sizes(plans[:1]))[plans[0].about]
    found = await rows(
        f"SELECT COUNT(*) FROM (SELECT person_id FROM segment_member WHERE segment_id IN ({_ids()})"
        " GROUP BY person_id HAVING COUNT(*) > 1) AS doubled", json.dumps(segments),
    )  # fmt: skip
    return int(found[0][0])


def _ids() -> str:
    if dialect() == "postgresql":
        return "SELECT e::bigint FROM json_array_elements_text(CAST(? AS json)) AS e"
    return "SELECT value FROM json_each(?)"
