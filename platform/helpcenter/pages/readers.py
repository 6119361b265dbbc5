"""What readers open: the first page, the shelves, an article, and their answer to 'did it help?'."""

from __future__ import annotations

import json
import secrets
from hashlib import sha256
from typing import Annotated, Any, Literal

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.response import Redirect
from markupsafe import Markup

from core.context import here
from core.errors import NotFound
from core.forms import Form, Meta
from core.i18n import LANGUAGES, _
from core.kept_pages import kept_page
from core.markdown import words_of
from core.pages import absolute, brand, flash, page
from core.settings import settings
from core.web import cookie_prefix
from helpcenter import actions, asking, reading
from helpcenter.counting import was_read
from helpcenter.home import sections_for
from helpcenter.models import ArticleFeedback
from helpcenter.pages.caching import for_guests
from helpcenter.phrasings import said
from helpcenter.reading import Listed, Shelf, Shown
from helpcenter.related import related_to
from helpcenter.sitemap import language_path
from search import record_outcome
from search.text import clean

YEAR = 31_536_000
SHORT = 14  # characters of a phrasing that fits under the search field


class Answer(msgspec.Struct):
    """`Did this help?`, and what was missing."""

    helpful: Literal["yes", "no"]
    comment: Annotated[str, Meta(max_length=2000)] = ""


class FrontPages(Controller):
    @get("/", may="help.read")
    async def home(self, request: Request[Any, Any, Any]) -> Response[Any]:
        who = here().principal
        popular = await reading.popular(who, 8)
        shown = {"shelves": await reading.shelves(who), "popular": popular, "often": often_searched(popular),
                 "sections": await sections_for(who), "ways": asking.open_ways()}  # fmt: skip
        return for_guests(request, kept_page("helpcenter/home.html", depends_on=shown, context=lambda: shown))


class ReaderPages(Controller):
    path = "/help"

    @get("/", may="help.read")
    async def index(self, request: Request[Any, Any, Any]) -> Response[Any]:
        who = here().principal
        shelves = await reading.shelves(who)
        await reading.fill(who, shelves)
        shown = {"shelves": shelves, "popular": await reading.popular(who, 6), "ways": asking.open_ways()}
        return for_guests(request, kept_page("helpcenter/index.html", depends_on=shown, context=lambda: shown))

    @get("/c/{slug:str}", may="help.read")
    async def category(self, request: Request[Any, Any, Any], slug: str) -> Response[Any]:
        who = here().principal
        shelf = next((one for one in await reading.shelves(who) if one.slug == slug), None)
        if shelf is None:
            raise NotFound(_("There is no such category."))
        articles = await reading.on_shelf(who, shelf.id)
        return for_guests(request, page("helpcenter/category.html", shelf=shelf, articles=articles))

    @get("/{slug:str}", may="help.read")
    async def article(self, request: Request[Any, Any, Any], slug: str, lang: str = "") -> Response[Any]:
        who = here().principal
        lang = lang if lang in LANGUAGES else ""
        if lang and not who.is_signed_in:
            here().language = lang
        article = await reading.article_at(who, slug, lang)
        if article is None:
            return await _elsewhere(slug)
        made = await _article_page(request, article)
        await was_read(who, article)
        return for_guests(request, made)

    @post("/{slug:str}/feedback", may="help.read")
    async def answer(self, request: Request[Any, Any, Any], slug: str) -> Response[Any]:
        who = here().principal
        article = await reading.article_at(who, slug)
        if article is None:
            raise NotFound(_("There is no such article."))
        form = Form(Answer, await request.form())
        if not form.valid:
            made = page("helpcenter/article.html", status=422, article=article, **await _around(request, article, form))
            return made
        key = "" if who.is_signed_in else request.cookies.get(visitor_cookie(), "") or secrets.token_urlsafe(24)
        said = form.data
        await actions.rate(who, article.id, said.helpful == "yes", visitor=hashed(key), locale=article.locale,
                           text=said.comment)  # fmt: skip
        await _tell_search(request, article, said.helpful == "yes")
        flash(_("Thank you. The writers read it.") if said.comment else _("Thank you for answering."))
        cookies = [_visitor(key)] if key else []
        return Redirect(f"{article.path}#feedback", status_code=303, cookies=cookies)


async def _article_page(request: Request[Any, Any, Any], article: Shown) -> Response[bytes]:
    shown = {"article": article} | await _around(request, article)
    if shown["mine"] is not None:
        return page("helpcenter/article.html", **shown)
    depends_on = {name: one for name, one in shown.items() if name != "form"}  # an empty one
    return kept_page("helpcenter/article.html", depends_on=depends_on, context=lambda: shown)


