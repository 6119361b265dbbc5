"""What readers typed before they opened an article: accepted as a phrasing, or dismissed."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from litestar import Controller, Request, Response, delete, get, post
from litestar.response import Redirect

from core.context import here
from core.errors import Refused
from core.forms import Form, Meta
from core.i18n import _
from core.pages import flash, page, safe_path, url
from helpcenter import actions, learned
from helpcenter.pages.around import staff_tabs


class SuggestionForm(msgspec.Struct):
    """One suggestion, and the page to go back to."""

    text: Annotated[str, Meta(max_length=200)]
    locale: Literal["ja", "en"] = "ja"
    next: str = "/staff/articles/suggestions"


class SuggestionPages(Controller):
    path = "/staff/articles"

    @get("/suggestions", may="help.write")
    async def index(self) -> Response[Any]:
        found = await learned.all_suggested()
        return page("helpcenter/suggestions.html", suggestions=found, tabs=await staff_tabs())

    @post("/{article_id:int}/suggestions", may="help.write")
    async def accept(self, request: Request[Any, Any, Any], article_id: int) -> Redirect:
        said = _said(await request.form())
        await actions.accept_phrasing(here().principal, article_id, said.locale, said.text)
        flash(_("“%(words)s” is a phrasing of the article now.", words=said.text[:60]))
        return Redirect(safe_path(said.next), status_code=303)

    @post("/{article_id:int}/suggestions/dismissal", may="help.write")
    async def dismiss(self, request: Request[Any, Any, Any], article_id: int) -> Redirect:
        said = _said(await request.form())
        await actions.dismiss_phrasing(here().principal, article_id, said.locale, said.text)
        undo = url(f"/staff/articles/{article_id}/suggestions/dismissal", text=said.text, locale=said.locale)
        flash(_("“%(words)s” is not suggested any more.", words=said.text[:60]), undo=undo, undo_method="DELETE")
        return Redirect(safe_path(said.next), status_code=303)

    @delete("/{article_id:int}/suggestions/dismissal", may="help.write", status_code=303)
    async def restore(self, article_id: int, text: str = "", locale: str = "ja") -> Redirect:
        await actions.restore_phrasing(here().principal, article_id, locale, text)
        return Redirect("/staff/articles/suggestions", status_code=303)


def _said(data: Any) -> SuggestionForm:
    form = Form(SuggestionForm, data)
    if not form.valid:
        raise Refused(next(iter(form.sentences)))
    return form.data
