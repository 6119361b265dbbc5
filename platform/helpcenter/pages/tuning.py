"""What staff decide about searches, per brand: synonyms, stop words, pinned and hidden results; first tried."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, delete, get, post
from litestar.response import Redirect

from core.context import here
from core.errors import Refused
from core.forms import Form
from core.i18n import _
from core.pages import flash, fragment, page, safe_path, url
from core.refs import Ref
from helpcenter import finding, tuning
from helpcenter.ids import possible
from helpcenter.pages.around import staff_tabs
from helpcenter.tuning_forms import HideForm, PinForm, StopWordForm, SynonymForm
from search import control_verbs as verbs
from search import controls_of, preview

HOME = "/staff/articles/tuning"


class TuningPages(Controller):
    path = HOME

    @get("/", may="help.write")
    async def index(self, brand: str = "") -> Response[Any]:
        return await _front(await tuning.chosen_brand(brand))

    @post("/synonyms", may="help.write")
    async def add_synonym(self, request: Request[Any, Any, Any]) -> Response[Any]:
        form = Form(SynonymForm, await request.form())
        if not form.valid:
            return await _front(await tuning.chosen_brand(form.value("brand")), synonym=form, status=422)
        said = form.data
        try:
            await verbs.add_synonym(here().principal, said.brand, said.each(), said.is_two_way)
        except Refused as refusal:
            form.add_error("words", refusal.sentence)
            return await _front(await tuning.chosen_brand(said.brand), synonym=form, status=422)
        flash(_("The synonyms count from now on."))
        return _home(said.brand)

    @delete("/synonyms/{control_id:int}", may="help.write", status_code=303)
    async def remove_synonym(self, control_id: int, brand: str = "") -> Redirect:
        await verbs.remove_synonym(here().principal, possible(control_id))
        return _gone(brand)

    @post("/stop-words", may="help.write")
    async def add_stop_word(self, request: Request[Any, Any, Any]) -> Response[Any]:
        form = Form(StopWordForm, await request.form())
        if not form.valid:
            return await _front(await tuning.chosen_brand(form.value("brand")), stop_word=form, status=422)
        said = form.data
        try:
            await verbs.add_stop_word(here().principal, said.brand, said.word)
        except Refused as refusal:
            form.add_error("word", refusal.sentence)
            return await _front(await tuning.chosen_brand(said.brand), stop_word=form, status=422)
        flash(_("Searches leave this word out from now on."))
        return _home(said.brand)

    @delete("/stop-words/{control_id:int}", may="help.write", status_code=303)
    async def remove_stop_word(self, control_id: int, brand: str = "") -> Redirect:
        await verbs.remove_stop_word(here().principal, possible(control_id))
        return _gone(brand)

    @post("/pins", may="help.write")
    async def pin(self, request: Request[Any, Any, Any]) -> Redirect:
        said = _valid(Form(PinForm, await request.form()))
        ref = await tuning.named(said.what)
        await verbs.pin(here().principal, said.brand, said.query, ref, said.position, said.is_contained)
        flash(_("“%(title)s” stands at place %(n)s of this search from now on.",
                title=await finding.title_of(ref), n=said.position))  # fmt: skip
        return Redirect(safe_path(said.next, HOME), status_code=303)

    @delete("/pins/{control_id:int}", may="help.write", status_code=303)
    async def unpin(self, control_id: int, brand: str = "") -> Redirect:
        await verbs.unpin(here().principal, possible(control_id))
        return _gone(brand)

    @post("/hides", may="help.write")
    async def hide(self, request: Request[Any, Any, Any]) -> Redirect:
        said = _valid(Form(HideForm, await request.form()))
        ref = await tuning.named(said.what)
        await verbs.hide(here().principal, said.brand, ref, said.query)
        title = await finding.title_of(ref)
        flash(_("“%(title)s” is left out of this search from now on.", title=title) if said.query
              else _("“%(title)s” is left out of every search from now on.", title=title))  # fmt: skip
        return Redirect(safe_path(said.next, HOME), status_code=303)

    @delete("/hides/{control_id:int}", may="help.write", status_code=303)
    async def unhide(self, control_id: int, brand: str = "") -> Redirect:
        await verbs.unhide(here().principal, possible(control_id))
        return _gone(brand)

    @post("/preview", may="help.write", status_code=200)
    async def preview(self, request: Request[Any, Any, Any]) -> Response[Any]:
        """What a decision that is being written would change on the searches of the last 30 days."""
        add = tuning.proposed(await request.form())
        brand = await tuning.chosen_brand(add.brand if add else "")
        made = await preview(brand, add=(add,), tokens=tuning.READER) if add else None
        piece = bool(request.headers.get("x-fragment"))
        show = fragment if piece else page
        return show("helpcenter/changes-piece.html" if piece else "helpcenter/changes.html", preview=made)

    @get("/preview", may="help.write")
    async def preview_without(self, without: str = "", brand: str = "") -> Response[Any]:
        """The same for a decision that would be taken back: `without=synonym:3`."""
        brand = await tuning.chosen_brand(brand)
        gone = tuning.control_named(await controls_of(brand), without)
        made = await preview(brand, remove=(gone,), tokens=tuning.READER) if gone else None
        return page("helpcenter/changes.html", preview=made)


def _valid(form: Form[Any]) -> Any:
    if not form.valid:
        raise Refused(next(iter(form.sentences)))
    return form.data


def _home(brand: str) -> Redirect:
    return Redirect(url(HOME, brand=brand if brand != here().principal.brand else None), status_code=303)


def _gone(brand: str) -> Redirect:
    flash(_("Taken back."))
    return _home(brand or here().principal.brand)


async def _front(
    brand: str, *, synonym: Form[SynonymForm] | None = None, stop_word: Form[StopWordForm] | None = None,
    status: int = 200,
) -> Response[Any]:  # fmt: skip
    controls = await controls_of(brand)
    refs: set[Ref] = {one.ref for one in (*controls.pins, *controls.hides)}
    return page(
        "helpcenter/tuning.html", status=status, controls=controls, chosen=brand, brands=await tuning.brands(),
        titles={ref: await finding.title_of(ref) for ref in refs}, tabs=await staff_tabs(),
        synonym=synonym or Form(SynonymForm, initial={"brand": brand, "is_two_way": True}),
        stop_word=stop_word or Form(StopWordForm, initial={"brand": brand}),
    )  # fmt: skip
