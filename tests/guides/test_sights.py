"""A guide whose place is missing pauses itself, says why, and goes on when somebody has seen to it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.clock import as_of, now
from core.database import rows, write
from factories import staff
from guides import sights
from guides.models import Guide
from guides_parts import Page, a_product, a_user, an_author, live

STEPS = [{"selectors": ["[data-tour=pending]"]}, {"title": "締める", "selectors": ["text=締める"]}]
HALF_AN_HOUR = timedelta(minutes=30)


async def a_tour(web, people: int = 4, **product):
    """A tour that is live, and the browsers of so many people."""
    await an_author()
    made = await a_product(**product)
    for n in range(people):
        await a_user(f"u-{n}")
    guide = await live("tooltip", "締めの手順", steps=STEPS)
    return guide, [Page(web, made, f"u-{n}") for n in range(people)]


async def looked(page: Page, guide: Guide, what: str, path: str = "/timesheets/2026-11", step: int = 1) -> None:
    """What the script tells when it found the place, or did not."""
    if what == "missing":
        answer = await page.post("misses", guide=guide.key, step=step, page=path)
        assert answer.status_code == 204
        return
    answer = await page.post("views", guide=guide.key, hash=guide.contents["ja"], step=step, page=path)
    assert answer.status_code in (200, 409), answer.text


async def visits(pages: list[Page], guide: Guide, count: int, what: str, **more) -> None:
    """Half an hour after the other, by one person after the other."""
    for n in range(count):
        with as_of(now() - HALF_AN_HOUR * n):
            await looked(pages[n % len(pages)], guide, what, **more)


async def state(guide: Guide) -> str:
    return str((await rows("SELECT state FROM guide WHERE id = ?", guide.id))[0][0])


async def test_a_guide_whose_place_is_gone_pauses_itself_and_goes_on_after_the_repair(web, sign_in, run_jobs):
    guide, pages = await a_tour(web)
    await visits(pages, guide, 19, "missing")
    await run_jobs()
    assert await state(guide) == "live", "nineteen visits are not enough"
    with as_of(now() - HALF_AN_HOUR * 19):
        await looked(pages[3], guide, "missing", path="/home")
    await run_jobs()
    assert await state(guide) == "paused"
    assert await pages[0].offered() == []
    assert (await pages[0].claim(guide)).json()["reason"] == "not_live"

    author = (await Guide.get(id=guide.id)).created_by_id
    told = await rows("SELECT person_id, kind, url FROM notice")
    assert [tuple(row) for row in told] == [(author, "guide.broken", f"/staff/guides/{guide.id}/publication")]
    entry = (await rows("SELECT actor_name, after FROM audit_entry WHERE action = 'guide.broken'"))[0]
    assert entry[0] != "白石 ひより" and '"missing"' in str(entry[1]).replace("'", '"')

    from customers.models import Person

    await sign_in(await Person.get(id=author))
    page = await web.get(f"/staff/guides/{guide.id}/publication")
    assert "訪問20回のうち20回で、手順1の場所" in page.text and "/timesheets/* /home" in page.text
    assert "訪問20回のうち20回で、手順1の場所" in (await web.get(f"/staff/guides/{guide.id}/report")).text
    assert (await web.submit(f"/staff/guides/{guide.id}/publication")).status_code == 303
    assert await state(guide) == "live" and await pages[0].offered() == [guide.key]
    await looked(pages[1], guide, "missing")
    await run_jobs()
    assert await state(guide) == "live", "what was before the repair counts no more"
    assert "自動で一時停止しました" not in (await web.get(f"/staff/guides/{guide.id}/report")).text


@pytest.mark.parametrize("author", ["erased", "left", "another role"])
async def test_where_the_author_is_gone_whoever_writes_guides_is_told(web, sign_in, run_jobs, author):
    guide, pages = await a_tour(web)
    one, other = await staff("csm", "青井", "ふみ"), await staff("admin", "赤木", "じん")
    agent = await staff("agent", "黒田", "かい")
    was = (await Guide.get(id=guide.id)).created_by_id
    if author == "erased":
        await write("UPDATE guide SET created_by_id = NULL WHERE id = ?", guide.id)
    elif author == "left":
        await write("UPDATE person SET state = 'suspended' WHERE id = ?", was)
    else:
        await write("UPDATE role_assignment SET role_id = (SELECT id FROM role WHERE slug = 'agent')"
                    " WHERE person_id = ?", was)  # fmt: skip
    await visits(pages, guide, 20, "missing")
    await run_jobs()
    assert await state(guide) == "paused"
    told = {row[0] for row in await rows("SELECT person_id FROM notice WHERE kind = 'guide.broken'")}
    assert told - {was} == {one.id, other.id} and agent.id not in told
    assert author == "erased" or was not in told

    await sign_in(one)
    for part in ("content", "audience", "pilot", "publication", "report"):
        page = (await web.get(f"/staff/guides/{guide.id}/{part}")).text
        assert "訪問20回のうち20回で、手順1の場所" in page, part
        assert "作成者がガイドを担当していない" in page and "場所が戻ったので再開する" in page, part
    await run_jobs()
    assert len(await rows("SELECT 1 FROM notice WHERE kind = 'guide.broken'")) == len(told)


async def test_a_later_step_that_is_gone_counts_as_well(web, run_jobs):
    guide, pages = await a_tour(web, gap_hours=0)
    await visits(pages, guide, 20, "found")
    await visits(pages, guide, 20, "missing", step=2)
    await run_jobs()
    broken = (await Guide.get(id=guide.id)).broken
    assert (broken["step"], broken["missing"], broken["visits"]) == (2, 20, 20)


@pytest.mark.parametrize("case", ["mostly found", "found on another page", "one person", "long ago", "never", "twice"])
async def test_what_does_not_pause_a_guide(web, run_jobs, case):
    product = {"never": {"miss_visits": 0}}.get(case, {})
    guide, pages = await a_tour(web, **product)
    if case == "mostly found":  # 19 of 39
        with as_of(now() - timedelta(minutes=2)):
            await visits(pages, guide, 20, "found")
        await visits(pages[::-1], guide, 19, "missing")
    elif case == "found on another page":
        await visits(pages, guide, 24, "missing", path="/home")
        await visits(pages, guide, 24, "found")
    elif case == "one person":
        await visits(pages[:2], guide, 44, "missing")
    elif case == "long ago":
        with as_of(now() - timedelta(hours=25)):
            await visits(pages, guide, 19, "missing")
        await looked(pages[0], guide, "missing")
    elif case == "never":
        await visits(pages, guide, 30, "missing")
    else:  # reloaded within one visit
        for _ in range(5):
            for page in pages:
                await looked(page, guide, "missing")
    await run_jobs()
    assert await state(guide) == "live", case


async def test_a_trial_is_not_paused_and_old_sights_go(web, run_jobs):
    from guides import rollout
    from guides.jobs import forget_sights
    from guides_parts import written

    await an_author()
    made = await a_product()
    people = [await a_user(f"u-{n}") for n in range(4)]
    guide = await written("tooltip", "試し", steps=STEPS)
    await rollout.start_pilot(guide, "4人", [one.id for one in people])
    await visits([Page(web, made, f"u-{n}") for n in range(4)], guide, 24, "missing")
    await run_jobs()
    assert await state(guide) == "pilot"
    with as_of(now() + timedelta(days=3)):
        await forget_sights()
    assert (await rows("SELECT COUNT(*) FROM guide_sight"))[0][0] == 0


def test_a_page_is_kept_without_what_names_a_person_or_a_thing():
    assert sights.page_of("/timesheets/2026-11?who=1") == "/timesheets/*"
    assert sights.page_of("/people/hanako@example.jp/edit") == "/people/*/edit"
    assert sights.page_of("/%E5%8B%A4%E6%80%A0/" + "x" * 50) == "/*/*"
    assert sights.page_of("") == "" and sights.page_of("/") == "/"
    assert len(sights.page_of("/a" * 3_000)) == 200
