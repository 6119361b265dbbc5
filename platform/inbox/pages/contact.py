"""問い合わせ: a member writes, the bot or a person answers, everything stays readable."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.response import Redirect

from core.clock import now
from core.context import here
from core.database import rows
from core.errors import Refused, TooMany
from core.forms import Form
from core.i18n import _
from core.pages import page
from core.streams import stream
from inbox import own
from inbox.actions.receiving import Heard, key_of_person, receive
from inbox.forms import Question, Tap
from inbox.live import Own, watch
from inbox.speaking import account_speaking

MOST_IN_FIVE_MINUTES = 20


class ContactPages(Controller):
    path = "/contact"
    include_in_schema = False

    @get("/", may="signed_in")
    async def index(self, question: str = "") -> Response[Any]:
        return await shown(body=question[:5000])

    @get("/live", may="signed_in")
    async def live(self, request: Request[Any, Any, Any], known: str = "") -> Response[Any]:
        """Server-sent events: the talk again whenever it changed."""
        page_of = Own(request.headers.get("last-event-id", known)[:60])
        return stream(here().principal.person_id or 0, page_of.look, watch.joined)

    @get("/{conversation_id:int}", may="signed_in")
    async def earlier(self, conversation_id: int) -> Response[Any]:
        conversation = await own.one(conversation_id)
        return page("inbox/contact-earlier.html", conversation=conversation, turns=await own.turns(conversation))

    @post("/messages", may="signed_in")
    async def write(self, request: Request[Any, Any, Any]) -> Response[Any]:
        sent = await request.form()
        form = Form(Question, sent)
        if not form.valid:
            return await shown(form=form, status=422)
        await _hear(form.data.body, form.data.key, {"kind": "text"})
        return Redirect("/contact#latest", status_code=303)

    @post("/taps", may="signed_in")
    async def tap(self, request: Request[Any, Any, Any]) -> Response[Any]:
        """A button under an answer: it helped, this one, ask a person."""
        form = Form(Tap, await request.form())
        if not form.valid:
            raise Refused(_("Choose one of the list."))
        await _hear("", form.data.key, {"kind": "tap", "tap": form.data.tap})
        return Redirect("/contact#latest", status_code=303)


async def _hear(body: str, key: str, data: dict[str, Any]) -> None:
    who = here().principal
    me = who.person_id or 0
    await _not_too_many(me)
    await receive(Heard(
        channel="web", customer_key=key_of_person(me), body=body, at=now(), person_id=me,
        account_id=await account_speaking(me), name=who.name, lang=here().language,
        origin=f"web:{me}:{key or secrets.token_urlsafe(16)}", data=data,
    ))  # fmt: skip


async def _not_too_many(person_id: int) -> None:
    found = await rows("SELECT COUNT(*) FROM message WHERE author_id = ? AND sender = 'person' AND created_at > ?",
                       person_id, now() - timedelta(minutes=5))  # fmt: skip
    if found[0][0] >= MOST_IN_FIVE_MINUTES:
        raise TooMany(_("You wrote many messages in a short time. Wait a few minutes."), retry_after=300)


async def shown(*, form: Form | None = None, body: str = "", status: int = 200) -> Response[Any]:
    conversation = await own.current()
    return page(
        "inbox/contact.html", status=status, conversation=conversation, turns=await own.turns(conversation),
        earlier=await own.earlier(conversation.id) if conversation else [],
        form=form or Form(Question, initial={"body": body}), key=secrets.token_urlsafe(16),
    )  # fmt: skip
