"""Asking: the form, what answers already while the title is typed, drafts."""

from __future__ import annotations

import json
import secrets
from typing import Any

from litestar import Controller, Request, Response, delete, get, post
from litestar.response import Redirect

from community import actions, policy, records
from community.forms import DraftForm, Question
from community.reading import own, related
from community.records import BoardRow
from community.words import page
from core.context import here
from core.database import rows
from core.errors import Forbidden, Refused
from core.forms import Form
from core.i18n import _
from core.pages import flash, fragment
from core.pictures import with_pictures


async def _open_boards() -> list[BoardRow]:
    return [board for board in await records.boards() if policy.can_post(here().principal, board)]


async def _near(title: str) -> dict[str, Any]:
    found = await related.while_typing(here().principal, title)
    solved = await related.solved_ids([one.id for one in found if one.kind == "thread"])
    return {"found": found, "solved": solved}


async def _page(
    form: Form[Question], boards: list[BoardRow], *, status: int = 200, sequence: int = 0
) -> Response[bytes]:
    chosen = next((one for one in boards if one.slug == form.value("board")), boards[0])
    return page("community/new.html", status=status, form=form, boards=boards, board=chosen, sequence=sequence,
                **await _near(form.value("title")))  # fmt: skip


class AskPages(Controller):
    path = "/community"

    @get("/new", may="community.post")
    async def new(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        boards = await _open_boards()
        if not boards:
            raise Forbidden(_("There is no board on which you can write."))
        draft = await rows("SELECT title, body, data, sequence FROM draft WHERE person_id = ? AND key = 'new'",
                           here().principal.person_id)  # fmt: skip
        initial: dict[str, Any] = {"board": request.query_params.get("board", ""), "watch": True}
        if draft:
            kept = json.loads(draft[0]["data"]) if isinstance(draft[0]["data"], str) else draft[0]["data"]
            initial |= {"title": draft[0]["title"], "body": draft[0]["body"], "tags": kept.get("tags", "")}
            initial["board"] = initial["board"] or kept.get("board", "")
        if title := request.query_params.get("title", "")[:120]:
            initial["title"] = title
        initial["key"] = secrets.token_urlsafe(12)
        return await _page(Form(Question, initial=initial), boards, sequence=draft[0]["sequence"] if draft else 0)

    @post("/new", may="community.post")
    async def ask(self, request: Request[Any, Any, Any]) -> Response[Any]:
        data, mistake = await with_pictures(await request.form())
        form, boards = Form(Question, data), await _open_boards()
        if mistake:
            form.add_error("body", mistake)
        if not boards:
            raise Forbidden(_("There is no board on which you can write."))
        if "do" in data:  # look for similar questions
            return await _page(Form(Question, initial={name: sent[-1] for name, sent in data.items()}), boards)
        chosen = next((one for one in boards if form.valid and one.slug == form.data.board), None)
        if form.valid and chosen is None:
            form.add_error("board", _("Choose one of the list."))
        if not form.valid or chosen is None:
            return await _page(form, boards, status=422)
        return await self._publish(form, boards, chosen)

    async def _publish(self, form: Form[Question], boards: list[BoardRow], board: BoardRow) -> Response[Any]:
        asked = form.data
        try:
            thread = await actions.publish(here().principal, board.id, asked.title, asked.body, tags=asked.tags,
                                           key=asked.key, watch=asked.watch)  # fmt: skip
        except Refused as refused:
            if refused.status != 422:
                raise
            form.add_error("title" if len(asked.title) < 6 else "body", refused.sentence)
            return await _page(form, boards, status=422)
        if thread.visibility == "held":
            flash(_("Your post waits for approval."))
        else:
            flash(_("Your question is posted.") if board.kind == "question" else _("Your post is published."))
        return Redirect(thread.path, status_code=303)

    @get("/similar", may="community.read")
    async def similar(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """A fragment for the form's script."""
        return fragment("community/similar.html", **await _near(request.query_params.get("title", "")[:200]))

    @get("/drafts", may="signed_in")
    async def drafts(self) -> Response[bytes]:
        return page("community/drafts.html", drafts=await own.drafts(here().principal))

    @post("/drafts", may="community.post")
    async def keep(self, request: Request[Any, Any, Any]) -> Response[Any]:
        """Autosave by the form's script; 409 when another window was later."""
        form = Form(DraftForm, await request.form())
        if not form.valid:
            raise Refused(form.summary)
        kept = form.data
        await actions.keep_draft(here().principal, kept.draft, kept.sequence, title=kept.title, body=kept.body,
                                 data={"tags": kept.tags, "board": kept.board})  # fmt: skip
        return Response({"sequence": kept.sequence}, status_code=200)

    @delete("/drafts/{draft_id:int}", may="community.post", status_code=303)
    async def discard(self, draft_id: int) -> Response[Any]:
        found = await rows("SELECT key FROM draft WHERE id = ? AND person_id = ?", draft_id, here().principal.person_id)
        if found:
            await actions.discard_draft(here().principal, found[0]["key"])
        flash(_("The draft is discarded."))
        return Redirect("/community/drafts", status_code=303)
