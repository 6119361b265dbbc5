"""The steps that staff write: a list in which some steps hold two lists of their own, `yes` and `no`.

Pure: nothing here reads the database. After a step with branches both go on with what stands below it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from core.errors import NotFound, Refused
from core.i18n import _

KINDS = ("send", "wait", "wait_for", "split", "again", "task", "leave")
BRANCHING = ("wait_for", "split")
AWAITED = ("event", "click", "segment")
MOST_STEPS, DEEPEST, MOST_DAYS, MOST_TIMES = 60, 6, 365, 5


class Stage(msgspec.Struct, omit_defaults=True):
    """One step. Which fields count depends on `kind`.

    send: campaign. wait: days and hours, or weekday (1–7) and hour in the person's zone, or hour alone: the next
    time that it is that hour. wait_for: what, event or segment, days. split: segment. again: days, times, subject.
    task: title, days.
    """

    id: str
    kind: str
    campaign: int = 0
    days: int = 0
    hours: int = 0
    weekday: int = 0
    hour: int | None = None
    what: str = ""
    event: str = ""
    segment: int = 0
    subject: str = ""
    times: int = 0
    title: str = ""
    yes: list[Stage] = []
    no: list[Stage] = []


class Place(msgspec.Struct, frozen=True):
    """Where a new step goes: at `index` of the list `branch` of step `parent` (both empty: the main list)."""

    parent: str = ""
    branch: str = ""
    index: int = 0

    @classmethod
    def read(cls, text: str) -> Place:
        """`""` is the beginning; else `s3:yes:0` or `::2`. Raises NotFound."""
        parts = text.split(":") if text else ["", "", "0"]
        if len(parts) != 3 or parts[1] not in ("", "yes", "no") or not parts[2].isdecimal() or len(parts[2]) > 3:
            raise NotFound(_("There is no such step on this journey."))
        return cls(parts[0], parts[1], int(parts[2]))

    def __str__(self) -> str:
        return f"{self.parent}:{self.branch}:{self.index}"


def stages_of(raw: Any) -> list[Stage]:
    return msgspec.convert(raw or [], list[Stage])


def walk(stages: Sequence[Stage]) -> Iterator[Stage]:
    """Every step, as it is read from above."""
    for one in stages:
        yield one
        yield from walk(one.yes)
        yield from walk(one.no)


def find(stages: Sequence[Stage], id: str) -> Stage:
    """Raises NotFound."""
    for one in walk(stages):
        if one.id == id:
            return one
    raise NotFound(_("There is no such step on this journey."))


def _list_with(stages: list[Stage], id: str) -> list[Stage]:
    if any(one.id == id for one in stages):
        return stages
    for one in stages:
        for branch in (one.yes, one.no):
            if any(inner.id == id for inner in walk(branch)):
                return _list_with(branch, id)
    raise NotFound(_("There is no such step on this journey."))


def add(stages: list[Stage], place: Place, stage: Stage) -> None:
    """Raises NotFound for a place that is none, and Refused for what grows too large."""
    chosen = stages
    if place.parent:
        parent = find(stages, place.parent)
        if parent.kind not in BRANCHING or not place.branch:
            raise NotFound(_("There is no such step on this journey."))
        chosen = parent.yes if place.branch == "yes" else parent.no
    chosen.insert(min(place.index, len(chosen)), stage)
    _ensure_size(stages)


def _ensure_size(stages: list[Stage]) -> None:
    if sum(1 for _one in walk(stages)) > MOST_STEPS:
        raise Refused(_("A journey has at most %(n)s steps.", n=MOST_STEPS))
    if _depth(stages) > DEEPEST:
        raise Refused(_("Branches lie at most %(n)s deep.", n=DEEPEST))


def _depth(stages: Sequence[Stage]) -> int:
    return max((1 + max(_depth(one.yes), _depth(one.no)) for one in stages if one.kind in BRANCHING), default=0)


def remove(stages: list[Stage], id: str) -> Stage:
    """With everything in its branches."""
    chosen = _list_with(stages, id)
    found = find(chosen, id)
    chosen.remove(found)
    return found


def shift(stages: list[Stage], id: str, by: int) -> None:
    """One place up (-1) or down (1) within its list; at the end of the list nothing happens."""
    chosen = _list_with(stages, id)
    at = next(n for n, one in enumerate(chosen) if one.id == id)
    to = at + by
    if 0 <= to < len(chosen):
        chosen[at], chosen[to] = chosen[to], chosen[at]


def mails_of(stages: Sequence[Stage]) -> list[int]:
    """The campaigns of all mails, in order."""
    return [one.campaign for one in walk(stages) if one.kind == "send"]


def segments_of(stages: Sequence[Stage]) -> set[int]:
    return {one.segment for one in walk(stages) if one.segment}


def events_of(stages: Sequence[Stage]) -> set[str]:
    return {one.event for one in walk(stages) if one.event}
