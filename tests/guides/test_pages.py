"""A CSM writes a guide, tries it, shows it, and reads what it did: over HTTP, as a browser without JavaScript would."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from core.clock import as_of, now
from core.database import rows
from factories import a_person, an_account, staff
from guides import linting, script, surveys, why, writing
from guides.contents import is_stale, words_of
from guides.models import Guide
from guides_parts import SITE, Page, a_product, a_user, an_author, live, written


async def test_from_the_first_word_to_the_report(web, sign_in, run_jobs):
    await an_author()
    made = await a_product()
    from customers import segments

    author = await staff("csm")
    account = await an_account("つきみ商店", csm_id=author.id)
    reader = await a_user("u-1", family_name="堀川", given_name="ゆい", account=account, email="yui@tsukimi.example")
    segment = await segments.save("締めを迎える管理者", {"all": []})
    await sign_in(author)

    answer = await web.submit("/staff/guides/new", {"name": "締めの手順", "kind": "tooltip", "locale": "ja"})
    assert answer.status_code == 303
    guide = await Guide.get()
    base = f"/staff/guides/{guide.id}"
    assert (await web.submit(f"{base}/content?step=1", {"title": ""})).status_code == 422
    refused = await web.submit(f"{base}/content?step=1", {"title": "x", "link": "javascript:alert(1)"})
    assert refused.status_code == 422 and "https://" in refused.text
    saved = await web.submit(f"{base}/content?step=1&lang=ja", {
        "title": "未承認の申請を確かめる", "text": "残っている申請があると締められません。",
        "selectors": "[data-tour=pending]\n.css-1x2y3z", "placement": "bottom"})  # fmt: skip
    assert saved.status_code == 303
    late = await web.submit(f"{base}/content?step=1", {"title": "別の人の古いページから", "version": 1})
    assert late.status_code == 409 and "読み込み直して" in late.text
    page = await web.get(f"{base}/content")
    assert "css-1x2y3z" in page.text and "ビルドのたびに" in page.text, "the linter speaks"
    assert (await web.submit(f"{base}/steps")).status_code == 303
    guide = await Guide.get()
    assert [one["id"] for one in guide.steps] == [1, 2]
    assert (await web.submit(f"{base}/steps/2", {"_method": "DELETE"})).status_code == 303

    preview = await web.get(f"{base}/preview?lang=ja")
    assert "frame-ancestors 'self'" in preview.headers["content-security-policy"]
    assert f"/w/{script.current().hash}/engawa.js" in preview.text
    body = (await web.get(f"{base}/preview/content?lang=ja")).json()
    assert body["steps"][0]["title"] == "未承認の申請を確かめる" and body["steps"][0]["selectors"] == [
        "[data-sample='0']"
    ]

    early = await web.submit(f"{base}/publication")
    assert early.status_code == 422
    chosen = {"name": "締めの手順", "segment_id": segment.id, "urls": "/timesheets*", "on": "load", "after": 0,
              "frequency": "once", "every_days": 30, "most_views": 3, "priority": 50}  # fmt: skip
    assert (await web.submit(f"{base}/audience", chosen | {"on": "event"})).status_code == 422
    assert (await web.submit(f"{base}/audience", chosen | {"urls": "timesheets"})).status_code == 422
    assert (await web.submit(f"{base}/audience", chosen)).status_code == 303
    assert (await web.submit(f"{base}/publication")).status_code == 422, "a trial first"

    trial = {"group_name": "月次会", "addresses": "yui@tsukimi.example"}
    assert (await web.submit(f"{base}/pilot", trial | {"addresses": "who@nowhere.example"})).status_code == 422
    assert (await web.submit(f"{base}/pilot", trial)).status_code == 303
    assert (await web.submit(f"{base}/content?step=1", {"title": "別"})).status_code == 409, "it is being looked at"
    product_page = Page(web, made)
    assert await product_page.offered() == [guide.key]
    assert (await web.submit(f"{base}/verdict", {"passed": "yes", "note": "気づいてすぐ直せた"})).status_code == 303
    assert "この内容はまだ" not in (await web.get(f"{base}/publication")).text
    assert (await web.submit(f"{base}/publication")).status_code == 303
    guide = await Guide.get()
    assert guide.state == "live"

    view = await product_page.shown(guide)
    await product_page.post("happenings", view=view, what="clicked")
    await product_page.post("happenings", view=view, what="completed")
    await product_page.post("misses", guide=guide.key, step=1)
    report = (await web.get(f"{base}/report")).text
    assert (
        "堀川 ゆい" in report and "つきみ商店" in report and "終わりまで進んだ人" in report and "1回、場所が" in report
    )
    assert "堀川 ゆい" in (await web.get(f"{base}/report?format=csv")).text
    told = (await web.get(f"{base}/why?q=堀川&address=/settings")).text
    assert "いまは出ません" in told and "終わりまで進みました" in told and "画面のアドレスが合いません" in told
    assert "「締めの手順」を終えました" in (await web.get(f"/staff/customers/people/{reader.id}")).text

    other = await sign_in(await staff("csm", "高橋", "一郎"), web.another())
    hidden = (await other.get(f"{base}/report")).text
    assert "堀川" not in hidden, "another CSM's customers are theirs"
    assert "堀川" not in (await other.get(f"{base}/why?q=堀川")).text.replace('value="堀川"', "")
    for path, state in ((f"{base}/publication", "paused"), (f"{base}/end", "ended")):
        form = {"_method": "DELETE"} if state == "paused" else {}
        assert (await web.submit(path, form)).status_code == 303
        assert (await Guide.get()).state == state
    assert await product_page.offered() == []
    kinds = [row[0] for row in await rows("SELECT action FROM audit_entry WHERE target_kind = 'guide' ORDER BY id")]
    assert [one for one in kinds if one not in ("guide.write", "guide.audience")] == [
        "guide.open", "guide.pilot", "pilot.start", "pilot.passed", "guide.draft", "guide.live", "guide.paused",
        "guide.ended"]  # fmt: skip


async def test_the_settings_show_the_snippet_and_keep_the_secret(web, sign_in):
    await sign_in(await staff("admin"))
    page = await web.get("/staff/settings/guides")
    today = script.current()
    assert today.integrity in page.text and f"/w/{today.hash}/engawa.js" in page.text
    for wrong in ("http://app.example.com", "https://app.example.com/path", "app.example.com", "https://[", "ftp://x"):
        answer = await web.submit("/staff/settings/guides", {"origins": wrong, "gap_hours": 24, "survey_gap_days": 90})
        assert answer.status_code == 422, wrong
    good = {"origins": f"{SITE}\nHTTPS://B.example:443/\nhttp://localhost:3000", "gap_hours": 4, "survey_gap_days": 30}
    assert (await web.submit("/staff/settings/guides", good)).status_code == 303
    kept = (await rows("SELECT origins, secrets, gap_hours FROM guide_product"))[0]
    origins = json.loads(kept[0]) if isinstance(kept[0], str) else kept[0]
    assert origins == [SITE, "https://b.example", "http://localhost:3000"] and kept[2] == 4
    assert (await web.submit("/staff/settings/guides/secret")).status_code == 303
    assert (await rows("SELECT secrets FROM guide_product"))[0][0] != kept[1]
    await sign_in(await staff("csm"))
    assert (await web.get("/staff/settings/guides")).status_code == 403


async def test_a_translation_falls_back_and_goes_stale(web):
    await an_author()
    guide = await written("modal", "新しい画面")
    assert words_of(guide, "en")["1"]["title"] == "新しい画面", "without a translation, the original"
    await writing.keep_step(guide, 1, "en", {"title": "A new screen"}, selectors=[])
    assert words_of(guide, "en")["1"] == {"title": "A new screen"} and not is_stale(guide, "en")
    await writing.keep_step(guide, 1, "ja", {"title": "もっと新しい画面"}, selectors=[])
    assert is_stale(guide, "en") and any("English" in one.text and one.tone == "warn" for one in linting.remarks(guide))
    await writing.keep_step(guide, 1, "en", {"title": "An even newer screen"}, selectors=[])
    assert not is_stale(guide, "en")

    made = await a_product()
    await a_user("u-en", locale="en")
    await a_user("u-ja", locale="ja")
    both = await live("modal", "両方")
    assert (await Page(web, made, "u-en").post("session")).json()["guides"][0][1] == both.contents["ja"]
    translated = await translated_live()
    bodies = {}
    for sub, lang in (("u-en", ""), ("u-ja", ""), ("u-ja", "en-GB"), ("u-ja", "xx")):
        offered = (await Page(web, made, sub).post("session", lang=lang)).json()["guides"]
        name = next(one[1] for one in offered if one[0] == translated.key)
        bodies[sub, lang] = (await web.get(f"/w/content/{name}")).json()["steps"][0]["title"]
    assert bodies == {
        ("u-en", ""): "Hello",
        ("u-ja", ""): "こんにちは",
        ("u-ja", "en-GB"): "Hello",
        ("u-ja", "xx"): "こんにちは",
    }


async def translated_live() -> Guide:
    from guides import rollout
    from guides_parts import everybody

    guide = await written("banner", "こんにちは", segment_id=await everybody())
    await writing.keep_step(guide, 1, "en", {"title": "Hello"}, selectors=[])
    await rollout.start_pilot(guide, "社内", [(await a_person()).id])
    await rollout.judge(guide, True, "良い")
    await rollout.publish(guide)
    return guide


async def test_why_says_the_same_as_the_claim(house, web):
    """Whatever a claim answers, the trace says; asked for one person through a life of a guide."""
    await an_author()
    made, person = await a_product(), await a_user()
    banner, other = await live("banner", "お知らせ", frequency="once"), await live("modal", "別のお知らせ")
    page = Page(web, made)

    async def agree(guide: Guide) -> str:
        trace = await why.trace(await Guide.get(id=guide.id), person)
        answer = await page.claim(guide)
        assert trace.shown == (answer.status_code == 200), (guide.name, trace.lines, answer.text)
        return answer.json().get("reason", "")

    assert await agree(banner) == ""
    assert await agree(other) == "gap"
    with as_of(now() + timedelta(hours=30)):
        assert await agree(banner) == "seen"
        assert await agree(other) == ""
        assert await agree(other) == ""
    stranger = await a_person()
    trace = await why.trace(await Guide.get(id=banner.id), stranger)
    assert not trace.shown and [one.holds for one in trace.lines][1] is False


def test_nps_is_promoters_less_detractors():
    found = surveys.nps([10, 9, 9, 10, 9, 8, 7, 7, 6, 0])
    assert (found.promoters, found.passives, found.detractors, found.score, found.words) == (5, 3, 2, 30, "+30")
    assert [surveys.nps(one).words for one in ([], [7], [0], [0, 10], [6, 6, 10])] == ["–", "0", "−100", "0", "−33"]
    assert surveys.nps([10] * 4).words == "+100"


@pytest.mark.parametrize(("patterns", "address", "fits"), [
    ([], "/anything", True), (["/a"], "/a", True), (["/a"], "/a/b", False), (["/a*"], "/a/b?x=1", True),
    (["/a?x=*"], "/a?x=1", True), (["/a*c"], "/abc", True), (["/a*c"], "/ab", False), (["/a*a"], "/a", False),
    (["!/a*"], "/b", True), (["!/a*"], "/ab", False), (["https://x.jp/*"], "https://x.jp/q", True),
    (["/q"], "https://x.jp/q#top", True), (["*done*"], "/q/done/7", True), (["/a", "!/a"], "/a", False),
])  # fmt: skip
def test_addresses(patterns, address, fits):
    assert why.matches(patterns, address) is fits


def test_the_linter_knows_what_breaks():
    for bad in (
        ".css-1x2y3z",
        ".sc-bdVaJa",
        ".Button_root__x7Yz1",
        "li:nth-child(3)",
        "div > ul > li > a > b",
        "button",
    ):
        assert linting.fragile(bad), bad
    for good in ("[data-tour=pending]", "#close", "a[href$='/pending']", "text=締める", ".toolbar button[name=go]"):
        assert not linting.fragile(good), good
    long = Guide(kind="tooltip", locale="ja", texts={}, translated_from={}, steps=[{"id": n} for n in range(1, 6)])
    assert any("72" in one.text for one in linting.remarks(long))


def test_the_small_script_says_what_the_long_one_says():
    assert script.smaller("a = b /* c */ + 'x // y' ; // z\n return   d ;") == "a=b+'x // y';return d;"
    assert script.smaller("x + +y; x - -y; `a`; typeof x;") == "x+ +y;x- -y;`a`;typeof x;"
