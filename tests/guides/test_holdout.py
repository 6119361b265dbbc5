"""Some of those who would see a guide never do: held back for good, counted from the same moment, and compared."""

from __future__ import annotations

import random
import re
from datetime import timedelta

import pytest

from core.clock import as_of, now
from core.database import rows, write
from core.errors import Refused
from customers.models import ProductEvent
from factories import a_person, staff
from guides import rollout, uplift, why, writing
from guides.deciding import Live
from guides.models import Guide
from guides.uplift import Group, bounds
from guides_parts import Page, a_product, a_user, an_author, live, written

GOAL = "timesheet_closed"


def plain(key: str, holdout: int, people: frozenset[int] | None = None) -> Live:
    return Live(1, key, "modal", "live", "ja", "r", {}, [], {}, "once", 30, 3, 50, None, None, 1, people, holdout)


def test_who_is_held_out_is_chance_and_stays_so():
    ten, twenty, other = plain("a", 10), plain("a", 20), plain("b", 10)
    held = {one for one in range(10_000) if ten.is_held_out(one)}
    assert 900 < len(held) < 1100
    assert held == {one for one in range(10_000) if plain("a", 10).is_held_out(one)}
    assert held < {one for one in range(10_000) if twenty.is_held_out(one)}
    both = held & {one for one in range(10_000) if other.is_held_out(one)}
    assert 60 < len(both) < 140, "of two guides the shares have nothing to do with each other"
    assert not any(plain("a", 0).is_held_out(one) for one in range(1000))
    assert not any(plain("a", 50, frozenset({1, 2})).is_held_out(one) for one in (1, 2)), "a trial shows it to all"


async def a_crowd(made, web, guide: Guide, size: int) -> tuple[list[tuple[int, Page]], list[tuple[int, Page]]]:
    """(those who may see it, those held out), with what their browsers ask."""
    found = await uplift_live(guide)
    seeing, held = [], []
    for n in range(size):
        person = await a_user(f"h-{guide.id}-{n}")
        (held if found.is_held_out(person.id) else seeing).append((person.id, Page(web, made, f"h-{guide.id}-{n}")))
    assert seeing and held
    return seeing, held


async def uplift_live(guide: Guide) -> Live:
    from guides import published

    found = await published.one(guide.key, guide.brand)
    assert found is not None
    return found


async def did(person_id: int, after: timedelta, name: str = GOAL) -> None:
    await ProductEvent.create(message_id=f"{person_id}-{after}-{name}", name=name, person_id=person_id,
                              at=now() + after, received_at=now() + after)  # fmt: skip


async def test_who_is_held_out_sees_nothing_and_waits_for_nothing(web):
    author = await an_author()
    made = await a_product()
    guide = await live("modal", goal=GOAL, holdout=50)
    other = await live("banner", "別のお知らせ", priority=1)
    seeing, held = await a_crowd(made, web, guide, 12)
    person, page = held[0]
    assert guide.key in await page.offered(), "so that it is noted when it would have been shown"
    refused = await page.claim(guide)
    assert refused.status_code == 409 and "view" not in refused.json()
    assert await page.offered() == [other.key], "from then on it is not even offered, and no pause follows from it"
    assert (await page.claim(guide)).status_code == 409
    assert (await page.claim(other)).status_code == 200
    kept = await rows(
        "SELECT views, held_out_at FROM guide_seen WHERE person_id = ? AND guide_id = ?", person, guide.id
    )
    assert kept[0][0] == 0 and kept[0][1] is not None
    assert (await rows("SELECT COUNT(*) FROM guide_view WHERE person_id = ? AND guide_id = ?", person, guide.id))[0][
        0
    ] == 0
    assert (await rows("SELECT COUNT(*) FROM touchpoint WHERE person_id = ? AND kind = 'guide.shown'", person))[0][
        0
    ] == 1
    from customers.models import Person

    for one in (held[0][0], held[1][0]):
        told = await why.trace(guide, await Person.get(id=one))
        assert not told.shown and any("比べるために" in line.title for line in told.lines), told
    assert (await seeing[0][1].claim(guide)).status_code == 200
    assert (await why.trace(guide, await Person.get(id=seeing[1][0]))).shown
    assert author


async def test_whoever_has_seen_it_goes_on_seeing_it(web):
    """A share that is set later holds back who comes later; what was before is not compared."""
    await an_author()
    made = await a_product()
    guide = await live("banner", goal=GOAL)
    pages = [(await a_user(f"u-{n}"), Page(web, made, f"u-{n}")) for n in range(8)]
    for _person, page in pages:
        await page.shown(guide)
    with as_of(now() + timedelta(hours=2)):
        await rollout.pause(guide)
        audience = writing.Audience(guide.name, guide.segment_id, trigger={"on": "load"}, frequency="until_closed",
                                    most_views=9, goal=GOAL, holdout=50)  # fmt: skip
        await writing.change_audience(guide, audience)
        await rollout.publish(guide)
        for _person, page in pages:
            assert (await page.claim(guide)).status_code == 200
    with as_of(now() + timedelta(days=40)):
        found = await uplift.effect(await Guide.get(id=guide.id))
        assert found is not None and [one.people for one in found.groups] == [0, 0]


