"""Whether one person gets one guide now: the same rules for the decision, for the claim, and for 'why not'.

Pure: times are seconds since 1970. `refusals` says every reason; `refusal` the first, or an empty string.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Any

import msgspec

VISIT = 30 * 60  # seconds: within it, a guide on the next page is the same view
HOUR, DAY = 3_600, 86_400


class Live(msgspec.Struct, frozen=True):
    """A guide that may be shown. `people` are the pilot's; None means that it is out for everybody."""

    id: int
    key: str
    kind: str
    state: str
    locale: str
    revision: str
    contents: dict[str, str]
    urls: list[str]
    trigger: dict[str, Any]
    frequency: str
    every_days: int
    most_views: int
    priority: int
    starts: float | None
    ends: float | None
    segment_id: int | None
    people: frozenset[int] | None = None
    holdout: int = 0

    @property
    def is_pilot(self) -> bool:
        return self.people is not None

    def is_held_out(self, person_id: int) -> bool:
        """Whether this person is of the share (%) that never sees it. The same people as long as the guide lives;
        a larger share holds a smaller one; of two guides the shares have nothing to do with each other."""
        if not self.holdout or self.is_pilot:
            return False
        digest = blake2b(f"{self.key}:{person_id}".encode(), digest_size=8).digest()
        return int.from_bytes(digest) % 10_000 < 100 * self.holdout


class Been(msgspec.Struct, frozen=True):
    """What one person saw of one guide."""

    kind: str
    views: int
    last: float
    dismissed: float | None = None
    completed: float | None = None
    is_held_out: bool = False  # it would have been shown, and was kept back: nothing was seen

    @property
    def closed(self) -> float | None:
        return max((at for at in (self.dismissed, self.completed) if at is not None), default=None)


class Gaps(msgspec.Struct, frozen=True):
    hours: int
    survey_days: int


Seen = dict[int, Been]


def is_continued(been: Been | None, moment: float) -> bool:
    """Still open from a moment ago, on another page of the same visit."""
    return been is not None and not been.is_held_out and been.closed is None and moment - been.last < VISIT


def is_open(guide: Live, moment: float) -> bool:
    """Between its first and its last day."""
    return (guide.starts is None or moment >= guide.starts) and (guide.ends is None or moment < guide.ends)


def refusal(guide: Live, person_id: int, is_member: bool, seen: Seen, gaps: Gaps, moment: float) -> str:
    return next(refusals(guide, person_id, is_member, seen, gaps, moment), "")


def refusals(guide: Live, person_id: int, is_member: bool, seen: Seen, gaps: Gaps, moment: float) -> Iterator[str]:
    """Reasons against it, most final first; names of guides.words.REASONS."""
    if guide.people is not None:
        if person_id not in guide.people:
            yield "not_in_pilot"
    elif not is_member:
        yield "not_in_segment"
    if guide.starts is not None and moment < guide.starts:
        yield "too_early"
    if guide.ends is not None and moment >= guide.ends:
        yield "over"
    been = seen.get(guide.id)
    if is_continued(been, moment):
        return
    if been is not None and been.is_held_out:
        if guide.is_held_out(person_id):
            yield "held_out"
    elif been is not None:
        yield from _own(guide, been, moment)
    yield from _between(guide, seen, gaps, moment)


def _own(guide: Live, been: Been, moment: float) -> Iterator[str]:
    if guide.frequency == "repeat":
        if moment - max(been.closed or 0.0, been.last) < guide.every_days * DAY:
            yield "wait"
    elif been.completed is not None:
        yield "completed"
    elif been.dismissed is not None:
        yield "dismissed"
    elif guide.frequency == "once":
        yield "seen"
    if been.views >= guide.most_views:
        yield "most_views"


def _between(guide: Live, seen: Seen, gaps: Gaps, moment: float) -> Iterator[str]:
    """A checklist interrupts nobody: it neither waits for others nor makes them wait."""
    if guide.kind == "checklist":
        return
    gap, survey_gap = waits((one for id, one in seen.items() if id != guide.id), gaps, moment)
    if gap:
        yield "gap"
    if survey_gap and guide.kind == "survey":
        yield "survey_gap"


def waits(others: Iterable[Been], gaps: Gaps, moment: float) -> tuple[bool, bool]:
    """Whether a guide waits for one that was shown shortly before, and whether a survey waits for another survey."""
    gap = survey_gap = False
    for one in others:
        if one.kind != "checklist" and not one.is_held_out:
            ago = moment - one.last
            gap = gap or ago < gaps.hours * HOUR
            survey_gap = survey_gap or (one.kind == "survey" and ago < gaps.survey_days * DAY)
    return gap, survey_gap
