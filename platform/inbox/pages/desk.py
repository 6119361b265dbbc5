"""The three panes: list, talk, context; and what keeps them live."""

from __future__ import annotations

import secrets
from typing import Any

from litestar import Controller, Request, Response, get

from core.context import here
from core.pages import page
from core.streams import stream
from customers.requests import voices
from inbox import reading, words
from inbox.live import Desk, watch


class DeskPages(Controller):
    path = "/staff/inbox"
    include_in_schema = False

    @get("/", may="inbox.answer")
    async def index(self, view: str = "desk", after: int = 0) -> Response[Any]:
        return page("inbox/desk.html", listed=await _listed(view, after), views=reading.VIEWS, open=None)

    @get("/{conversation_id:int}", may="inbox.answer")
    async def show(
        self, conversation_id: int, view: str = "desk", after: int = 0, write: str = "reply", canned: int = 0
    ) -> Response[Any]:
        return await shown(conversation_id, view, after, write, canned)

    @get("/live", may="inbox.answer")
    async def live(
        self, request: Request[Any, Any, Any], view: str = "desk", after: int = 0, current: int = 0, known: str = ""
    ) -> Response[Any]:
        """Server-sent events: the talk and the list, each again whenever it changed."""
        desk = Desk(view, _skipped(after), current, request.headers.get("last-event-id", known)[:60])
        return stream(here().principal.person_id or 0, desk.look, watch.joined)


def _skipped(after: int) -> int:
    return max(0, min(after, 100_000))


async def _listed(view: str, after: int) -> reading.Page:
    return await reading.conversations(view, _skipped(after))


async def shown(
    conversation_id: int, view: str = "desk", after: int = 0, write: str = "reply", canned: int = 0, *,
    body: str = "", mistake: str = "", status: int = 200,
) -> Response[Any]:  # fmt: skip
    """The page of one conversation; with what was typed when it could not be sent."""
    opened = await reading.conversation(conversation_id)
    replies = await reading.canned()
    chosen = next((one.body for one in replies if one.id == canned), "")
    return page(
        "inbox/desk.html", status=status, listed=await _listed(view, after), views=reading.VIEWS, open=opened,
        write="note" if write == "note" else "reply", body=body or chosen, mistake=mistake, canned=replies,
        key=secrets.token_urlsafe(16), colleagues=await reading.colleagues(), channels=words.CHANNELS,
        sending=words.SENDING, refusals=words.REFUSALS, reason=words.reason_of(opened.conversation.waiting_reason or
                                                      opened.conversation.summary.get("reason", "")),
        plan=await reading.plan_of(opened.account), states=words.STATES,
        labels=await reading.labels(opened.conversation), scores=words.SCORES,
        requests=(await voices.joined("conversation", [conversation_id])).get(conversation_id, []),
    )  # fmt: skip