async def test_the_report_compares_both_from_the_same_moment(web, sign_in):
    await an_author()
    made = await a_product()
    guide = await live("banner", goal=GOAL, holdout=50, goal_days=3)
    seeing, held = await a_crowd(made, web, guide, 14)
    for _person, page in [*seeing, *held]:
        await page.claim(guide)
    for person, _page in seeing[1:]:
        await did(person, timedelta(hours=1))
        await did(person, timedelta(hours=2))
    await did(seeing[0][0], timedelta(days=3, hours=1))  # too late
    await did(seeing[0][0], timedelta(days=-1))  # before
    await did(held[0][0], timedelta(hours=1))
    await did(held[1][0], timedelta(hours=1), "something_else")
    early = await uplift.effect(guide)
    assert early is not None and early.waiting == 14 and [one.people for one in early.groups] == [0, 0]
    with as_of(now() + timedelta(days=3, minutes=1)):
        found = await uplift.effect(guide)
        assert found is not None
        assert [(one.people, one.reached) for one in found.groups] == [(len(seeing), len(seeing) - 1), (len(held), 1)]
        assert "20" in found.sentence, "too few yet"
        await sign_in(await staff("csm"))
        told = (await web.get(f"/staff/guides/{guide.id}/report")).text
        assert "この案内の効き目" in told and GOAL in told and "見るはずだった人" in told


async def test_a_share_is_set_on_the_page_and_only_with_a_goal(web, sign_in):
    author = await staff("csm")
    await an_author()
    guide, survey = await written("modal"), await written("survey")
    await sign_in(author)
    base = f"/staff/guides/{guide.id}/audience"
    chosen = {"name": "手順", "on": "load", "after": 0, "frequency": "once", "every_days": 30, "most_views": 3,
              "priority": 50, "goal_days": 7}  # fmt: skip
    assert (await web.submit(base, chosen | {"holdout": 10})).status_code == 422
    assert (await web.submit(base, chosen | {"holdout": 51, "goal": GOAL})).status_code == 422
    assert (await web.submit(base, chosen | {"holdout": 10, "goal": f" {GOAL} "})).status_code == 303
    guide = await Guide.get(id=guide.id)
    assert (guide.goal, guide.goal_days, guide.holdout) == (GOAL, 7, 10)
    first = guide.held_since
    assert (await web.submit(base, chosen | {"holdout": 10, "goal": GOAL, "name": "別"})).status_code == 303
    assert (await Guide.get(id=guide.id)).held_since == first is not None
    page = (await web.get(base)).text
    assert re.search(r'name="holdout"[^>]*value="10"|value="10"[^>]*name="holdout"', page)
    assert "holdout" not in (await web.get(f"/staff/guides/{survey.id}/audience")).text
    with pytest.raises(Refused):
        await writing.change_audience(survey, writing.Audience("s", trigger={"on": "load"}, goal=GOAL, holdout=5))


async def test_a_guide_without_a_goal_or_share_says_so(web):
    await an_author()
    assert await uplift.effect(await live("modal")) is None
    found = await uplift.effect(await live("modal", goal=GOAL))
    assert found is not None and len(found.groups) == 1 and "だれにも分かりません" in found.sentence


def drawn(dice: random.Random, shares: tuple[float, float], most: int, holdout: float) -> list[tuple[float, float]]:
    """The bounds as somebody sees them who looks after every twenty people."""
    counts = [[0, 0], [0, 0]]
    looked = []
    for n in range(1, most + 1):
        group = 1 if dice.random() < holdout else 0
        counts[group][0] += 1
        counts[group][1] += dice.random() < shares[group]
        if n % 20 == 0 and min(counts[0][0], counts[1][0]) >= uplift.ENOUGH:
            looked.append(bounds(Group("", *counts[0]), Group("", *counts[1])))
    return looked


def test_looking_every_day_finds_no_difference_where_there_is_none():
    dice = random.Random(7)
    wrong = sum(any(low > 0 or high < 0 for low, high in drawn(dice, (0.2, 0.2), 2000, 0.2)) for _ in range(200))
    assert wrong <= 16, "one of twenty is allowed, and some for chance"


def test_a_difference_is_found_before_long_and_lies_between_the_bounds():
    dice = random.Random(8)
    found = inside = 0
    for _ in range(60):
        looked = drawn(dice, (0.45, 0.25), 2000, 0.3)
        found += looked[-1][0] > 0
        inside += all(low <= 0.2 <= high for low, high in looked)
    assert found >= 57 and inside >= 55
    assert bounds(Group("", 20, 20), Group("", 20, 0))[0] > 0
    assert bounds(Group("", 1000, 0), Group("", 1000, 0))[0] < 0 < bounds(Group("", 1000, 0), Group("", 1000, 0))[1]


async def test_two_records_of_one_person_are_counted_once(web):
    await an_author()
    made = await a_product()
    guide = await live("banner", goal=GOAL, holdout=50)
    seeing, held = await a_crowd(made, web, guide, 12)
    for _person, page in (seeing[0], held[0]):
        await page.claim(guide)
    from guides.recounting import recount

    await write("UPDATE guide_seen SET held_out_at = ? WHERE person_id = ?", now(), seeing[0][0])
    await recount([seeing[0][0]])
    with as_of(now() + timedelta(days=15)):
        found = await uplift.effect(guide)
        assert found is not None and [one.people for one in found.groups] == [0, 1]
    assert await a_person()
