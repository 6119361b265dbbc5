"""The decision and the claim: who gets what, who does not; wrong signatures, other people's ids, caps under races."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest

from core.clock import as_of, now
from core.database import rows, write
from customers import rules, segments
from customers.models import Notice, Task
from customers.touches import reserve_touch
from factories import a_person, an_account, staff
from guides import identity, product, rollout
from guides.jobs import tell_csm
from guides_parts import SITE, Page, a_product, a_user, an_author, live, token, written

NOT_MINE = "https://elsewhere.example"


async def test_a_decision_holds_what_is_eligible_and_nothing_else(web):
    await an_author()
    made, person = await a_product(), await a_user()
    seminar = await segments.save_list("説明会の参加者", [(await a_person()).id])
    banner, modal = await live(priority=10), await live("modal", "新しい画面", priority=90, urls=["/timesheets*"])
    await live("modal", "説明会のお礼", segment_id=seminar.id)
    await live(title="来年から", starts_at=now() + timedelta(days=30))
    over = await live(title="もう終わった", ends_at=now() + timedelta(days=1))
    await write("UPDATE guide SET ends_at = ? WHERE id = ?", now(), over.id)
    await written(title="まだ下書き")
    answer = await Page(web, made).post("session")
    assert answer.json()["guides"] == [
        [modal.key, modal.contents["ja"], ["/timesheets*"], {"on": "load"}, "once"],
        [banner.key, banner.contents["ja"], [], {"on": "load"}, "until_closed"],
    ]
    assert answer.headers["cache-control"] == "private, max-age=60" and answer.headers["vary"] == "Origin"
    assert answer.headers["access-control-allow-origin"] == SITE and "set-cookie" not in answer.headers
    assert person.email not in answer.text and "説明会" not in answer.text

    same = await Page(web, made).post("session", etag=answer.headers["etag"].strip('"'))
    assert (same.status_code, same.content) == (304, b"")
    await rollout.pause(modal)
    changed = await Page(web, made).post("session", etag=answer.headers["etag"].strip('"'))
    assert [one[0] for one in changed.json()["guides"]] == [banner.key]

    body = await web.get(f"/w/content/{banner.contents['ja']}", headers={"origin": SITE})
    assert body.json()["steps"] == [{"id": 1, "title": "締め日が近づいています"}]
    assert "immutable" in body.headers["cache-control"] and body.headers["access-control-allow-origin"] == "*"


async def test_the_shortcut_answers_as_the_route_does(web):
    """Entrance answers /w/session ahead of Litestar; both must say the same."""
    await an_author()
    made = await a_product()
    await a_user()
    await live()
    from core import entrance

    page = Page(web, made)
    quick = await page.post("session")
    kept = entrance.shortcuts.pop(("POST", "/w/session"))
    try:
        slow = await page.post("session")
    finally:
        entrance.shortcuts["POST", "/w/session"] = kept
    names = ("etag", "cache-control", "vary", "access-control-allow-origin", "content-type", "x-content-type-options")
    assert (quick.status_code, quick.content) == (slow.status_code, slow.content)
    assert [quick.headers[name] for name in names] == [slow.headers[name] for name in names]


async def test_who_is_not_signed_rightly_gets_nothing(web):
    await an_author()
    made = await a_product()
    await a_user()
    await live()
    secret = product.secrets_of(made)[0]
    good = token(made)
    head, body, signature = good.split(".")
    unsigned = identity._text(b'{"alg":"none"}')
    other = token(made, "u-2").split(".")[1]
    wrong = [
        "x", "a.b.c", good[:-2], f"{head}.{other}.{signature}", f"{unsigned}.{body}.", f"{unsigned}.{body}.{signature}",
        identity.sign("another secret", "u-1"), identity.sign(secret, "u-1", lasts=-1), "é.é.é", "." * 500,
        identity.sign(secret, "u-1", lasts=40 * 86_400), identity.sign(secret, ""), good + "a" * 2_000,
    ]  # fmt: skip
    for one in wrong:
        page = Page(web, made)
        page.token = one
        answer = await page.post("session")
        assert answer.status_code == 401, one
        assert "guides" not in answer.json()
    page = Page(web, made)
    page.token = ""
    assert (await page.post("session")).json()["guides"] == []
    assert (await page.post("views", guide="x", hash="y")).status_code == 401
    page.token = token(made, "nobody-we-know")
    assert (await page.post("session")).json()["guides"] == []
    assert (await page.post("views", guide="x", hash="y")).status_code == 404


async def test_a_rotated_secret_counts_until_it_is_dropped(web):
    await an_author()
    made = await a_product()
    await a_user()
    guide = await live()
    before = Page(web, made)
    await product.rotate_secret(made)
    after = Page(web, made)
    assert await before.offered() == await after.offered() == [guide.key]
    await product.drop_old_secret(made)
    assert (await before.post("session")).status_code == 401
    assert await after.offered() == [guide.key]
    stored = (await rows("SELECT secrets FROM guide_product"))[0][0]
    assert product.secrets_of(made)[0] not in stored


async def test_other_sites_unreadable_bodies_and_large_ones_are_refused(web):
    await an_author()
    made = await a_product()
    assert (await Page(web, made, origin=NOT_MINE).post("session")).status_code == 403
    for path in ("session", "views", "happenings", "misses"):
        for body, status in [(b"", 400), (b"{", 400), (b"[]", 400), (b"\xff\xfe", 400), (b'{"key": 7}', 400),
                             (b"[" * 4_000, 400), (b'{"key":"no such product"}', 404), (b'{"key":"\\u0000"}', 404),
                             (b'{"key":"' + b"x" * 9_000 + b'"}', 413)]:  # fmt: skip
            answer = await web.post(f"/w/{path}", content=body, headers={"origin": SITE})
            assert answer.status_code == status, (path, body[:20])
    big = await web.post("/w/session", content=b"x" * 1_100_000)
    assert big.status_code == 413
    assert (await web.get("/w/content/none")).status_code == 404
    assert (await web.get("/w/none/engawa.js")).status_code == 404


async def test_a_person_is_found_by_the_signed_address_once_and_keeps_the_products_name(web):
    await an_author()
    made, person = await a_product(), await a_person(email="hanako@tsukimi.example")
    guide = await live()
    page = Page(web, made)
    page.token = token(made, "u-77", email=" Hanako@Tsukimi.example ")
    assert await page.offered() == [guide.key]
    page.token = token(made, "u-77")
    assert await page.offered() == [guide.key]
    taken = await a_person(email="ichiro@tsukimi.example")
    page.token = token(made, "u-77", email="ichiro@tsukimi.example")
    view = await page.shown(guide)
    assert (await rows("SELECT person_id FROM guide_view WHERE key = ?", view))[0][0] == person.id != taken.id


async def test_a_view_lives_until_it_is_closed_and_the_server_remembers(web, run_jobs):
    await an_author()
    made, person = await a_product(), await a_user()
    once, banner = await live("modal", "一度だけ"), await live(title="閉じるまで")
    page = Page(web, made)
    view = await page.shown(once)
    assert await page.shown(once) == view, "the next page of the same visit goes on with it"
    assert (await page.claim(banner)).json()["reason"] == "gap"
    for _ in range(2):
        assert (await page.post("happenings", view=view, what="dismissed")).status_code == 204
    assert (await page.claim(once)).json()["reason"] == "dismissed"
    with as_of(now() + timedelta(hours=25)):
        assert await page.offered() == [banner.key]
        second = await page.shown(banner)
    with as_of(now() + timedelta(hours=50)):
        third = await page.shown(banner)
        assert third != second
        await page.post("happenings", view=third, what="completed")
        assert (await page.claim(banner)).json()["reason"] == "completed"
    told = [row[0] for row in await rows("SELECT kind FROM touchpoint WHERE person_id = ? ORDER BY id", person.id)]
    assert told == ["guide.shown", "guide.dismissed", "guide.shown", "guide.shown", "guide.completed"]
    assert (await rows("SELECT COUNT(*) FROM touch WHERE person_id = ?", person.id))[0][0] == 3


async def test_anothers_view_does_not_exist(web):
    await an_author()
    made = await a_product()
    await a_user("u-1")
    await a_user("u-2")
    guide = await live("survey", "おすすめしますか")
    mine, other = Page(web, made, "u-1"), Page(web, made, "u-2")
    view = await mine.shown(guide)
    for what in ("dismissed", "completed", "answered", "clicked", "step", "item"):
        assert (await other.post("happenings", view=view, what=what, score=0)).status_code == 404
    assert (await rows("SELECT COUNT(*) FROM guide_answer"))[0][0] == 0
    assert (await mine.post("happenings", view=view, what="erased")).status_code == 400
    assert (await mine.post("happenings", view=view, what="answered", score=11)).status_code == 422
    assert (await mine.post("happenings", view="no such view", what="dismissed")).status_code == 404
    assert (await rows("SELECT dismissed_at, completed_at FROM guide_view"))[0][:] in [(None, None), [None, None]]


async def test_caps_hold_when_many_tabs_claim_at_once(web):
    """Twelve tabs, six guides, one person: the barrier lets all claims go together; exactly one guide is shown."""
    await an_author()
    made, person = await a_product(), await a_user()
    segment = None
    guides = []
    for n in range(6):
        guides.append(await live(title=f"お知らせ{n}", **({"segment_id": segment} if segment else {})))
        segment = guides[0].segment_id
    page, barrier = Page(web, made), asyncio.Barrier(12)

    async def tab(n: int):
        await barrier.wait()
        return await page.claim(guides[n % 6])

    answers = await asyncio.gather(*(tab(n) for n in range(12)))
    granted = {one.json()["view"] for one in answers if one.status_code == 200}
    assert len(granted) == 1
    assert {one.json()["reason"] for one in answers if one.status_code == 409} == {"gap"}
    assert (await rows("SELECT COUNT(*) FROM guide_view WHERE person_id = ?", person.id))[0][0] == 1
    assert (await rows("SELECT COUNT(*) FROM touch WHERE person_id = ?", person.id))[0][0] == 1


async def test_the_budget_of_attention_counts_over_all_channels(web):
    await an_author()
    made, person = await a_product(gap_hours=0), await a_user()
    await rules.set_rule("attention", rules.AttentionRule(per_day=2, per_week=5, per_month=12))
    first, second = await live(title="一つ目"), await live(title="二つ目")
    assert await reserve_touch(person.id, "email", "campaign", "delivery:1")
    page, barrier = Page(web, made), asyncio.Barrier(2)

    async def tab(guide):
        await barrier.wait()
        return await page.claim(guide)

    answers = await asyncio.gather(tab(first), tab(second))
    assert sorted(one.status_code for one in answers) == [200, 409]
    assert [one.json()["reason"] for one in answers if one.status_code == 409] == ["budget"]
    refused = await rows("SELECT state, reason, about_kind FROM touch_hold WHERE person_id = ?", person.id)
    assert [tuple(row) for row in refused] == [("refused", "day", "guide")]


async def test_own_caps_and_a_survey_comes_again_only_after_its_days(web):
    await an_author()
    made = await a_product(gap_hours=0, survey_gap_days=90)
    await a_user()
    survey = await live("survey", "おすすめしますか", every_days=180)
    other = await live("survey", "もう一つの調査", every_days=30)
    banner = await live(title="二度まで", most_views=2)
    page = Page(web, made)
    await page.post("happenings", view=await page.shown(survey), what="answered", score=9)
    assert (await page.claim(other)).json()["reason"] == "survey_gap"
    assert (await page.claim(survey)).json()["reason"] == "wait"
    await page.shown(banner)
    for days, reasons in {3: (None, "survey_gap", "wait"), 100: ("most_views", None, "wait")}.items():
        with as_of(now() + timedelta(days=days)):
            for guide, reason in zip((banner, other, survey), reasons, strict=True):
                answer = await page.claim(guide)
                assert answer.json().get("reason") == reason, (days, guide.name)
    with as_of(now() + timedelta(days=191)):
        assert (await page.claim(survey)).status_code == 200


async def test_answers_land_on_the_timeline_and_a_detractor_tells_the_csm(web, run_jobs):
    await an_author()
    csm = await staff("csm")
    made, account = await a_product(), await an_account("つきみ商店", csm_id=csm.id)
    unhappy_person = await a_user("u-1", account=account)
    await a_user("u-2", account=account)
    guide = await live("survey", "おすすめしますか")
    unhappy, happy = Page(web, made, "u-1"), Page(web, made, "u-2")
    view = await unhappy.shown(guide)
    for comment in ("請求書が\x07見つからない", "二度目は数えない"):
        answered = {"view": view, "what": "answered", "score": 3, "comment": comment}
        assert (await unhappy.post("happenings", **answered)).status_code == 204
    await happy.post("happenings", view=await happy.shown(guide), what="answered", score=10)
    await run_jobs()
    found = await rows("SELECT data FROM touchpoint WHERE kind = 'guide.answered' ORDER BY id")
    told = [json.loads(row[0]) if isinstance(row[0], str) else row[0] for row in found]
    assert [(one["score"], one["comment"]) for one in told] == [(3, "請求書が見つからない"), (10, "")]
    notices = await rows("SELECT person_id, kind, url FROM notice")
    assert [(row[0], row[1]) for row in notices] == [(csm.id, "guide.detractor")]
    await tell_csm(answer_id=int((await rows("SELECT id FROM guide_answer WHERE score = 3"))[0][0]))  # it runs twice
    (task,) = await Task.all().select_related("person")
    assert (task.kind, task.account_id, task.owner_id, task.facts) == ("detractor", account.id, csm.id, {"score": 3})
    assert task.person_id == unhappy_person.id and await Notice.all().count() == 1


async def test_a_detractor_without_a_csm_is_nobodys_task_yet_and_one_without_a_company_is_none(web, run_jobs):
    await an_author()
    made, account = await a_product(), await an_account("つきみ商店")
    await a_user("u-1", account=account)
    await a_user("u-2")
    guide = await live("survey", "おすすめしますか")
    for user in ("u-1", "u-2"):
        page = Page(web, made, user)
        await page.post("happenings", view=await page.shown(guide), what="answered", score=0)
    await run_jobs()
    assert [(one.account_id, one.owner_id) for one in await Task.all()] == [(account.id, None)]


async def test_what_either_of_two_records_closed_stays_closed_when_they_turn_out_to_be_one(web, run_jobs):
    from customers import merging

    await an_author()
    made, kept, gone = await a_product(gap_hours=0), await a_user("u-1"), await a_user("u-2")
    both, one = await live(title="二人とも見た"), await live("modal", "一人だけ閉じた")
    first, second = Page(web, made, "u-1"), Page(web, made, "u-2")
    await first.shown(both)
    await second.post("happenings", view=await second.shown(both), what="dismissed")
    await second.post("happenings", view=await second.shown(one), what="dismissed")
    before = await standing()
    log = await merging.merge("person", kept.id, gone.id)
    await run_jobs()
    assert {row[:3] for row in await standing()} == {(kept.id, both.id, 2), (kept.id, one.id, 1)}
    assert [(await page.claim(guide)).json()["reason"] for page in (first, second) for guide in (both, one)] == [
        "dismissed"] * 4  # fmt: skip
    await merging.undo(log.id)
    await run_jobs()
    assert await standing() == before


async def standing() -> list[tuple]:
    found = await rows("SELECT person_id, guide_id, views, dismissed_at IS NULL FROM guide_seen ORDER BY 1, 2")
    return [(row[0], row[1], row[2], bool(row[3])) for row in found]


async def test_a_trial_shows_it_to_its_group_alone_and_content_that_changed_needs_another(web):
    await an_author()
    made, chosen = await a_product(), await a_user("u-1")
    await a_user("u-2")
    guide = await written()
    with pytest.raises(Exception, match=r"segment|セグメント"):
        await rollout.publish(guide)
    await rollout.start_pilot(guide, "月次会の3人", [chosen.id])
    mine, other = Page(web, made, "u-1"), Page(web, made, "u-2")
    assert (await mine.offered(), await other.offered()) == ([guide.key], [])
    assert (await other.claim(guide)).json()["reason"] == "not_in_pilot"
    await mine.shown(guide)
    assert (await rows("SELECT is_pilot FROM guide_view"))[0][0]
    await rollout.judge(guide, True, "3人とも気づいた")
    assert await mine.offered() == []

    from guides import writing
    from guides_parts import everybody

    segment = await everybody()
    await writing.change_audience(guide, writing.Audience(guide.name, segment_id=segment, trigger={"on": "load"},
                                                          frequency="until_closed"))  # fmt: skip
    assert await rollout.has_passed(guide), "whom it is for is not what was tried"
    await writing.keep_step(guide, 1, "ja", {"title": "別の言い方"}, selectors=[])
    with pytest.raises(Exception, match=r"few people|数人|少人数"):
        await rollout.publish(guide)


async def test_a_checklist_ticks_itself_from_what_the_product_tracked(web):
    from customers.events import track

    await an_author()
    made, person = await a_product(), await a_user()
    steps = [
        {},
        {"title": "従業員を招く", "event": "invited"},
        {"title": "勤務表を開く"},
        {"title": "締める", "event": "closed"},
    ]
    guide = await live("checklist", "はじめの3つ", steps=steps)
    await track("invited", person_id=person.id)
    page = Page(web, made)
    answer = (await page.claim(guide)).json()
    assert answer["items"] == [2]
    await page.post("happenings", view=answer["view"], what="item", item=3)
    await page.post("happenings", view=answer["view"], what="item", item=99)
    assert (await page.claim(guide)).json()["items"] == [2, 3]


async def test_a_miss_is_counted_by_day_and_the_search_is_public_help(web):
    await an_author()
    made = await a_product()
    await a_user()
    guide = await live("tooltip", "ここから", steps=[{"selectors": ["[data-tour=x]"]}])
    page = Page(web, made)
    for _ in range(3):
        assert (await page.post("misses", guide=guide.key, step=1)).status_code == 204
    assert (await rows("SELECT step, count FROM guide_miss"))[0][:] in [(1, 3), [1, 3]]
    found = await web.get("/w/search", params={"key": made.key, "q": "パスワード"}, headers={"origin": SITE})
    assert found.json() == [] and found.headers["access-control-allow-origin"] == SITE
    assert (await web.get("/w/search", params={"key": "x", "q": "a"}, headers={"origin": SITE})).status_code == 404


async def test_a_script_that_was_served_once_is_served_for_ever(web):
    from guides import script

    today = script.current()
    first = await web.get(f"/w/{today.hash}/engawa.js", headers={"accept-encoding": "identity"})
    assert first.content == today.body and "immutable" in first.headers["cache-control"]
    assert first.headers["access-control-allow-origin"] == "*"
    old = script.embedded_of('(() => { "an older one" })();')
    await write(
        "INSERT INTO guide_script (hash, body, created_at) VALUES (?, ?, ?)", old.hash, old.body.decode(), now()
    )
    assert (await web.get(f"/w/{old.hash}/engawa.js")).content == old.body
    zipped = await web.get(f"/w/{today.hash}/engawa.js", headers={"accept-encoding": "gzip"})
    assert zipped.headers["content-encoding"] == "gzip" and zipped.content == today.body
    assert len(today.zipped) <= 8_192
