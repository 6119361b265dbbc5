"""What staff do to a conversation: each act is a noun."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from litestar import Controller, Request, Response, delete, post
from litestar.response import Redirect

from core.clock import now
from core.context import here
from core.errors import Refused
from core.forms import Form
from core.i18n import _
from core.pages import flash
from core.settings import settings
from customers.models import Person
from inbox import hours
from inbox.actions import ownership, replies, suggestions
from inbox.forms import Labels, Note, Owner, PutOff, Refusal, Reply, Suggested
from inbox.mentions import named_in
from inbox.pages.desk import shown


def back(conversation_id: int) -> Redirect:
    return Redirect(f"/staff/inbox/{conversation_id}", status_code=303)


async def _say_who_was_told(named: list[int], told: list[int]) -> None:
    named = [id for id in named if id != here().principal.person_id]
    names = {one.id: one.full_name for one in await Person.filter(id__in=named)} if named else {}
    if told:
        flash(_("Told: %(names)s", names=_(", ").join(names[id] for id in told if id in names)))
    if unseeing := [names[id] for id in named if id not in told and id in names]:
        flash(_("These people may not see this conversation, so they were not told: %(names)s",
                names=_(", ").join(unseeing)), "warn")  # fmt: skip


class TalkPages(Controller):
    path = "/staff/inbox"
    include_in_schema = False

    @post("/{conversation_id:int}/replies", may="inbox.answer")
    async def reply(self, request: Request[Any, Any, Any], conversation_id: int) -> Response[Any]:
        sent = await request.form()
        form = Form(Reply, sent)
        if not form.valid:
            return await shown(conversation_id, status=422, body=str(sent.get("body", "")),
                               mistake=next(iter(form.errors.values()), ""))  # fmt: skip
        try:
            await _reply(conversation_id, form.data)
        except Refused as refused:
            if refused.status not in (409, 413, 422):
                raise
            return await shown(conversation_id, status=refused.status, body=form.data.body, mistake=refused.sentence)
        return back(conversation_id)

    @post("/suggestions/{suggestion_id:int}/reply", may="inbox.answer")
    async def send_suggestion(self, request: Request[Any, Any, Any], suggestion_id: int) -> Response[Any]:
        """What a bot on trial would answer, as it is or changed."""
        form = Form(Suggested, await request.form())
        if not form.valid:
            raise Refused(_("Write something first."))
        found = await suggestions.found(suggestion_id)
        await suggestions.send(suggestion_id, form.data.body.strip() or found.body, epoch=form.data.epoch)
        return back(found.conversation_id)

    @post("/suggestions/{suggestion_id:int}/refusal", may="inbox.answer")
    async def refuse_suggestion(self, request: Request[Any, Any, Any], suggestion_id: int) -> Response[Any]:
        form = Form(Refusal, await request.form())
        if not form.valid:
            raise Refused(_("Choose why."))
        await suggestions.refuse(suggestion_id, form.data.reason, form.data.comment, epoch=form.data.epoch)
        flash(_("Refused. Nothing was sent; answer it yourself."))
        return back((await suggestions.found(suggestion_id)).conversation_id)

    @post("/{conversation_id:int}/notes", may="inbox.answer")
    async def note(self, request: Request[Any, Any, Any], conversation_id: int) -> Response[Any]:
        sent = await request.form()
        form = Form(Note, sent)
        if not form.valid:
            return await shown(conversation_id, status=422, write="note", body=str(sent.get("body", "")),
                               mistake=next(iter(form.errors.values()), ""))  # fmt: skip
        named = await named_in(form.data.body)
        said = await replies.note(conversation_id, form.data.body, mentions=named, key=form.data.key)
        await _say_who_was_told(named, said.data.get("told", []))
        return Redirect(f"/staff/inbox/{conversation_id}?write=note", status_code=303)

    @post("/{conversation_id:int}/ownership", may="inbox.answer")
    async def own(self, request: Request[Any, Any, Any], conversation_id: int) -> Response[Any]:
        """Take it over, or give it to a colleague."""
        form = Form(Owner, await request.form())
        if not form.valid:
            raise Refused(_("Choose a member of staff."))
        if form.data.person_id and form.data.person_id != here().principal.person_id:
            await ownership.assign(conversation_id, form.data.person_id, epoch=form.data.epoch)
            flash(_("The conversation has a new owner."))
        else:
            await ownership.take_over(conversation_id, epoch=form.data.epoch)
            flash(_("This conversation is yours."))
        return back(conversation_id)

    @delete("/{conversation_id:int}/ownership", may="inbox.answer", status_code=303)
    async def give_back(self, conversation_id: int) -> Response[Any]:
        await ownership.hand_back(conversation_id)
        flash(_("The bot answers what is asked from now on."))
        return back(conversation_id)

    @post("/{conversation_id:int}/closure", may="inbox.answer")
    async def resolve(self, conversation_id: int) -> Response[Any]:
        await ownership.resolve(conversation_id)
        flash(_("Resolved."), undo=f"/staff/inbox/{conversation_id}/closure", undo_method="DELETE")
        return back(conversation_id)

    @delete("/{conversation_id:int}/closure", may="inbox.answer", status_code=303)
    async def reopen(self, conversation_id: int) -> Response[Any]:
        await ownership.reopen(conversation_id)
        return back(conversation_id)

    @post("/{conversation_id:int}/pause", may="inbox.answer")
    async def put_off(self, request: Request[Any, Any, Any], conversation_id: int) -> Response[Any]:
        form = Form(PutOff, await request.form())
        if not form.valid:
            raise Refused(_("Choose one of the list."))
        await ownership.snooze(conversation_id, moment_of(form.data.until))
        flash(_("Put off. It comes back then, or when the customer writes."))
        return back(conversation_id)

    @post("/{conversation_id:int}/labels", may="inbox.answer")
    async def label(self, request: Request[Any, Any, Any], conversation_id: int) -> Response[Any]:
        form = Form(Labels, await request.form())
        if not form.valid:
            raise Refused(_("Choose labels of the list."))
        await ownership.label(conversation_id, form.data.labels)
        flash(_("Saved."))
        return back(conversation_id)

    @post("/outgoing/{outgoing_id:int}/again", may="inbox.answer")
    async def send_again(self, outgoing_id: int) -> Response[Any]:
        found = await replies.send_again(outgoing_id)
        flash(_("Sending once more."))
        return back(found.conversation_id)


async def _reply(conversation_id: int, said: Reply) -> None:
    """Words, a picture, or both: two messages, the picture first, since it may be refused."""
    epoch = said.epoch
    if said.picture is not None:
        await replies.send_picture(conversation_id, await said.picture.read(), said.picture.filename or "",
                                   key=f"{said.key}p", epoch=epoch)  # fmt: skip
        epoch = None  # the conversation is ours now, at another one
    if said.body.strip() or said.picture is None:
        await replies.reply(conversation_id, said.body, key=said.key, epoch=epoch)


def moment_of(until: str) -> datetime:
    """In an hour, tomorrow at nine, next Monday at nine; on a day that is worked."""
    local = now().astimezone(settings().zone)
    if until == "hour":
        return now() + timedelta(hours=1)
    days = 1 if until == "tomorrow" else 7 - local.weekday()
    day = local.date() + timedelta(days=days)
    while not hours.is_working_day(day):
        day += timedelta(days=1)
    return datetime.combine(day, time(9), settings().zone)
