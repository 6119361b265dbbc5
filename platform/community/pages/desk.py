"""What moderators do to a post or a thread; each a noun that is posted or deleted."""

from __future__ import annotations

from typing import Any, TypeVar

from litestar import Controller, Request, Response, delete, get, post
from litestar.response import Redirect

from community import actions, policy, records, rules
from community.forms import Move, PauseForm, Pin, Reason, Resolution, Retitle, Status
from community.pages.posts import place_of
from community.words import page
from core.context import here
from core.errors import NotFound, Refused
from core.forms import Form
from core.i18n import _
from core.pages import flash
from core.policy import ensure

S = TypeVar("S")


async def filled(request: Request[Any, Any, Any], kind: type[S]) -> S:
    """A small form that the page itself fills: what does not fit is refused."""
    form = Form(kind, await request.form())
    if not form.valid:
        raise Refused(next(iter(form.sentences), _("Choose one of the list.")))
    return form.data


def undo_path(action_id: int) -> str:
    return f"/community/actions/{action_id}/undoing"


async def thread_place(thread_id: int) -> tuple[records.BoardRow, records.ThreadRow]:
    thread = await records.thread(thread_id)
    board = await records.board(thread.board_id)
    if not policy.can_read(here().principal, board, thread):
        raise NotFound(_("There is no such thread."))
    return board, thread


