"""Why somebody is, or is not, shown a guide: what the trace says is what the claim does."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.clock import as_of, now
from core.database import write
from customers import rules
from customers.touches import reserve_touch
from guides import rollout, why
from guides.models import Guide
from guides_parts import Page, a_product, a_user, an_author, live, written

WIDE = rules.AttentionRule(per_day=20, per_week=20, per_month=20)


async def a_page(web, **product):
    await an_author()
    made = await a_product(**({"gap_hours": 0, "survey_gap_days": 0} | product))
    return await a_user(), Page(web, made)


async def agree(page: Page, guide, person, *, shown: bool) -> list[why.Line]:
    """The trace's answer, then the claim's; its lines."""
    trace = await why.trace(guide, person)
    answer = await page.claim(guide)
    assert trace.shown is shown, trace.lines
    assert answer.status_code == (200 if shown else 409), answer.text
    return trace.lines


async def test_the_limits_of_the_product_are_told_beside_those_over_all_channels(web):
    person, page = await a_page(web)
    await rules.set_rule("attention", WIDE)
    await rules.set_rule("channels", rules.ChannelRule(in_app_day=1, in_app_week=2, email_day=1))
    first, second, third = [await live(title=f"案内{n}") for n in range(3)]
    assert await reserve_touch(person.id, "email", "campaign", "delivery:1")
    lines = await agree(page, first, person, shown=True)
    assert [one.title for one in lines[-2:]] == ["接触の上限に余裕があります", "製品内の上限まで、まだ余裕があります"]
    assert lines[-2].text == "24時間で 1 / 20回、7日で 1 / 20回、30日で 1 / 20回", "mail counts over all channels"
    assert lines[-1].text == "24時間で 0 / 1回、7日で 0 / 2回", "and not in the product"
    lines = await agree(page, second, person, shown=False)
    assert (lines[-2].holds, lines[-1].holds, lines[-1].text) == (True, False, "24時間で 1 / 1回、7日で 1 / 2回")
    with as_of(now() + timedelta(hours=25)):
        await agree(page, second, person, shown=True)
    with as_of(now() + timedelta(hours=50)):
        lines = await agree(page, third, person, shown=False)
        assert "7日" in lines[-1].title and lines[-1].text == "24時間で 0 / 1回、7日で 2 / 2回"
    with as_of(now() + timedelta(days=9)):
        await agree(page, third, person, shown=True)


async def test_what_is_open_or_a_checklist_that_was_shown_asks_no_limit(web):
    person, page = await a_page(web)
    await rules.set_rule("attention", rules.AttentionRule(per_day=1, per_week=1, per_month=1))
    checklist = await live("checklist", "はじめの一つ", steps=[{}, {"title": "開く"}], frequency="until_closed")
    banner = await live(frequency="until_closed")
    await agree(page, checklist, person, shown=True)
    lines = await agree(page, banner, person, shown=False)
    assert lines[-1].text == "24時間で 1 / 1回、7日で 1 / 1回、30日で 1 / 1回"
    await agree(page, checklist, person, shown=True)
    with as_of(now() + timedelta(hours=2)):
        lines = await agree(page, checklist, person, shown=True)
        assert lines[-1].title == "すでに出ているので、接触の回数に数えません"


@pytest.mark.parametrize("kind", ["guide", "survey"])
async def test_room_that_is_kept_for_a_newsletter_is_not_a_guides(web, kind):
    person, page = await a_page(web)
    await rules.set_rule("attention", rules.AttentionRule(per_day=1, per_week=5, per_month=5))
    guide = await live("survey" if kind == "survey" else "banner")
    await write("INSERT INTO touch_hold (key, person_id, channel, kind, priority, state, reason, about_kind, about_id,"
                " times, held_at, changed_at, release_at, worth_until) VALUES ('delivery:9', ?, 'email', 'campaign', 2,"
                " 'held', 'quiet', 'campaign', 1, 1, ?, ?, ?, ?)", person.id, now(), now(), now() + timedelta(hours=2),
                now() + timedelta(hours=40))  # fmt: skip
    lines = await agree(page, guide, person, shown=False)
    assert "もっと大事なもの" in lines[-1].text


async def test_a_colleague_is_never_held_back(web):
    person, page = await a_page(web)
    await rules.set_rule("attention", rules.AttentionRule(per_day=0, per_week=0, per_month=0))
    out, guide = await live(), await written(title="試すもの")
    await write("UPDATE person SET kind = 'staff' WHERE id = ?", person.id)
    await rollout.start_pilot(guide, "社内", [person.id])
    lines = await agree(page, out, person, shown=False)
    assert "セグメントは顧客だけ" in lines[2].text
    lines = await agree(page, await Guide.get(id=guide.id), person, shown=True)
    assert lines[-1].title == "社内の人は、回数の上限で止まりません"
