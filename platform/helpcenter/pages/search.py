"""Searching, suggestions while typing, and the way through a result that remembers which one was opened."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Response, get
from litestar.datastructures import Cookie
from litestar.response import Redirect

from core.context import here
from core.pages import fragment, page, url
from core.refs import Ref
from core.settings import settings
from helpcenter import asking, finding, reading
from helpcenter.pages.readers import searched_cookie
from search import record_click
from search.text import clean


class SearchPages(Controller):
    path = "/help"

    @get("/search", may="help.read")
    async def search(self, q: str = "", kind: str = "", n: int = finding.PAGE, key: str = "") -> Response[Any]:
        words, who = finding.asked(q), here().principal
        if not words:
            popular = await reading.popular(who, 6)
            return page("helpcenter/search.html", searched=None, words="", popular=popular, ways=asking.open_ways())
        most = min(max(n, finding.PAGE), finding.MOST)
        searched = await finding.search(who, words, kind=kind, limit=most, key=clean(key)[:32])
        first = await _first(searched) if searched.hits else None
        shelves = await reading.shelf_names_of([hit.ref.id for hit in searched.hits if hit.ref.kind == "article"])
        return page(
            "helpcenter/search.html",
            searched=searched,
            words=words,
            kinds=finding.kinds,
            first=first,
            most=most,
            shelves=shelves,
            ways=asking.open_ways(),
            popular=[],
        )

    @get("/suggest", may="help.read")
    async def suggest(self, q: str = "") -> Response[Any]:
        words = finding.asked(q)
        found = await finding.suggestions(here().principal, words) if words else None
        said = await finding.read_in_list(found) if found else {}
        return fragment("helpcenter/suggest.html", found=found, words=words, kinds=finding.kinds, said=said,
                        ways=asking.open_ways())  # fmt: skip

    @get("/go/{key:str}/{position:int}", may="help.read")
    async def go(self, key: str, position: int, to: str = "", lang: str = "") -> Response[Any]:
        """Remember that result `position` of search `key` was opened, and lead there. Never off this site."""
        ref = finding.ref_of(to)
        address = await finding.address_of(here().principal, ref, lang) if ref else ""
        if ref is None or not address:
            return Redirect(url("/help/search"), status_code=303)
        if 1 <= position <= finding.MOST:
            await record_click(clean(key)[:32], ref, position)
        return _opened(address, key, ref)

    @get("/pick/{position:int}", may="help.read")
    async def pick(self, position: int, q: str = "", to: str = "", lang: str = "") -> Response[Any]:
        """A suggestion was opened while its search was still being typed: the search is written down with it."""
        words, ref = finding.asked(q), finding.ref_of(to)
        address = await finding.address_of(here().principal, ref, lang) if ref else ""
        if ref is None or not address or not words:
            return Redirect(url("/help/search", q=words or None), status_code=303)
        key = await finding.picked(here().principal, words, ref, min(max(position, 1), finding.MOST))
        return _opened(address, key, ref)


def _opened(address: str, key: str, ref: Ref) -> Response[Any]:
    """Lead there, and remember for half an hour which search did, so that a thumb below the article is its end."""
    cookie = Cookie(key=searched_cookie(), value=f"{clean(key)[:32]}.{ref.kind}.{ref.id}", path="/", max_age=1800,
                    httponly=True, samesite="lax", secure=settings().is_secure)  # fmt: skip
    return Redirect(address, status_code=303, headers={"Cache-Control": "private, no-store"}, cookies=[cookie])


async def _first(searched: finding.Searched) -> reading.Shown | None:
    """The article that stands first, to be read beside the results."""
    hit = searched.hits[0]
    if hit.ref.kind != "article":
        return None
    return await reading.article_with_id(here().principal, hit.ref.id, hit.lang)
