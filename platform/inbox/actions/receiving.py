"""A customer writes, on whatever channel."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from core.clock import now
from core.database import rows, transaction
from core.events import announce
from core.refs import Ref
from customers import timeline
from inbox.actions.conversations import add_message, change, hold_key, locked, new_owner
from inbox.events import MessageReceived
from inbox.models import Conversation, Message

REOPENS_WITHIN = timedelta(days=7)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
LONGEST = 20_000  # characters of one message that are kept


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What a channel understood of a message. `origin` is the platform's own id of it; `at` its own time."""

    channel: str
    customer_key: str
    body: str
    at: datetime
    person_id: int | None = None
    account_id: int | None = None
    name: str = ""
    lang: str = "ja"
    brand: str = "default"
    connection_id: int | None = None
    address: dict[str, Any] = {}
    reply_token: str = ""
    reply_token_at: datetime | None = None
    data: dict[str, Any] = {}
    arrival_id: int | None = None
    origin: str | None = None


def key_of_person(person_id: int) -> str:
    return f"person:{person_id}"


async def receive(heard: Heard) -> Message | None:
    """Add a message to the customer's open conversation, or open one. None when it was received before."""
    async with transaction():
        await hold_key(heard.customer_key)
        if await _is_known(heard):
            return None
        conversation = await _conversation_for(heard)
        await change(conversation, **_news(conversation, heard))
        message = await add_message(
            conversation, "person", heard.body[:LONGEST], at=heard.at, author_id=heard.person_id,
            channel=heard.channel, data=heard.data, arrival_id=heard.arrival_id, origin=heard.origin,
        )  # fmt: skip
        await timeline.record(
            heard.person_id, "inbox.asked", account_id=heard.account_id, channel=heard.channel, at=heard.at,
            about=Ref("conversation", conversation.id), key=f"message:{message.id}", text=heard.body[:200],
        )  # fmt: skip
        await announce(MessageReceived(conversation.id, message.id, conversation.epoch))
    return message


async def _is_known(heard: Heard) -> bool:
    if heard.arrival_id and await rows("SELECT 1 FROM message WHERE arrival_id = ?", heard.arrival_id):
        return True
    return bool(heard.origin and await rows("SELECT 1 FROM message WHERE origin = ?", heard.origin))


async def _conversation_for(heard: Heard) -> Conversation:
    """By the key, or by the person: right after a merge the key is still the other one's (inbox.actions.following)."""
    found = await rows(
        "SELECT id FROM conversation WHERE customer_key = ? OR (person_id = ? AND customer_key LIKE 'person:%')"
        " ORDER BY CASE WHEN state = 'resolved' THEN 1 ELSE 0 END, id DESC LIMIT 1",
        heard.customer_key, heard.person_id,
    )  # fmt: skip
    if found:
        conversation = await locked(int(found[0][0]))
        if conversation.is_open:
            return conversation
        if conversation.resolved_at and now() - conversation.resolved_at < REOPENS_WITHIN:
            await _reopen(conversation)
            return conversation
    moment = now()
    return await Conversation.create(
        customer_key=heard.customer_key, person_id=heard.person_id, account_id=heard.account_id, name=heard.name[:160],
        lang=heard.lang, brand=heard.brand, channel=heard.channel, connection_id=heard.connection_id,
        address=heard.address,
        bot_since=LONG_AGO, last_message_at=moment, created_at=moment,
    )  # fmt: skip


async def _reopen(conversation: Conversation) -> None:
    """The bot again, with the history; what was asked before humans closed it is not the bot's any more."""
    touched = await rows("SELECT 1 FROM message WHERE conversation_id = ? AND sender = 'staff' LIMIT 1",
                         conversation.id)  # fmt: skip
    more = {"bot_since": conversation.resolved_at} if touched else {}
    await new_owner(conversation, "bot", None, reason="wrote_again", fact="reopened", resolved_at=None, unsure=0,
                    priority=0, waiting_since=None, waiting_reason="", sla_due_at=None, first_response_at=None,
                    escalation=0, **more)  # fmt: skip


def _news(conversation: Conversation, heard: Heard) -> dict[str, Any]:
    """Answers go to where the latest message came from, by the source's time; writing wakes what was put off."""
    fields: dict[str, Any] = {"snoozed_until": None}
    if conversation.person_id is None and heard.person_id:
        fields |= {"person_id": heard.person_id}
    if conversation.account_id is None and heard.account_id:
        fields |= {"account_id": heard.account_id}
    if heard.name and not conversation.name:
        fields |= {"name": heard.name[:160]}
    if conversation.last_inbound_at is None or heard.at >= conversation.last_inbound_at:
        fields |= {
            "last_inbound_at": heard.at, "channel": heard.channel, "connection_id": heard.connection_id,
            "address": heard.address, "reply_token": heard.reply_token, "reply_token_at": heard.reply_token_at,
        }  # fmt: skip
    return fields


async def take_back(origin: str) -> None:
    """The customer unsent a message: its words go, on their side and ours."""
    async with transaction():
        message = await Message.get_or_none(origin=origin)
        if message is None:
            return
        conversation = await locked(message.conversation_id)
        message.update_from_dict({"body": "", "data": {"kind": "taken_back"}, "state": "taken_back"})
        await message.save(update_fields=["body", "data", "state"])
        if conversation.message_count == message.number:
            await change(conversation, preview="")
        else:
            await change(conversation)


async def edit(origin: str, body: str, at: datetime) -> None:
    """The customer changed a message; edits may come in any order, the largest timestamp wins."""
    async with transaction():
        message = await Message.get_or_none(origin=origin, state="shown")
        if message is None:
            return
        conversation = await locked(message.conversation_id)
        before = message.data.get("edited_at", 0)
        if at.timestamp() > before:
            message.body, message.data = body[:LONGEST], message.data | {"edited_at": at.timestamp()}
            await message.save(update_fields=["body", "data"])
            await change(conversation)
