"""Pictures in articles: one article's languages share them, readers see what is published, writers all of it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from core import pictures
from core.clock import days_ago
from core.database import rows, write
from drawings import a_picture
from helpcenter import actions
from helpcenter.models import Article, ArticleTranslation
from helpcenter.wordings import Place, Words

BODY = "## 手順\n\n1. 設定を開きます。\n\n![締め日の欄]({path})\n"


async def sent(browser: Any) -> str:
    files = {"file": ("画面.png", a_picture(size=(1600, 900)), "image/png")}
    answer = await browser.submit("/media", files=files, headers={"accept": "application/json"})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["path"])


async def saved(browser: Any, article: Any, body: str, locale: str = "ja", **more: Any) -> Any:
    fresh = await Article.get(id=article.id)
    fields = {"title": "締め日を変える", "body": body, "locale": locale, "version": str(fresh.version)}
    return await browser.submit(f"/staff/articles/{article.id}", fields | {"audience": "public"} | more)


async def sees(path: str, *browsers: Any) -> list[int]:
    return [(await one.get(path)).status_code for one in browsers]


async def test_a_picture_is_public_when_its_article_is(browse: Any, writer: Any, member: Any) -> None:
    desk, guest, customer = browse("writer"), browse(), browse("member")
    path = await sent(desk)
    article = await actions.create(writer, Words(title="締め日を変える", body=BODY.format(path=path)))
    assert await sees(path, desk, guest, customer) == [200, 404, 404]
    await actions.publish(writer, article.id, "ja")
    slug = (await ArticleTranslation.get()).slug
    page = (await guest.get(f"/help/{slug}")).text
    assert re.search(rf'<img src="{path}" srcset="[^"]*small[^"]*"[^>]*width="800" height="450" alt="締め日の欄"', page)
    assert await sees(path, desk, guest, customer) == [200, 200, 200]
    await actions.unpublish(writer, article.id, "ja")
    assert await sees(path, desk, guest) == [200, 404]


@pytest.mark.parametrize("audience", ["members", "staff"])
async def test_it_is_for_the_articles_readers(browse: Any, writer: Any, member: Any, audience: str) -> None:
    desk, guest, customer = browse("writer"), browse(), browse("member")
    path = await sent(desk)
    words = Words(title="締め日を変える", body=BODY.format(path=path))
    article = await actions.create(writer, words, Place(audience=(audience,)))
    await actions.publish(writer, article.id, "ja")
    assert await sees(path, desk, guest, customer) == [200, 404, 200 if audience == "members" else 404]
    assert (await desk.get(path)).headers["cache-control"] == "private, no-cache"


async def test_languages_share_it_and_a_draft_of_one_shows_it_to_nobody(browse: Any, writer: Any) -> None:
    desk, guest = browse("writer"), browse()
    path, inner = await sent(desk), await sent(desk)
    article = await actions.create(writer, Words(title="締め日を変える", body=BODY.format(path=path)))
    await actions.publish(writer, article.id, "ja")
    english = await saved(desk, article, f"See ![closing day]({path}) and ![soon]({inner})", "en")
    assert english.status_code == 303
    assert (await ArticleTranslation.get(locale="en")).html.count("<img") == 2
    assert await sees(path, guest) + await sees(inner, guest, desk) == [200, 404, 200]


async def test_what_is_taken_out_comes_back_with_the_revision(browse: Any, writer: Any) -> None:
    desk, guest = browse("writer"), browse()
    path = await sent(desk)
    article = await actions.create(writer, Words(title="締め日を変える", body=BODY.format(path=path)))
    await actions.publish(writer, article.id, "ja")
    assert (await saved(desk, article, "## 手順\n\n画像はありません。")).status_code == 303
    assert await sees(path, guest, desk) == [404, 200]
    back = await desk.submit(f"/staff/articles/{article.id}/revisions/1/restoration", {"locale": "ja"})
    assert back.status_code == 303
    assert await sees(path, guest) == [200]
    assert "<img" in (await ArticleTranslation.get()).html


async def test_the_preview_shows_it_and_the_form_takes_it_without_scripts(browse: Any, writer: Any) -> None:
    desk = browse("writer")
    path = await sent(desk)
    shown = await desk.submit("/staff/articles/preview", {"body": BODY.format(path=path), "title": "x"})
    assert f'<img src="{path}"' in shown.text
    fields = {"title": "締め日を変える", "body": "## 手順", "locale": "ja", "audience": "public"}
    made = await desk.submit("/staff/articles/new", fields, files={"pictures": ("手順.png", a_picture(), "image/png")})
    assert made.status_code == 303
    body = (await ArticleTranslation.get()).body
    assert re.search(r"^## 手順\n\n!\[手順\]\(/media/[\w-]{32}\.png\)$", body)
    svg = {"pictures": ("x.svg", b"<svg/>", "image/svg+xml")}
    refused = await desk.submit("/staff/articles/new", fields, files=svg)
    assert refused.status_code == 422 and "PNG、JPEG、GIF、WebPのどれか" in refused.text


async def test_a_picture_of_another_article_is_a_link_and_stays_where_it_was(browse: Any, writer: Any) -> None:
    desk, guest = browse("writer"), browse()
    path = await sent(desk)
    await actions.create(writer, Words(title="社内の手順", body=BODY.format(path=path)), Place(audience=("staff",)))
    other = await actions.create(writer, Words(title="締め日を変える", body=BODY.format(path=path)))
    await actions.publish(writer, other.id, "ja")
    words = await ArticleTranslation.get(article_id=other.id)
    assert "<img" not in words.html and f'<a href="{path}"' in words.html
    assert await sees(path, guest) == [404]


async def test_what_an_article_holds_is_not_forgotten_as_loose(browse: Any, writer: Any) -> None:
    desk = browse("writer")
    path = await sent(desk)
    await actions.create(writer, Words(title="締め日を変える", body=BODY.format(path=path)))
    await write("UPDATE media SET created_at = ?", days_ago(3))
    assert await pictures.forget_loose() == 0
    assert len(await rows("SELECT 1 FROM media")) == 1
