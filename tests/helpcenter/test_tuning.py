"""Staff decide about searches per brand, see first what changes, and are told why a result stands where it does."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

import pytest

from core.database import rows
from search import controls_of

HOME = "/staff/articles/tuning"


def said(page: Any) -> str:
    return re.sub(r"<[^>]+>|\s+", " ", re.sub("</?(mark|b)>", "", page.text))


@pytest.fixture
async def leave(an_article: Any) -> Any:
    for n in range(6):
        await an_article(f"打刻の説明 その{n}", "打刻について書いています。")
    return await an_article("年休の残りを見る", "残りの日数は画面の右上に出ます。", slug="leave")


async def test_synonyms_are_tried_on_recent_searches_before_they_count(browse: Any, member: Any, leave: Any) -> None:
    await browse("member").get("/help/search?q=バカンス")
    staff = browse("writer")
    form = {"words": "バカンス、年休", "direction": "two_way", "kind": "synonym", "brand": "default"}
    tried = await staff.submit(f"{HOME}/preview", form, headers={"x-fragment": "1"})
    assert "1通りの検索が変わります" in said(tried)
    assert "年休の残りを見る" in tried.text
    assert "leave" not in (await browse().get("/help/search?q=バカンス")).text
    assert (await staff.submit(f"{HOME}/synonyms", form)).status_code == 303
    assert "年休の残りを見る" in (await browse().get("/help/search?q=バカンス")).text.replace("<mark>", "").replace(
        "</mark>", ""
    )
    assert "バカンス ⇄ 年休" in said(await staff.get(HOME))
    [synonym] = (await controls_of("default")).synonyms
    without = await staff.get(f"{HOME}/preview?without=synonym:{synonym.id}")
    assert "1通りの検索が変わります" in said(without)
    twice = await staff.submit(f"{HOME}/synonyms", form)
    assert twice.status_code == 422
    await staff.submit(f"{HOME}/synonyms/{synonym.id}", {"_method": "DELETE"})
    assert (await controls_of("default")).synonyms == ()


async def test_a_wrong_synonym_is_a_mistake_beside_its_field(browse: Any, writer: Any) -> None:
    staff = browse("writer")
    for words in ("有休", "", "！？、…"):
        answer = await staff.submit(f"{HOME}/synonyms", {"words": words, "brand": "default"})
        assert answer.status_code == 422, words
    assert "先に言葉" in said(await staff.submit(f"{HOME}/preview", {"kind": "synonym", "words": "有休"}))
    assert (await staff.get(f"{HOME}/preview?without=synonym:999")).status_code == 200
    assert (await staff.submit(f"{HOME}/synonyms/999", {"_method": "DELETE"})).status_code == 404
    assert (await staff.submit(f"{HOME}/stop-words", {"word": "。"})).status_code == 422


async def test_results_are_pinned_and_hidden_from_a_tried_search(browse: Any, leave: Any) -> None:
    staff, trial = browse("writer"), "/staff/articles/trial?q=打刻"
    assert "打刻の説明" in said(await staff.get(trial))
    pinned = await staff.submit(f"{HOME}/pins", {"query": "打刻", "what": "/help/leave", "next": trial})
    assert unquote(pinned.headers["location"]) == trial
    first = re.search(r'<ol class="results.*?</li>', (await browse().get("/help/search?q=打刻")).text, re.DOTALL)
    assert first is not None
    assert "年休の残りを見る" in first.group()
    await staff.submit(f"{HOME}/hides", {"what": "打刻の説明 その3", "query": ""})
    await staff.submit(f"{HOME}/hides", {"what": "打刻の説明 その4", "query": "時計"})
    found = said(await browse().get("/help/search?q=打刻"))
    assert "その3" not in found
    assert "その4" in found
    page = said(await staff.get(HOME))
    assert "すべての検索で" in page
    assert "この言葉だけの検索で" in page
    assert (await staff.submit(f"{HOME}/pins", {"query": "打刻", "what": "そんな記事はない"})).status_code == 404
    assert (await staff.submit(f"{HOME}/pins", {"query": "打刻", "what": "x", "position": 99})).status_code == 422
    kept = await rows("SELECT COUNT(*) FROM search_pin")
    assert int(kept[0][0]) == 1


async def test_staff_are_told_why_a_result_stands_where_it_does(browse: Any, leave: Any, an_article: Any) -> None:
    secret = await an_article("年休の社内規程", "社内だけ。", audience=("staff",))
    staff = browse("writer")
    why = await staff.get("/staff/articles/trial/why", params={"q": "年休の日数", "ref": f"article:{leave.id}"})
    told = said(why)
    assert "1番目に出ます" in told
    assert "年休" in told
    assert "タイトル" in told
    assert "入力のまま" in told
    other = await staff.get("/staff/articles/trial/why", params={"q": "年休 打刻", "ref": "打刻の説明 その1"})
    assert "代わりに1番目にあるもの" in said(other)
    assert "含まれない言葉：年休" in said(other)
    params = {"q": "年休", "ref": f"article:{secret.id}", "who": "public"}
    assert (await staff.get("/staff/articles/trial/why", params=params)).status_code == 404
    assert (await staff.get("/staff/articles/trial/why", params=params | {"who": "staff"})).status_code == 200
    assert (await staff.get("/staff/articles/trial/why?q=&ref=x")).status_code == 404
