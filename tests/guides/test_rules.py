"""The rules alone, over any life: whatever is asked for and closed, whenever, no limit is ever passed."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from guides.deciding import DAY, HOUR, VISIT, Been, Gaps, Live, is_continued, refusal
from guides.models import FREQUENCIES, KINDS
from guides.offering import offers_of

guides = st.lists(
    st.builds(
        Live, id=st.integers(), key=st.just("k"), kind=st.sampled_from(KINDS), state=st.just("live"),
        locale=st.just("ja"), revision=st.just("r"), contents=st.just({"ja": "h"}), urls=st.just([]),
        trigger=st.just({}), frequency=st.sampled_from(FREQUENCIES), every_days=st.integers(1, 40),
        most_views=st.integers(1, 4), priority=st.just(50), starts=st.none() | st.floats(0, 20 * DAY),
        ends=st.none() | st.floats(10 * DAY, 60 * DAY), segment_id=st.none(),
    ), min_size=1, max_size=4, unique_by=lambda one: one.id,
)  # fmt: skip
# Minutes until the next thing, which guide it is about, and whether it is asked for, closed, or gone through.
lives = st.lists(st.tuples(st.integers(0, 4 * 24 * 60), st.integers(0, 3), st.sampled_from(["ask", "close", "end"])),
                 max_size=60)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(guides, lives, st.integers(0, 72), st.integers(0, 60))
def test_no_limit_is_ever_passed(chosen: list[Live], life: list[tuple[int, int, str]], hours: int, days: int) -> None:
    gaps, seen, shown, moment = Gaps(hours, days), {}, [], 0.0
    for minutes, which, what in life:
        moment += 60 * minutes
        guide = chosen[which % len(chosen)]
        been = seen.get(guide.id)
        if what != "ask":
            if been is not None and been.closed is None:
                name = "dismissed" if what == "close" else "completed"
                seen[guide.id] = msgspec.structs.replace(been, last=moment, **{name: moment})
        elif not refusal(guide, 1, True, seen, gaps, moment):
            if is_continued(been, moment):
                seen[guide.id] = msgspec.structs.replace(been, last=moment)
                continue
            _allowed(guide, been, seen, gaps, moment)
            shown.append((guide.id, moment))
            seen[guide.id] = Been(guide.kind, (been.views if been else 0) + 1, moment)
    for guide in chosen:
        times = [at for id, at in shown if id == guide.id]
        assert len(times) <= (1 if guide.frequency == "once" else guide.most_views)
        pause = guide.every_days * DAY if guide.frequency == "repeat" else VISIT
        assert all(later - earlier >= pause for earlier, later in zip(times, times[1:], strict=False))
        assert all((guide.starts or 0) <= at < (guide.ends or 1e12) for at in times)


def _allowed(guide: Live, been: Been | None, seen: dict[int, Been], gaps: Gaps, moment: float) -> None:
    """A new view, judged in other words than the rules have."""
    if guide.frequency != "repeat":
        assert been is None or been.closed is None, "closed for good"
    if guide.kind == "checklist":
        return
    for id, other in seen.items():
        if id != guide.id and other.kind != "checklist":
            assert moment - other.last >= gaps.hours * HOUR
            assert guide.kind != "survey" or other.kind != "survey" or moment - other.last >= gaps.survey_days * DAY


@given(guides, st.integers(0, 1_000_000))
def test_who_is_not_meant_is_always_refused(chosen: list[Live], person: int) -> None:
    for guide in chosen:
        assert refusal(guide, person, False, {}, Gaps(0, 0), 0.0) == "not_in_segment"
        trial = msgspec.structs.replace(guide, people=frozenset({person + 1}))
        assert refusal(trial, person, True, {}, Gaps(0, 0), 0.0) == "not_in_pilot"


beens = st.builds(Been, kind=st.sampled_from(KINDS), views=st.integers(1, 4), last=st.floats(0, 30 * DAY),
                  dismissed=st.none() | st.floats(0, 9 * DAY), completed=st.none() | st.floats(0, 9 * DAY))  # fmt: skip
audiences = st.lists(st.tuples(st.none() | st.integers(1, 3), st.none() | st.frozensets(st.integers(1, 3))), min_size=4,
                     max_size=4)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(guides, audiences, st.lists(beens, max_size=5), st.sets(st.integers(1, 3)), st.integers(0, 72),
       st.integers(0, 60), st.lists(st.floats(0, 70 * DAY), min_size=1, max_size=4))  # fmt: skip
def test_what_was_worked_out_says_the_same_as_asking_every_rule(
    chosen: list[Live], whom: list, seen_so_far: list[Been], segments: set[int], hours: int, days: int,
    moments: list[float],
) -> None:  # fmt: skip
    """For whoever asks, whenever, also after a guide has started or ended; one `seen` is of a guide that is gone."""
    chosen = [msgspec.structs.replace(one, segment_id=segment, people=people)
              for one, (segment, people) in zip(chosen, whom, strict=False)]  # fmt: skip
    ids = [one.id for one in chosen] + [10**9]
    seen, gaps = dict(zip(ids[::-1], seen_so_far, strict=False)), Gaps(hours, days)
    offers = offers_of(chosen, moments[0])
    for moment in moments:
        if not offers.since <= moment < offers.until:
            offers = offers_of(chosen, moment)
        expected = [
            place for place, one in enumerate(chosen)
            if not refusal(one, 2, one.segment_id is None or one.segment_id in segments, seen, gaps, moment)
        ]  # fmt: skip
        assert offers.places(2, sorted(segments), seen, gaps, moment) == expected
