"""Phrasings in the editor: shown as what they stand for, refused with their place, found as meant."""

from __future__ import annotations

import re
from typing import Any

from helpcenter.models import ArticleTranslation
from search import find

LINE = "{有給/有休/ゆうきゅう}を{翌年に}繰り越す ~{方法/やり方}"


async def test_the_editor_shows_what_each_line_stands_for(browse: Any, writer: Any) -> None:
    staff = browse("writer")
    data = {"title": "有給の残り", "phrasings": "{有給/有休}の残り ~{方法}\n\n" + "{a/b}" * 7 + "\n打刻{忘れ"}
    piece = await staff.submit("/staff/articles/phrasings", data, headers={"x-fragment": "1"})
    words = re.sub(r"<[^>]+>|\s+", " ", piece.text)
    assert "有休の残り" in words
    assert "重みの小さい言葉： 方法" in words
    assert "タイトルがすでに「有給の残り」" in words
    assert "128通りの言い方" in words
    assert 'data-line="4" data-place="3"' in piece.text
    whole = await staff.submit("/staff/articles/phrasings", data)
    assert "<h1>言い換えが表す言い方</h1>" in whole.text


async def test_a_line_that_cannot_be_read_is_refused_beside_its_field(browse: Any, writer: Any) -> None:
    staff = browse("writer")
    data = {
        "title": "打刻忘れ",
        "body": "申請します。",
        "locale": "ja",
        "audience": "public",
        "phrasings": "打刻\n\n{忘れ",
    }
    refused = await staff.submit("/staff/articles/new", data)
    assert refused.status_code == 422
    assert "3行目の1文字目" in refused.text
    assert "{忘れ" in refused.text  # what was typed stays


async def test_every_alternative_is_found_and_no_reader_sees_the_notation(browse: Any, an_article: Any) -> None:
    article = await an_article("年次の休み", "説明です。", LINE, "{残業}の上限")
    for words in ("有休を翌年に", "ゆうきゅう 繰り越す", "やり方", "残業の上限"):
        assert (await find(words, tokens={"public"})).hits[0].ref == article.ref, words
    assert "残業の上限" in (await browse().get("/")).text
    page = (await browse().get("/help/search?q=やり方")).text
    assert "{" not in re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)


async def test_lines_from_before_the_notation_mean_their_characters(browse: Any, an_article: Any, writer: Any) -> None:
    from helpcenter.documents import document_of

    article = await an_article()
    [translation] = await ArticleTranslation.filter(article_id=article.id)
    translation.phrasings = ["集合 {a, b の書き方", "普通の行"]
    assert document_of(article, translation, "").phrasings == ("集合 {a, b の書き方", "普通の行")
    editor = await browse("writer").get(f"/staff/articles/{article.id}")
    assert editor.status_code == 200
