"""/api/v1 of the help centre: articles as the key may read them; writing and publishing for whoever writes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from litestar import Controller, Request, Response, delete, get, post, put
from tortoise.queryset import QuerySet

from core.api import BASE, READ, WRITE, After, InState, Limit, Page, Since, body_of, narrowed, once, page_of, the_one
from core.context import current_principal
from core.forms import Line, Meta
from core.i18n import _, lazy
from core.pages import absolute
from helpcenter import actions, policy
from helpcenter.models import Article, ArticleTranslation
from helpcenter.rendering import LONGEST_BODY
from helpcenter.slugs import path_of
from helpcenter.wordings import Place, Words

Locale = Literal["ja", "en"]
Body = Annotated[str, Meta(max_length=LONGEST_BODY)]


class TranslationOut(msgspec.Struct):
    """An article in one language; `body` is Markdown, left out of lists."""

    locale: str
    title: str
    url: str
    excerpt: str
    is_stale: bool
    phrasings: list[str]
    updated_at: datetime
    published_at: datetime | None
    body: str | None = None


class ArticleOut(msgspec.Struct):
    id: int
    state: str
    locale: str
    audience: list[str]
    category_id: int | None
    owner_id: int | None
    is_stale: bool
    views: int
    helpful: int
    unhelpful: int
    version: int
    translations: list[TranslationOut]
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None


class ArticleIn(msgspec.Struct):
    title: Annotated[Line, Meta(min_length=1, max_length=200)]
    body: Body = ""
    locale: Locale = "ja"
    category_id: int | None = None
    audience: list[Line] = []  # empty: for everybody
    phrasings: list[Line] = []


class TranslationIn(msgspec.Struct):
    """`version` is the article's that was read: 409 when somebody changed it since."""

    version: int
    title: Annotated[Line, Meta(min_length=1, max_length=200)]
    body: Body = ""
    phrasings: list[Line] = []
    note: Line = ""


def _query() -> QuerySet[Article]:
    """Who writes reads drafts too; everybody else what is published for them."""
    who = current_principal()
    return policy.writable_articles(who) if who.may("help.write") else policy.visible_articles(who)


async def _article(article_id: int) -> Article:
    return await the_one(_query(), article_id, _("There is no such article."))


async def shown(found: Sequence[Article], *, with_body: bool = False) -> list[ArticleOut]:
    writes = current_principal().may("help.write")
    said: dict[int, list[TranslationOut]] = {}
    for one in await ArticleTranslation.filter(article_id__in=[a.id for a in found]).order_by("locale"):
        if writes or one.published_at is not None:
            said.setdefault(one.article_id, []).append(_translation(one, with_body))
    names = [name for name in ArticleOut.__struct_fields__ if name not in ("translations", "audience")]
    return [ArticleOut(translations=said.get(one.id, []), audience=sorted(one.tokens),
                       **{name: getattr(one, name) for name in names}) for one in found]  # fmt: skip


def _translation(one: ArticleTranslation, with_body: bool) -> TranslationOut:
    return TranslationOut(one.locale, one.title, absolute(path_of(one.slug)), one.excerpt, one.is_stale,
                          list(one.phrasings), one.updated_at, one.published_at,
                          one.body if with_body else None)  # fmt: skip


async def _fresh(article_id: int) -> ArticleOut:
    return (await shown([await _article(article_id)], with_body=True))[0]


class ArticleApi(Controller):
    path = f"{BASE}/articles"

    @get("/", may="help.read", says=lazy("List articles"), **READ)
    async def index(
        self, request: Request[Any, Any, Any], after: After = "", limit: Limit = 50, updated_since: Since = None,
        in_state: InState = "",
    ) -> Page[ArticleOut]:  # fmt: skip
        query = narrowed(_query(), updated_at__gte=updated_since, state=in_state)
        return await page_of(request, query, shown, after=after, limit=limit)

    @get("/{article_id:int}", may="help.read", says=lazy("Read an article"), **READ)
    async def one(self, article_id: int) -> ArticleOut:
        return await _fresh(article_id)

    @post("/", may="help.write", body=ArticleIn, is_once=True, says=lazy("Write an article, as a draft"), **WRITE)
    async def create(self, request: Request[Any, Any, Any]) -> Response[ArticleOut]:
        given = await body_of(request, ArticleIn)
        words = Words(title=given.title, body=given.body, locale=given.locale, phrasings=tuple(given.phrasings))
        who = current_principal()
        place = Place(category_id=given.category_id, audience=tuple(given.audience) or ("public",),
                      owner_id=who.person_id)  # fmt: skip

        async def work() -> ArticleOut:
            return await _fresh((await actions.create(who, words, place)).id)

        return await once(request, work)

    @put("/{article_id:int}/translations/{locale:str}", may="help.write", body=TranslationIn, is_once=True,
         says=lazy("Write one language of an article"), **WRITE)  # fmt: skip
    async def save(self, request: Request[Any, Any, Any], article_id: int, locale: str) -> Response[ArticleOut]:
        await _article(article_id)
        given = await body_of(request, TranslationIn)
        words = Words(title=given.title, body=given.body, locale=locale, phrasings=tuple(given.phrasings),
                      note=given.note)  # fmt: skip

        async def work() -> ArticleOut:
            await actions.save(current_principal(), article_id, given.version, words)
            return await _fresh(article_id)

        return await once(request, work, status=200)

    @post("/{article_id:int}/publication", may="help.write", is_once=True, status_code=200,
          says=lazy("Publish an article"), **WRITE)  # fmt: skip
    async def publish(self, request: Request[Any, Any, Any], article_id: int, locale: str = "") -> Response[ArticleOut]:
        await _article(article_id)

        async def work() -> ArticleOut:
            await actions.publish(current_principal(), article_id, locale or None)
            return await _fresh(article_id)

        return await once(request, work, status=200)

    @delete("/{article_id:int}/publication", may="help.write", is_once=True, status_code=200,
            says=lazy("Take an article back"), **WRITE)  # fmt: skip
    async def unpublish(
        self, request: Request[Any, Any, Any], article_id: int, locale: str = ""
    ) -> Response[ArticleOut]:
        await _article(article_id)

        async def work() -> ArticleOut:
            await actions.unpublish(current_principal(), article_id, locale or None)
            return await _fresh(article_id)

        return await once(request, work, status=200)


controllers = [ArticleApi]
