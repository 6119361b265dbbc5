"""/api/v1 of the inbox: conversations that the key's person may see, what was said in them, and answering."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from litestar import Controller, Request, Response, get, post

from core.api import BASE, READ, WRITE, After, InState, Limit, Page, Since, body_of, narrowed, once, page_of, the_one
from core.context import current_principal
from core.forms import Text
from core.i18n import _, lazy
from core.pages import absolute
from inbox import policy
from inbox.actions import replies
from inbox.models import STATES, Conversation, Message


class ConversationOut(msgspec.Struct):
    """`state`: bot, waiting (for a human), human, resolved."""

    id: int
    person_id: int | None
    account_id: int | None
    name: str
    state: str
    channel: str
    owner_id: int | None
    labels: list[str]
    priority: int
    lang: str
    preview: str
    message_count: int
    waiting_since: datetime | None
    waiting_reason: str
    sla_due_at: datetime | None
    first_response_at: datetime | None
    resolved_at: datetime | None
    last_message_at: datetime
    created_at: datetime
    url: str


class MessageOut(msgspec.Struct):
    """`sender`: person (the customer), bot, staff, note (among staff), fact (what happened)."""

    id: int
    number: int
    sender: str
    author_id: int | None
    body: str
    state: str
    channel: str
    at: datetime


class ReplyIn(msgspec.Struct):
    body: Text


async def shown(found: Sequence[Conversation]) -> list[ConversationOut]:
    names = [name for name in ConversationOut.__struct_fields__ if name != "url"]
    return [ConversationOut(url=absolute(f"/staff/inbox/{one.id}"), **{name: getattr(one, name) for name in names})
            for one in found]  # fmt: skip


async def said(found: Sequence[Message]) -> list[MessageOut]:
    """What was taken back is not said again."""
    return [MessageOut(one.id, one.number, one.sender, one.author_id, "" if one.state == "taken_back" else one.body,
                       one.state, one.channel, one.at) for one in found]  # fmt: skip


async def _conversation(conversation_id: int) -> Conversation:
    visible = policy.visible_conversations(current_principal())
    return await the_one(visible, conversation_id, _("There is no such conversation."))


class ConversationApi(Controller):
    path = f"{BASE}/conversations"

    @get("/", may="inbox.answer", says=lazy("List conversations"), **READ)
    async def index(
        self, request: Request[Any, Any, Any], after: After = "", limit: Limit = 50, updated_since: Since = None,
        in_state: InState = "", person_id: int = 0, account_id: int = 0,
    ) -> Page[ConversationOut]:  # fmt: skip
        """`updated_since` looks at when the last message came."""
        query = narrowed(policy.visible_conversations(current_principal()), last_message_at__gte=updated_since,
                         person_id=person_id, account_id=account_id)  # fmt: skip
        if in_state:
            query = query.filter(state=in_state if in_state in STATES else "")
        return await page_of(request, query, shown, after=after, limit=limit)

    @get("/{conversation_id:int}", may="inbox.answer", says=lazy("Read a conversation"), **READ)
    async def one(self, conversation_id: int) -> ConversationOut:
        return (await shown([await _conversation(conversation_id)]))[0]

    @get("/{conversation_id:int}/messages", may="inbox.answer", says=lazy("Read what was said"), **READ)
    async def messages(
        self, request: Request[Any, Any, Any], conversation_id: int, after: After = "", limit: Limit = 50
    ) -> Page[MessageOut]:
        found = await _conversation(conversation_id)
        return await page_of(request, Message.filter(conversation_id=found.id), said, after=after, limit=limit,
                             field="number")  # fmt: skip

    @post("/{conversation_id:int}/replies", may="inbox.answer", body=ReplyIn, is_once=True,
          says=lazy("Answer the customer, as the key's person"), **WRITE)  # fmt: skip
    async def reply(self, request: Request[Any, Any, Any], conversation_id: int) -> Response[MessageOut]:
        await _conversation(conversation_id)
        given = await body_of(request, ReplyIn)

        async def work() -> MessageOut:
            made = await replies.reply(conversation_id, given.body, key=f"api:{secrets.token_hex(8)}")
            return (await said([made]))[0]

        return await once(request, work)


controllers = [ConversationApi]
