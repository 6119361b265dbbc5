"""Searches that ended on an article teach its index, and become phrasings when a writer says so."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from core.clock import as_of, now
from core.database import rows
from core.principal import MEMBER, Principal
from factories import a_person
from helpcenter import learned
from helpcenter.models import ArticleTranslation
from search import find


@pytest.fixture
async def readers(house: Any, people: dict[str, Principal], browse: Any) -> list[Any]:
    """Browsers of three members."""
    found = []
    for n in range(3):
        person = await a_person("読者", f"{n}番")
        people[f"reader-{n}"] = Principal(
            person_id=person.id, name=person.full_name, role="member", capabilities=MEMBER
        )
        found.append(browse(f"reader-{n}"))
    return found


async def search_and_open(browser: Any, words: str, article: Any) -> str:
    await browser.get("/help/search", params={"q": words})
    key = (await rows("SELECT key FROM search_query ORDER BY id DESC LIMIT 1"))[0][0]
    opened = await browser.get(f"/help/go/{key}/1?to=article:{article.id}&lang=ja")
    return str(opened.headers["location"])


async def clicked(article: Any) -> list[str]:
    return list((await ArticleTranslation.get(article_id=article.id)).clicked)


async def test_words_that_several_readers_used_are_found(readers: Any, an_article: Any, run_jobs: Any) -> None:
    article = await an_article("有給休暇を翌年に繰り越す", "残りは2年間有効です。")
    await an_article("のこりの印刷", "印刷します。")
    for browser in readers[:1] * 5:  # one person, five times
        await search_and_open(browser, "去年ののこり 休み", article)
    assert await learned.learn() == 0
    await search_and_open(readers[1], "去年ののこり  休み", article)
    assert await learned.learn() == 1
    assert await learned.learn() == 0  # nothing new
    assert await clicked(article) == ["去年ののこり 休み"]
    found = await find("去年ののこり", tokens={"public"}, kinds={"article"})
    assert found.hits[0].ref == article.ref
    with as_of(now() + timedelta(days=420)):
        assert await learned.forget_slowly() == 1
    assert await clicked(article) == []


async def test_a_thumb_below_the_article_is_the_end_of_its_search(readers: Any, an_article: Any) -> None:
    article = await an_article()
    for browser, answer in zip(readers, ("no", "no", "yes"), strict=True):
        path = await search_and_open(browser, "消えた休みの行方", article)
        await browser.submit(f"{path.partition('?')[0]}/feedback", {"helpful": answer})
    found = await rows("SELECT outcome FROM search_query ORDER BY id")
    assert [row[0] for row in found] == ["not_solved", "not_solved", "solved"]
    await learned.learn()
    assert await clicked(article) == []
    other = await an_article("打刻を直す", "申請します。", slug="punch")
    await readers[0].submit("/help/punch/feedback", {"helpful": "no"})  # opened from no search
    assert [row[0] for row in await rows("SELECT outcome FROM search_query ORDER BY id")][0] == "not_solved"
    assert await clicked(other) == []


async def test_what_belongs_to_one_person_is_not_learned() -> None:
    for text in (
        "satsuki@example.jp が入れない",
        "090-1234-5678",
        "社員番号 1234567",
        "https://example.jp/x",
        "a",
        "長" * 101,
    ):
        assert not learned.is_fit(text), text
    for text in ("36協定 2024年", "有給 繰越", "24/7"):
        assert learned.is_fit(text), text


async def test_suggestions_become_phrasings_or_are_dismissed(
    readers: Any, an_article: Any, browse: Any, writer: Any
) -> None:
    article = await an_article("有給休暇を翌年に繰り越す", "残りは2年間有効です。", "{有給/有休} 繰越")
    for words in ("有休の繰越", "休みを{来年}も使う", "のこった休み"):
        for browser in readers:
            await search_and_open(browser, words, article)
    staff, base = browse("writer"), f"/staff/articles/{article.id}"
    listed = (await staff.get("/staff/articles/suggestions")).text
    assert "のこった休み" in listed
    assert "有休の繰越" not in re.sub(r"<[^>]+>", "", listed)  # a phrasing says it already
    assert "のこった休み" in (await staff.get(base)).text
    await staff.submit(f"{base}/suggestions", {"text": "休みを{来年}も使う", "locale": "ja"})
    [saved] = await ArticleTranslation.filter(article_id=article.id)
    assert saved.phrasings == ["{有給/有休} 繰越", "休みを\\{来年\\}も使う"]
    gone = await staff.submit(
        f"{base}/suggestions/dismissal", {"text": "のこった 休み", "locale": "ja", "next": "//evil"}
    )
    assert gone.headers["location"] == "/"
    assert await learned.all_suggested() == []
    await staff.submit(f"{base}/suggestions/dismissal?text=のこった休み&locale=ja", {"_method": "DELETE"})
    assert [one.text for one in await learned.all_suggested()] == ["のこった休み"]
    assert (await staff.submit(f"{base}/suggestions", {"text": "", "locale": "ja"})).status_code in (400, 409, 422)


async def test_a_suggestion_picked_while_typing_is_a_search(browse: Any, member: Any, an_article: Any) -> None:
    article = await an_article(slug="carry")
    browser = browse("member")
    piece = (await browser.get("/help/suggest?q=有給休")).text
    path = re.search(r'href="(/help/pick/1\?[^"]+)"', piece)
    assert path is not None
    opened = await browser.get(path.group(1).replace("&amp;", "&"))
    assert (opened.status_code, opened.headers["location"]) == (303, "/help/carry")
    [query] = await rows("SELECT text, surface, clicked_id, clicked_position, person_id FROM search_query")
    assert tuple(query) == ("有給休", "suggest", article.id, 1, member.person_id)
    for to in ("article:0", "https://evil.example", "person:1"):
        away = await browser.get("/help/pick/1", params={"q": "x", "to": to})
        assert away.headers["location"] == "/help/search?q=x"
