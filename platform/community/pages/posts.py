"""One post: likes, edits, deletion, the accepted answer, reports."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, delete, get, post
from litestar.response import Redirect

from community import actions, policy, records, rules
from community.actions import EditConflict
from community.actions.posts import revisions
from community.forms import Edit, Reason
from community.reading.people import names_of
from community.records import BoardRow, PostRow, ThreadRow
from community.words import page
from core.audit import audit
from core.clock import when
from core.context import here
from core.errors import NotFound, Refused
from core.forms import Form
from core.i18n import _
from core.pages import flash
from core.pictures import with_pictures
from core.policy import ensure
from core.refs import Ref


async def place_of(post_id: int) -> tuple[BoardRow, ThreadRow, PostRow]:
    """The post with its thread and board, for somebody who may read it; else NotFound."""
    found = await records.post(post_id)
    thread = await records.thread(found.thread_id)
    board = await records.board(thread.board_id)
    who = here().principal
    if not policy.can_read(who, board, thread) or not policy.can_read_post(who, board, found):
        raise NotFound(_("There is no such post."))
    return board, thread, found


class PostPages(Controller):
    path = "/community/posts/{post_id:int}"

    @get("/", may="community.read")
    async def show(self, post_id: int) -> Response[Any]:
        """The lasting address of a post, wherever it stands."""
        _board, _thread, found = await place_of(post_id)
        return Redirect(found.path, status_code=303)

    @post("/like", may="community.post")
    async def like(self, post_id: int) -> Response[Any]:
        return Redirect((await actions.like(here().principal, post_id)).path, status_code=303)

    @delete("/like", may="community.post", status_code=303)
    async def unlike(self, post_id: int) -> Response[Any]:
        return Redirect((await actions.unlike(here().principal, post_id)).path, status_code=303)

    @post("/acceptance", may="community.post")
    async def accept(self, post_id: int) -> Response[Any]:
        thread = await actions.accept(here().principal, post_id)
        flash(_("You chose the answer."), undo=f"/community/posts/{post_id}/acceptance", undo_method="DELETE")
        return Redirect(thread.path, status_code=303)

    @delete("/acceptance", may="community.post", status_code=303)
    async def unaccept(self, post_id: int) -> Response[Any]:
        thread = await actions.unaccept(here().principal, post_id)
        flash(_("No answer is chosen now."))
        return Redirect(thread.path, status_code=303)

    @get("/edit", may="community.post")
    async def edit_form(self, post_id: int) -> Response[bytes]:
        board, thread, found = await place_of(post_id)
        ensure(policy.can_edit(here().principal, board, thread, found))
        return _edit_page(board, thread, found, Form(Edit, initial=found))

    @post("/edit", may="community.post")
    async def edit(self, request: Request[Any, Any, Any], post_id: int) -> Response[Any]:
        board, thread, found = await place_of(post_id)
        data, mistake = await with_pictures(await request.form())
        form = Form(Edit, data)
        if mistake:
            form.add_error("body", mistake)
        if not form.valid:
            return _edit_page(board, thread, found, form, status=422)
        try:
            made = await actions.edit(here().principal, post_id, form.data.body, form.data.version)
        except EditConflict as conflict:
            again = Form(Edit, initial={"body": conflict.mine, "version": conflict.post.version})
            return _edit_page(board, thread, conflict.post, again, status=409, conflict=conflict)
        except Refused as refused:
            if refused.status != 422:
                raise
            form.add_error("body", refused.sentence)
            return _edit_page(board, thread, found, form, status=422)
        flash(_("Your change is saved."))
        return Redirect(made.path, status_code=303)

    @get("/deletion", may="community.post")
    async def deletion_form(self, post_id: int) -> Response[bytes]:
        board, thread, found = await place_of(post_id)
        ensure(policy.can_delete(here().principal, board, thread, found))
        return page("community/delete.html", board=board, thread=thread, post=found)

    @delete("/", may="community.post", status_code=303)
    async def delete(self, post_id: int) -> Response[Any]:
        _board, _thread, found = await place_of(post_id)
        thread = await actions.delete(here().principal, post_id)
        flash(_("The post is deleted."))
        board = await records.board(thread.board_id)
        return Redirect(f"/community/b/{board.slug}" if found.number == 1 else thread.path, status_code=303)

    @get("/flag", may="community.post")
    async def flag_form(self, post_id: int) -> Response[bytes]:
        board, thread, found = await place_of(post_id)
        ensure(policy.can_flag(here().principal, board, thread, found))
        return _flag_page(board, thread, found, Form(Reason))

    @post("/flag", may="community.post")
    async def flag(self, request: Request[Any, Any, Any], post_id: int) -> Response[Any]:
        board, thread, found = await place_of(post_id)
        form = Form(Reason, await request.form())
        if not form.valid or form.data.reason not in rules.REASONS:
            if form.valid:
                form.add_error("reason", _("Choose a reason."))
            return _flag_page(board, thread, found, form, status=422)
        await actions.flag(here().principal, post_id, form.data.reason, form.data.note)
        flash(_("The moderators are told. Thank you."))
        return Redirect(thread.path, status_code=303)

    @get("/history", may="community.moderate")
    async def history(self, post_id: int) -> Response[bytes]:
        """Earlier versions and deleted text: for staff, and every look is logged."""
        who = here().principal
        ensure(policy.can_see_deleted(who))
        found = await records.post(post_id)
        thread = await records.thread(found.thread_id)
        await audit("community.read_history", Ref("post", post_id))
        kept = await revisions(post_id)
        names = await names_of([found.author_id, *(row["edited_by_id"] for row in kept)])
        versions = [{"version": row["version"], "body": row["body"], "at": when(row["created_at"]),
                     "by": names[row["edited_by_id"]].name} for row in kept]  # fmt: skip
        return page(
            "community/history.html", thread=thread, post=found, versions=versions, author=names[found.author_id]
        )


def _edit_page(board: BoardRow, thread: ThreadRow, found: PostRow, form: Form[Edit], *, status: int = 200,
               conflict: EditConflict | None = None) -> Response[bytes]:  # fmt: skip
    return page(
        "community/edit.html", status=status, board=board, thread=thread, post=found, form=form, conflict=conflict
    )


def _flag_page(
    board: BoardRow, thread: ThreadRow, found: PostRow, form: Form[Reason], *, status: int = 200
) -> Response[bytes]:
    return page("community/flag.html", status=status, board=board, thread=thread, post=found, form=form,
                reasons=rules.REASONS)  # fmt: skip