class DeskPages(Controller):
    path = "/community"

    @get("/posts/{post_id:int}/hiding", may="community.moderate")
    async def hiding_form(self, post_id: int) -> Response[bytes]:
        board, thread, found = await place_of(post_id)
        ensure(policy.can_hide(here().principal, board, found))
        return page(
            "community/hide.html", board=board, thread=thread, post=found, form=Form(Reason), reasons=rules.REASONS
        )

    @post("/posts/{post_id:int}/hiding", may="community.moderate")
    async def hide(self, request: Request[Any, Any, Any], post_id: int) -> Response[Any]:
        board, thread, found = await place_of(post_id)
        form = Form(Reason, await request.form())
        if not form.valid or form.data.reason not in rules.REASONS:
            if form.valid:
                form.add_error("reason", _("Choose a reason."))
            return page("community/hide.html", status=422, board=board, thread=thread, post=found, form=form,
                        reasons=rules.REASONS)  # fmt: skip
        done = await actions.hide(here().principal, post_id, form.data.reason, form.data.note)
        flash(_("The post is hidden."), undo=undo_path(done))
        return Redirect(found.path, status_code=303)

    @delete("/posts/{post_id:int}/hiding", may="community.moderate", status_code=303)
    async def unhide(self, post_id: int) -> Response[Any]:
        _board, _thread, found = await place_of(post_id)
        done = await actions.unhide(here().principal, post_id)
        flash(_("The post is visible again."), undo=undo_path(done))
        return Redirect(found.path, status_code=303)

    @post("/posts/{post_id:int}/approval", may="community.moderate")
    async def approve(self, post_id: int) -> Response[Any]:
        done = await actions.approve(here().principal, post_id)
        flash(_("The post is approved."), undo=undo_path(done))
        return Redirect("/community/duty/held", status_code=303)

    @post("/posts/{post_id:int}/resolution", may="community.moderate")
    async def resolve(self, request: Request[Any, Any, Any], post_id: int) -> Response[Any]:
        data = await filled(request, Resolution)
        done = await actions.resolve_flags(here().principal, post_id, data.decision, data.reason, data.note)
        flash(_("The post is hidden.") if data.decision == "agreed" else _("The post stays."),
              undo=undo_path(done) if data.decision == "agreed" else None)  # fmt: skip
        return Redirect("/community/duty", status_code=303)

    @post("/{thread_id:int}/closure", may="community.moderate")
    async def close(self, thread_id: int) -> Response[Any]:
        done = await actions.close(here().principal, thread_id)
        flash(_("The thread is closed."), undo=undo_path(done))
        return Redirect(f"/community/{thread_id}", status_code=303)

    @delete("/{thread_id:int}/closure", may="community.moderate", status_code=303)
    async def reopen(self, thread_id: int) -> Response[Any]:
        done = await actions.reopen(here().principal, thread_id)
        flash(_("The thread is open again."), undo=undo_path(done))
        return Redirect(f"/community/{thread_id}", status_code=303)

    @post("/{thread_id:int}/pin", may="community.moderate")
    async def pin(self, request: Request[Any, Any, Any], thread_id: int) -> Response[Any]:
        done = await actions.pin(here().principal, thread_id, (await filled(request, Pin)).days)
        flash(_("The thread is pinned."), undo=undo_path(done))
        return Redirect(f"/community/{thread_id}", status_code=303)

    @delete("/{thread_id:int}/pin", may="community.moderate", status_code=303)
    async def unpin(self, thread_id: int) -> Response[Any]:
        done = await actions.unpin(here().principal, thread_id)
        flash(_("The thread is no longer pinned."), undo=undo_path(done))
        return Redirect(f"/community/{thread_id}", status_code=303)

    @get("/{thread_id:int}/board", may="community.moderate")
    async def move_form(self, thread_id: int) -> Response[bytes]:
        board, thread = await thread_place(thread_id)
        who = here().principal
        targets = [
            one for one in await records.boards() if one.id != board.id and policy.can_move(who, board, one, thread)
        ]
        return page("community/move.html", board=board, thread=thread, targets=targets, form=Form(Move))

    @post("/{thread_id:int}/board", may="community.moderate")
    async def move(self, request: Request[Any, Any, Any], thread_id: int) -> Response[Any]:
        data = await filled(request, Move)
        done = await actions.move(here().principal, thread_id, data.board, data.note)
        flash(_("The thread is moved."), undo=undo_path(done))
        return Redirect(f"/community/{thread_id}", status_code=303)

    @get("/{thread_id:int}/title", may="community.post")
    async def title_form(self, thread_id: int) -> Response[bytes]:
        board, thread = await thread_place(thread_id)
        ensure(policy.can_retitle(here().principal, board, thread))
        initial = {"title": thread.title, "tags": ", ".join(thread.tags), "version": thread.version}
        return page("community/title.html", board=board, thread=thread, form=Form(Retitle, initial=initial))

    @post("/{thread_id:int}/title", may="community.post")
    async def retitle(self, request: Request[Any, Any, Any], thread_id: int) -> Response[Any]:
        board, thread = await thread_place(thread_id)
        form = Form(Retitle, await request.form())
        if form.valid:
            try:
                await actions.retitle(here().principal, thread_id, form.data.title, form.data.tags, form.data.version)
            except Refused as refused:
                if refused.status != 422:
                    raise
                form.add_error("title", refused.sentence)
            else:
                flash(_("Your change is saved."))
                return Redirect(f"/community/{thread_id}", status_code=303)
        return page("community/title.html", status=422, board=board, thread=thread, form=form)

    @post("/{thread_id:int}/status", may="community.moderate")
    async def status(self, request: Request[Any, Any, Any], thread_id: int) -> Response[Any]:
        """needs_info; verified, outdated or accepted; the state of an idea."""
        who, status = here().principal, (await filled(request, Status)).status
        if status == "needs_info":
            await actions.ask_for_more(who, thread_id)
        elif status in ("verified", "outdated", "accepted"):
            await actions.verify(who, thread_id, status)
        else:
            await actions.set_idea_status(who, thread_id, status)
        flash(_("The state is changed."))
        return Redirect(f"/community/{thread_id}", status_code=303)

    @post("/{thread_id:int}/article", may="help.write")
    async def article(self, thread_id: int) -> Response[Any]:
        """A draft of the help centre, open in its editor; the one that there is already, if somebody was faster."""
        made, is_new = await actions.make_article(here().principal, thread_id)
        flash(
            _("The draft is made. Check it, then publish it.")
            if is_new
            else _("This was made into an article already.")
        )
        return Redirect(f"/staff/articles/{made.id}", status_code=303)

    @get("/posts/{post_id:int}/pause", may="community.moderate")
    async def pause_form(self, post_id: int) -> Response[bytes]:
        board, thread, found = await place_of(post_id)
        ensure(policy.can_hide(here().principal, board, found))
        longest = int(policy.longest_pause(here().principal).total_seconds() // 3600)
        return page("community/pause.html", board=board, thread=thread, post=found, form=Form(PauseForm),
                    longest=longest,
                    reasons=rules.REASONS)  # fmt: skip

    @post("/posts/{post_id:int}/pause", may="community.moderate")
    async def pause(self, request: Request[Any, Any, Any], post_id: int) -> Response[Any]:
        board, _thread, found = await place_of(post_id)
        data = await filled(request, PauseForm)
        await actions.pause(here().principal, found.author_id, board.id, data.hours, data.reason)
        flash(_("The author cannot write on this board for now."))
        return Redirect(found.path, status_code=303)

    @post("/actions/{action_id:int}/undoing", may="community.moderate")
    async def undo(self, action_id: int) -> Response[Any]:
        thread = await actions.undo(here().principal, action_id)
        flash(_("It is undone."))
        return Redirect(thread.path, status_code=303)
