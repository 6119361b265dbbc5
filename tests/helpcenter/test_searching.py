"""Searches are answered, written down, and what nobody answers becomes a gap that an article closes."""

from __future__ import annotations

from typing import Any

from core.database import rows
from customers.models import Notice
from helpcenter import actions, gaps, home, sitemap
from helpcenter.finding import Kind, kinds
from helpcenter.models import ContentGap
from search import Document, analyse, put
from search.jobs import renew_outdated
from search_samples import as_of_an_older_release, postings


async def queries() -> list[Any]:
    return await rows("SELECT key, text, band, results, clicked_kind, clicked_id, clicked_position, surface, person_id"
                      " FROM search_query ORDER BY id")  # fmt: skip


async def test_a_search_is_written_down_with_what_was_opened(browse: Any, member: Any, an_article: Any) -> None:
    article = await an_article("有給休暇を翌年に繰り越す", "残りは2年間有効です。", "有給 繰越", slug="carry")
    browser = browse("member")
    page = await browser.get("/help/search?q=有給 繰越")
    assert "<mark>" in page.text
    [query] = await queries()
    assert (query["text"], query["results"], query["surface"], query["person_id"]) == (
        "有給 繰越",
        1,
        "help",
        member.person_id,
    )
    await browser.get(f"/help/search?q=有給 繰越&key={query['key']}")  # the same search, another tab
    assert len(await queries()) == 1
    opened = await browser.get(f"/help/go/{query['key']}/1?to=article:{article.id}&lang=ja")
    assert (opened.status_code, opened.headers["location"]) == (303, "/help/carry")
    [query] = await queries()
    assert (query["clicked_kind"], query["clicked_id"], query["clicked_position"]) == ("article", article.id, 1)
    assert "<mark>" in (await browser.get("/help/suggest?q=有給")).text
    assert len(await queries()) == 1  # typing is not a search
    log = await browse("writer").get("/staff/articles/searches")
    assert "有給休暇を翌年に繰り越す" in log.text


async def test_results_lead_nowhere_else(browse: Any, an_article: Any) -> None:
    await an_article()
    for to in (
        "https://evil.example/",
        "//evil.example",
        "article:0",
        "article:99999999999999999999",
        "person:1",
        "article:x",
        "",
    ):
        answer = await browse().get("/help/go/key/1", params={"to": to})
        assert (answer.status_code, answer.headers["location"]) == (303, "/help/search")


async def test_a_question_without_an_answer_becomes_a_gap_and_the_asker_is_told(
    browse: Any, member: Any, writer: Any, an_article: Any, run_jobs: Any
) -> None:
    asker = browse("member")
    for words in ("生体認証 勤怠", "勤怠の生体認証", "生体認証 勤怠"):
        page = await asker.get(f"/help/search?q={words}")
        assert "まだ答えがありません" in page.text
    await browse().get("/help/search?q=！？…")  # no word in it
    assert await gaps.gather() == 3
    assert await gaps.gather() == 0
    [gap] = await ContentGap.all()
    assert (gap.count, gap.people, gap.state) == (3, 1, "open")
    staff = browse("writer")
    assert "生体認証 勤怠" in (await staff.get("/staff/articles/gaps")).text
    new = await staff.get(f"/staff/articles/new?gap={gap.id}")
    assert new.text.count("生体認証 勤怠") >= 2
    saved = await staff.submit(
        "/staff/articles/new",
        {
            "title": "指や顔で打刻する",
            "body": "設定から登録します。",
            "locale": "ja",
            "phrasings": "生体認証 勤怠",
            "gap": gap.id,
            "audience": "members",
        },
    )
    assert saved.status_code == 303
    await run_jobs()
    assert (await ContentGap.get(id=gap.id)).state == "open"  # a draft answers nobody
    await actions.publish(writer, (await ContentGap.get(id=gap.id)).article_id)
    await run_jobs()
    await run_jobs()
    assert (await ContentGap.get(id=gap.id)).state == "answered"
    [notice] = await Notice.all()
    assert (notice.person_id, notice.kind) == (member.person_id, "help.answered")