async def _elsewhere(slug: str) -> Response[Any]:
    if moved := await reading.moved_to(here().principal, slug):
        return Redirect(moved, status_code=301)
    raise NotFound(_("There is no such article."))


async def _around(request: Request[Any, Any, Any], article: Shown, form: Form[Answer] | None = None) -> dict[str, Any]:
    """Everything beside the text: where it stands, what is near, the reader's own answer."""
    who = here().principal
    shelves = await reading.shelf_names([article.category_id] if article.category_id else [])
    shelf = shelves.get(article.category_id or 0)
    return {
        "shelf": shelf, "related": await related_to(who, article), "mine": await _own_answer(request, article),
        "form": form or Form(Answer), "ways": asking.open_ways(), "described": described(article, shelf),
        "languages": {one: language_path(slug, one) for one, slug in sorted(article.languages.items())},
        "canonical": absolute(language_path(article.slug, article.locale)),
    }  # fmt: skip


async def _own_answer(request: Request[Any, Any, Any], article: Shown) -> ArticleFeedback | None:
    who = here().principal
    if who.is_signed_in:
        return await ArticleFeedback.get_or_none(article_id=article.id, person_id=who.person_id)
    key = request.cookies.get(visitor_cookie(), "")
    return await ArticleFeedback.get_or_none(article_id=article.id, visitor=hashed(key)) if key else None


async def _tell_search(request: Request[Any, Any, Any], article: Shown, helped: bool) -> None:
    """When the article was opened from a search, its reader's answer is that search's end."""
    key, _dot, ref = request.cookies.get(searched_cookie(), "").partition(".")
    if ref == f"article.{article.id}":
        await record_outcome(clean(key), "solved" if helped else "not_solved")


def searched_cookie() -> str:
    return f"{cookie_prefix()}searched"


def visitor_cookie() -> str:
    return f"{cookie_prefix()}visitor"


def hashed(key: str) -> str:
    """The table never holds the cookie itself."""
    return sha256(f"{settings().secret_key}:visitor:{key}".encode()).hexdigest() if key else ""


def _visitor(key: str) -> Cookie:
    return Cookie(key=visitor_cookie(), value=key, path="/", max_age=YEAR, httponly=True, samesite="lax",
                  secure=settings().is_secure)  # fmt: skip


def often_searched(popular: list[Listed]) -> list[str]:
    """Words under the search field: short phrasings that editors gave the articles most read.

    Never what visitors typed: that may hold what is nobody else's business.
    """
    found = [
        min(short, key=len)
        for one in popular
        if one.locale == here().language and (short := [p for p in said(one.phrasings) if len(p) <= limit(p)])
    ]
    return list(dict.fromkeys(found))[:3]


def limit(words: str) -> int:
    return SHORT * 2 if words.isascii() else SHORT


def described(article: Shown, shelf: Shelf | None) -> Markup:
    """schema.org: a question with its answer where the title asks one, an article otherwise; and the way to it."""
    address = absolute(language_path(article.slug, article.locale))
    graph: list[dict[str, Any]] = [_question(article, address) if _asks(article.title) else _text(article, address)]
    way = [
        (_("Help"), absolute("/help")),
        *([(shelf.name, absolute(shelf.path))] if shelf else []),
        (article.title, address),
    ]
    graph.append(
        {
            "@type": "BreadcrumbList",
            "itemListElement": [
                {"@type": "ListItem", "position": n, "name": name, "item": href}
                for n, (name, href) in enumerate(way, 1)
            ],
        }
    )
    text = json.dumps({"@context": "https://schema.org", "@graph": graph}, ensure_ascii=False)
    for mark, code in (
        ("<", "\\u003c"),
        (">", "\\u003e"),
        ("&", "\\u0026"),
        ("\u2028", "\\u2028"),
        ("\u2029", "\\u2029"),
    ):
        text = text.replace(mark, code)
    return Markup(text)  # noqa: S704  nothing in it can end the element


def _asks(title: str) -> bool:
    return title.rstrip().endswith(("?", "？", "か", "か。"))


def _question(article: Shown, address: str) -> dict[str, Any]:
    answer = {"@type": "Answer", "text": words_of(article.html)[:5000], "url": address}
    return {
        "@type": "FAQPage",
        "inLanguage": article.locale,
        "url": address,
        "dateModified": article.updated_at.isoformat(),
        "mainEntity": [{"@type": "Question", "name": article.title, "acceptedAnswer": answer}],
    }


def _text(article: Shown, address: str) -> dict[str, Any]:
    published = article.published_at or article.updated_at
    return {"@type": "TechArticle", "headline": article.title[:110], "description": article.excerpt, "url": address,
            "inLanguage": article.locale, "datePublished": published.isoformat(),
            "dateModified": article.updated_at.isoformat(),
            "publisher": {"@type": "Organization", "name": brand().company}}  # fmt: skip
