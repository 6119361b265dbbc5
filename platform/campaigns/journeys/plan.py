"""A tree of steps as a flat plan: for each node where to go next. Pure, and every way through it ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any

import msgspec

from campaigns.journeys.tree import BRANCHING, Stage
from core.errors import Refused
from core.i18n import _
from customers.quiet import zone_of

END = ""
PROMPT = ("send", "split", "task", "leave")  # nobody rests there


class Mail(msgspec.Struct, frozen=True):
    """What a mail is made of at the moment of freezing: the revision, and the one for another subject."""

    revision: int
    hash: str


class Node(msgspec.Struct, omit_defaults=True, frozen=True):
    """A step with its ways out: `yes` and `no` where it branches, else `next`. An empty one is the end."""

    id: str
    kind: str
    next: str = END
    yes: str = END
    no: str = END
    campaign: int = 0
    revision: int = 0
    days: int = 0
    hours: int = 0
    weekday: int = 0
    hour: int | None = None
    what: str = ""
    event: str = ""
    segment: int = 0
    title: str = ""


class Plan(msgspec.Struct, frozen=True):
    first: str
    nodes: dict[str, Node]
    segment: int = 0
    goal_event: str = ""
    goal_segment: int = 0
    leaves: bool = False
    again_after: int | None = None

    def __getitem__(self, id: str) -> Node:
        return self.nodes[id]


def plan_of(raw: Any) -> Plan:
    return msgspec.convert(raw, Plan)


def expanded(stages: Sequence[Stage], mail: int = 0) -> list[Stage]:
    """With 'send again to who did not click' spelled out as waits and mails. Raises Refused where no mail is before."""
    made: list[Stage] = []
    for one in stages:
        if one.kind == "again":
            if not mail:
                raise Refused(_("“Send again” belongs right below a mail: it is that mail that is sent again."))
            made += _again(one, mail, 1)
            mail = 0
            continue
        if one.kind in BRANCHING:
            one = msgspec.structs.replace(one, yes=expanded(one.yes, mail), no=expanded(one.no, mail))
            if any(inner.kind == "send" for branch in (one.yes, one.no) for inner in _all(branch)):
                mail = 0  # which one it was depends on the way
        elif one.kind == "send":
            mail = one.campaign
        made.append(one)
    return made


def _again(one: Stage, mail: int, turn: int) -> list[Stage]:
    if turn > one.times:
        return []
    again = Stage(f"{one.id}.{2 * turn}", "send", campaign=mail, subject=one.subject)
    return [Stage(f"{one.id}.{2 * turn - 1}", "wait_for", what="click", days=one.days,
                  no=[again, *_again(one, mail, turn + 1)])]  # fmt: skip


def _all(stages: Sequence[Stage]) -> list[Stage]:
    return [inner for one in stages for inner in (one, *_all(one.yes), *_all(one.no))]


def nodes_of(stages: Sequence[Stage], revisions: Mapping[tuple[int, str], int]) -> tuple[str, dict[str, Node]]:
    """The first node and all of them, of an expanded tree. `revisions` are by campaign and other subject."""
    nodes: dict[str, Node] = {}
    return _chained(stages, END, revisions, nodes), nodes


def _chained(stages: Sequence[Stage], after: str, revisions: Mapping[tuple[int, str], int],
             nodes: dict[str, Node]) -> str:  # fmt: skip
    for one in reversed(stages):
        branches = one.kind in BRANCHING
        nodes[one.id] = Node(
            one.id, one.kind, END if branches or one.kind == "leave" else after,
            _chained(one.yes, after, revisions, nodes) if branches else END,
            _chained(one.no, after, revisions, nodes) if branches else END,
            one.campaign, revisions[one.campaign, one.subject] if one.kind == "send" else 0,
            one.days, one.hours, one.weekday, one.hour, one.what, one.event, one.segment, one.title,
        )  # fmt: skip
        after = one.id
    return after


def due_at(plan: Plan, id: str, moment: datetime, zone: str, *, is_fast: bool = False) -> datetime | None:
    """When a person who comes to node `id` at `moment` is to be looked at; None at the end.

    `is_fast`: a pilot's days are minutes, and so are its hours.
    """
    if id == END:
        return None
    node = plan[id]
    if node.kind in PROMPT:
        return moment
    if is_fast:
        return moment + timedelta(minutes=max(1, node.days))
    if node.kind == "wait" and node.hour is not None:
        return _next_hour(node, moment, zone)
    return moment + timedelta(days=node.days, hours=node.hours)


def _next_hour(node: Node, moment: datetime, zone: str) -> datetime:
    """The next such weekday and hour, or the next such hour, by the person's own clock; never now."""
    assert node.hour is not None
    local = moment.astimezone(zone_of(zone))
    for ahead in range(9):
        day = local.date() + timedelta(days=ahead)
        at = datetime.combine(day, time(node.hour), local.tzinfo).astimezone(moment.tzinfo)
        if at > moment and node.weekday in (0, day.isoweekday()):
            return at
    raise AssertionError("a week has every weekday")
