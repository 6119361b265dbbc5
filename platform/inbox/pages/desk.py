"""The three panes: list, talk, context; and what live pages ask for."""

from __future__ import annotations

import secrets
from typing import Any

from litestar import Controller, Response, get

from core.pages import fragment, page
from inbox import reading, words


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

    @get("/{conversation_id:int}/news", may="inbox.answer")
    async def news(self, conversation_id: int, version: int = 0) -> Response[Any]:
        """The talk again when it changed, else 204: live pages ask every few seconds."""
        opened = await reading.conversation(conversation_id)
        if opened.conversation.version == version:
            return Response(None, status_code=204)
        return fragment("inbox/turns.html", open=opened, sending=words.SENDING)

    @get("/news", may="inbox.answer")
    async def list_news(self, view: str = "desk", after: int = 0, current: int = 0) -> Response[Any]:
        return fragment("inbox/lines.html", listed=await _listed(view, after), current=current)


async def _listed(view: str, after: int) -> reading.Page:
    return await reading.conversations(view, max(0, min(after, 100_000)))


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
        sending=words.SENDING, reason=words.reason_of(opened.conversation.waiting_reason or
                                                      opened.conversation.summary.get("reason", "")),
        plan=await reading.plan_of(opened.account), states=words.STATES,
    )  # fmt: skip
