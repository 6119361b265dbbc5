"""Settings of the inbox: canned replies (one's own and everybody's) and labels."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, delete, get, post
from litestar.response import Redirect

from core.context import current_principal
from core.errors import Conflict
from core.forms import Form
from core.i18n import _
from core.pages import flash, page
from inbox import reading
from inbox.actions import furnishing
from inbox.forms import Canned, NewLabel
from inbox.models import CannedReply, Label

REPLIES, LABELS = "/staff/settings/replies", "/staff/settings/labels"


class CannedPages(Controller):
    path = REPLIES
    include_in_schema = False

    @get("/", may="inbox.answer")
    async def index(self) -> Response[Any]:
        return page("inbox/canned.html", replies=await reading.canned(), me=current_principal().person_id)

    @get("/new", may="inbox.answer")
    async def new(self) -> Response[Any]:
        return _form(Form(Canned))

    @post("/new", may="inbox.answer", status_code=200)
    async def add(self, request: Request[Any, Any, Any]) -> Response[Any]:
        return await _keep(Form(Canned, await request.form()))

    @get("/{canned_id:int}", may="inbox.answer")
    async def show(self, canned_id: int) -> Response[Any]:
        found = await furnishing.canned_reply(canned_id)
        typed = {"title": found.title, "shortcut": found.shortcut, "body": found.body,
                 "whose": "mine" if found.owner_id else "everybody"}  # fmt: skip
        return _form(Form(Canned, initial=typed), found)

    @post("/{canned_id:int}", may="inbox.answer", status_code=200)
    async def change(self, request: Request[Any, Any, Any], canned_id: int) -> Response[Any]:
        return await _keep(Form(Canned, await request.form()), await furnishing.canned_reply(canned_id))

    @delete("/{canned_id:int}", may="inbox.answer", status_code=303)
    async def drop(self, canned_id: int) -> Redirect:
        await furnishing.drop_canned(canned_id)
        flash(_("Deleted."))
        return Redirect(REPLIES, status_code=303)


async def _keep(form: Form[Canned], found: CannedReply | None = None) -> Response[Any]:
    if not form.valid:
        return _form(form, found, 422)
    typed = form.data
    await furnishing.keep_canned(typed.title, typed.shortcut, typed.body, canned_id=found.id if found else 0,
                                 for_everybody=typed.whose == "everybody")  # fmt: skip
    flash(_("Saved."))
    return Redirect(REPLIES, status_code=303)


def _form(form: Form[Canned], found: CannedReply | None = None, status: int = 200) -> Response[Any]:
    whose = {"mine": _("Only me"), "everybody": _("Everybody who answers")}
    return page("inbox/canned_form.html", status=status, form=form, canned=found,
                whose=whose if current_principal().may("settings.manage") else {"mine": whose["mine"]})  # fmt: skip


class LabelPages(Controller):
    path = LABELS
    include_in_schema = False

    @get("/", may="settings.manage")
    async def index(self) -> Response[Any]:
        return await _labels(Form(NewLabel))

    @post("/", may="settings.manage", status_code=200)
    async def add(self, request: Request[Any, Any, Any]) -> Response[Any]:
        form = Form(NewLabel, await request.form())
        if not form.valid:
            return await _labels(form, 422)
        try:
            await furnishing.add_label(form.data.name)
        except Conflict as twice:
            form.add_error("name", twice.sentence)
            return await _labels(form, 409)
        flash(_("Added."))
        return Redirect(LABELS, status_code=303)

    @delete("/{label_id:int}", may="settings.manage", status_code=303)
    async def drop(self, label_id: int) -> Redirect:
        await furnishing.drop_label(label_id)
        flash(_("Taken away. Conversations that carry it keep it."))
        return Redirect(LABELS, status_code=303)


async def _labels(form: Form[NewLabel], status: int = 200) -> Response[Any]:
    return page("inbox/labels.html", status=status, form=form, labels=await Label.all().order_by("position", "id"))
