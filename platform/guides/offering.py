"""What of a decision is the same for whoever asks, worked out once for a set of guides that is out.

Of the person it remains to look up the guides of their segments, to hold the two pauses against those, and to ask the
rules themselves (guides.deciding) about the few guides that they saw before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from math import inf

import msgspec

from core.i18n import LANGUAGES
from guides.deciding import Gaps, Live, Seen, is_open, refusal, waits


class Offers(msgspec.Struct):
    """Guides by their places in a list, the most important first, from `since` until just before `until`.

    In between none of them starts or ends. `said` is what browsers get of each guide, in each language.
    """

    guides: list[Live]
    since: float
    until: float
    everybodys: list[int]
    by_segment: dict[int, list[int]]
    on_trial: dict[int, list[int]]
    place_of: dict[int, int]
    interrupting: frozenset[int]
    surveys: frozenset[int]
    said: dict[str, list[bytes]]

    def places(self, person_id: int, segments: Iterable[int], seen: Seen, gaps: Gaps, moment: float) -> list[int]:
        """What the rules allow this person, who is in these segments; the same as asking `refusal` of every guide."""
        mine = [*self.everybodys, *self.on_trial.get(person_id, ())]
        for segment in segments:
            mine += self.by_segment.get(segment, ())
        mine.sort()
        if not seen:
            return mine
        gap, survey_gap = waits(seen.values(), gaps, moment)
        known = {self.place_of[id] for id in seen if id in self.place_of}
        against = set(self.interrupting if gap else self.surveys if survey_gap else ()) - known
        against |= {place for place in known.intersection(mine)
                    if refusal(self.guides[place], person_id, True, seen, gaps, moment)}  # fmt: skip
        return [place for place in mine if place not in against]

    def listed(self, places: list[int], lang: str) -> bytes:
        """`[[name, content's hash, addresses, trigger, frequency], …]` as JSON."""
        said = self.said[lang]
        return b"[%s]" % b",".join([said[place] for place in places])


def offers_of(guides: list[Live], moment: float) -> Offers:
    everybodys: list[int] = []
    by_segment: dict[int, list[int]] = defaultdict(list)
    on_trial: dict[int, list[int]] = defaultdict(list)
    for place, guide in enumerate(guides):
        if not is_open(guide, moment):
            continue
        if guide.people is not None:
            for person in guide.people:
                on_trial[person].append(place)
        elif guide.segment_id is None:
            everybodys.append(place)
        else:
            by_segment[guide.segment_id].append(place)
    since, until = _between_changes(guides, moment)
    return Offers(
        guides, since, until, everybodys, dict(by_segment), dict(on_trial),
        place_of={one.id: place for place, one in enumerate(guides)},
        interrupting=frozenset(place for place, one in enumerate(guides) if one.kind != "checklist"),
        surveys=frozenset(place for place, one in enumerate(guides) if one.kind == "survey"),
        said={lang: [_said(one, lang) for one in guides] for lang in LANGUAGES},
    )  # fmt: skip


def _between_changes(guides: list[Live], moment: float) -> tuple[float, float]:
    """The last time at which one of them started or ended, and the next."""
    changes = [at for one in guides for at in (one.starts, one.ends) if at is not None]
    return max((at for at in changes if at <= moment), default=-inf), min(
        (at for at in changes if at > moment), default=inf
    )


def _said(guide: Live, lang: str) -> bytes:
    content = guide.contents.get(lang) or guide.contents[guide.locale]
    return msgspec.json.encode([guide.key, content, guide.urls, guide.trigger, guide.frequency])