async def test_a_gap_is_closed_by_any_article_that_answers_it(browse: Any, an_article: Any, run_jobs: Any) -> None:
    await browse().get("/help/search?q=スマートウォッチで打刻できますか")
    await gaps.gather()
    for n in range(12):
        await an_article(f"別の話題その{n}", f"これは{n}番目の、関係のない説明です。")
    await an_article("スマートウォッチで打刻する", "時計から打刻できます。", "スマートウォッチで打刻できますか")
    await run_jobs()
    assert [gap.state for gap in await ContentGap.all()] == ["answered"]


async def test_an_ignored_question_stays_ignored_until_it_is_taken_up(browse: Any, writer: Any) -> None:
    await browse().get("/help/search?q=宇宙旅行")
    await gaps.gather()
    [gap] = await ContentGap.all()
    staff = browse("writer")
    await staff.submit(f"/staff/articles/gaps/{gap.id}/dismissal")
    assert "宇宙旅行" not in (await staff.get("/staff/articles/gaps")).text
    await browse().get("/help/search?q=宇宙旅行")
    await gaps.gather()
    assert (await ContentGap.get(id=gap.id)).state == "ignored"
    await staff.submit(f"/staff/articles/gaps/{gap.id}/dismissal", {"_method": "DELETE"})
    assert "宇宙旅行" in (await staff.get("/staff/articles/gaps")).text


async def test_rooms_above_bring_kinds_sections_and_addresses(browse: Any, an_article: Any, monkeypatch: Any) -> None:
    await an_article("有給を繰り越す", "説明", slug="carry")
    monkeypatch.setitem(kinds, "thread", Kind("解決済みの質問", "done", "good"))
    await put(
        await analyse(
            Document(kind="thread", id=5, title="有給の端数は？", audience={"public"}, lang="ja", url="/community/5")
        )
    )
    await put(
        await analyse(Document(kind="note", id=6, title="有給の内緒話", audience={"public"}, lang="ja", url="/x"))
    )

    async def solved(who: Any) -> home.Section:
        return home.Section("<section><h2>解決した質問</h2></section>")

    async def boards() -> list[sitemap.Entry]:
        return [sitemap.Entry("/community/5?a=1&b=2")]

    monkeypatch.setattr(home, "sections", [solved])
    monkeypatch.setattr(sitemap, "sources", [boards])
    found = (await browse().get("/help/search?q=有給")).text
    assert "有給の端数は" in found.replace("<mark>", "").replace("</mark>", "")
    assert "内緒話" not in found  # a kind that readers do not search
    only = (await browse().get("/help/search?q=有給&kind=thread")).text
    assert "/help/go/" in only
    assert only.count('<ol class="results') == 1
    assert "解決した質問" in (await browse().get("/")).text
    assert "/community/5?a=1&amp;b=2" in (await browse().get("/sitemap.xml")).text


async def test_the_editor_says_what_a_customer_would_find(browse: Any, an_article: Any) -> None:
    article = await an_article("打刻を忘れたとき", "申請します。", "打刻忘れ")
    await an_article("まったく別の話", "天気の話です。", "天気")
    answer = await browse("writer").submit(
        "/staff/articles/finding",
        {"article": article.id, "locale": "ja", "title": "打刻を忘れたとき", "phrasings": "打刻忘れ\n天気"},
    )
    assert answer.status_code == 200
    assert answer.text.count("1位") == 2
    assert "まったく別の話" in answer.text


async def test_an_article_that_an_older_release_analysed_is_put_again_once(
    browse: Any, an_article: Any, run_jobs: Any
) -> None:  # fmt: skip
    await an_article("有給休暇を翌年に繰り越す", "残りは2年間有効です。", "有給 繰越", slug="carry")
    before = await postings()
    await as_of_an_older_release()
    await renew_outdated()
    await run_jobs()
    assert await postings() == before
    facts = "SELECT COUNT(*) FROM fact WHERE name = 'search.DocumentOutdated'"
    assert (await rows(facts))[0][0] == 1
    await renew_outdated()
    assert (await rows(facts))[0][0] == 1
