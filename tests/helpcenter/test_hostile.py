"""Hostile words in every place where words go: nothing of them becomes markup, and nothing breaks."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from helpcenter import actions
from helpcenter.rendering import render_now
from shared_data import shared_data

NASTY = [
    "<script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "![x](data:text/html,<script>)",
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    '"><svg onload=alert(1)>',
    "{{ 7*7 }}",
    "{% raw %}",
    "' OR 1=1 --",
    "<!--",
    "\u202eabc",
    '[a](https://x "onclick=alert(1)")',
    "## <img src=x onerror=1>",
    "[x]: javascript:1\n\n[x]",
    "%s %(n)s %d",
    "=cmd|' /C calc'!A0",
    "<style>*{display:none}</style>",
    '<https://a"onmouseover=alert(1)>',
]


class Elements(HTMLParser):
    """What a browser would make of a page: every element with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def harmless(text: str) -> None:
    """No element, attribute or address that nobody of ours wrote."""
    for tag, attributes in Elements(text).found:
        assert not [name for name in attributes if name.startswith("on")], (tag, attributes)
        assert tag not in ("style", "iframe", "object", "embed", "base"), tag
        for name in ("href", "src", "action", "formaction"):
            address = (attributes.get(name) or "").strip().lower()
            assert not address.startswith(("javascript:", "data:", "vbscript:")), address
        if tag == "script":
            assert attributes.get("type") in ("module", "application/ld+json"), attributes


@pytest.mark.parametrize("words", NASTY)
async def test_hostile_words_in_title_body_and_phrasings(browse: Any, an_article: Any, words: str) -> None:
    article = await an_article(f"題 {words}"[:150].replace("\n", " "), f"{words}\n\n本文 {words}", words, slug="nasty")
    await actions.rate(await_writer(browse), article.id, False, text=words)
    pages = [("", "/help/nasty"), ("", "/help/search?q=本文"), ("", "/help/suggest?q=題"), ("", "/"), ("", "/help"),
             ("writer", f"/staff/articles/{article.id}"), ("writer", f"/staff/articles/{article.id}/revisions"),
             ("writer", "/staff/articles"), ("writer", "/staff/articles/feedback")]  # fmt: skip
    for who, path in pages:
        answer = await browse(who).get(path)
        assert answer.status_code == 200, (path, words)
        harmless(answer.text)
    found = re.search(
        r'<script type="application/ld\+json"[^>]*>(.*?)</script>', (await browse().get("/help/nasty")).text
    )
    assert found
    assert json.loads(found.group(1))["@graph"]
    assert "onerror=alert" not in (await browse().get("/sitemap.xml")).text


def await_writer(browse: Any) -> Any:
    from core.context import here

    return here().principal


@pytest.mark.parametrize("words", NASTY)
async def test_hostile_searches(browse: Any, an_article: Any, words: str) -> None:
    await an_article()
    for path in ("/help/search", "/help/suggest"):
        answer = await browse().get(path, params={"q": words, "kind": words, "key": words})
        assert answer.status_code == 200
        harmless(answer.text)
    log = await browse("writer").get("/staff/articles/searches")
    assert log.status_code == 200
    harmless(log.text)


@pytest.mark.data
async def test_the_big_list_of_naughty_strings_breaks_no_search(browse: Any, an_article: Any) -> None:
    await an_article()
    guest = browse()
    for words in json.loads(shared_data("hostile/blns/blns.json").read_text())[::4]:
        for path in ("/help/search", "/help/suggest"):
            answer = await guest.get(path, params={"q": words})
            assert answer.status_code == 200, words
            harmless(answer.text)


@pytest.mark.parametrize(
    "path",
    [
        "/help/%00",
        "/help/" + "x" * 5000,
        "/help/../etc",
        "/help/c/%00",
        "/help/go/x/1?to=article:%00",
        "/help/search?q=%ff%fe",
        "/help/search?n=x&q=a",
        "/help/go/x/-1?to=article:1",
        "/staff/articles/99999999999999999999",
        "/staff/articles?after=x&sort=nothing&q=%25",
    ],
)
async def test_strange_addresses_are_not_errors_of_ours(browse: Any, writer: Any, path: str) -> None:
    assert (await browse("writer").get(path)).status_code < 500


def test_long_articles_are_rendered_whole_and_headings_are_anchored() -> None:
    body = "\n\n".join(f"## 節 {n}\n\n{'長い文章。' * 200}" for n in range(60))
    made = render_now(body)
    assert len(made.toc) == 60
    assert made.html.count("<h2 id=") == 60
    assert made.html.count("長い文章。") == 12_000
    fenced = render_now("前\n\n```\n# これは見出しではない\n\n" + "x\n\n" * 3000 + "```\n\n## 見出し\n\n後")
    assert fenced.toc == [["s-1", "見出し"]]
    assert fenced.html.count("<pre>") == 1
    deep = render_now("## 上\n\n" + "\n\n".join(f"### 下 {n}\n\n{'文' * 500}" for n in range(60)))
    assert (deep.html.count("<h2"), deep.html.count("<h3>")) == (1, 60)
