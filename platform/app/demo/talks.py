"""Conversations as they happened: customers ask, the bot answers or hands over, people reply."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from app.demo.acting import Cast, at
from app.demo.files import Known, data, hours_ago
from bots.notices_of_waiting import words_for
from core.clock import as_of, now
from core.pages import absolute
from core.principal import SYSTEM
from customers.timeline import primary_account
from inbox.actions import ownership, receiving, replies, sending
from inbox.models import Conversation, Message

# Mail that comes in is not a channel of the inbox yet; whoever wrote by mail in the files writes on the web here.
_links = re.compile(r"\[([^\]]+)\]\(([^)]+)\)")
CHANNELS = {"mail": "web"}


async def load(known: Known) -> None:
    cast = Cast(known)
    for one in data("conversations.json"):
        await _conversation(one, cast, known)
    await cast.leave()


async def _conversation(one: dict[str, Any], cast: Cast, known: Known) -> None:
    person_id = known.people[one["person"]]
    conversation_id = asked = 0
    for place, said in enumerate(one["messages"]):
        moment = hours_ago(said["hours_ago"])
        if said["from"] == "person":
            with at(moment, SYSTEM):
                heard = await receiving.receive(receiving.Heard(
                    channel=CHANNELS.get(one["channel"], one["channel"]), body=said["body"],
                    customer_key=receiving.key_of_person(person_id),
                    at=moment, person_id=person_id, account_id=await primary_account(person_id), lang=one["lang"],
                    origin=f"demo:{one['id']}:{place}",
                ))  # fmt: skip
            assert heard is not None
            conversation_id, asked = heard.conversation_id, heard.id
        else:
            await _ours(said, conversation_id, asked, cast, f"demo:{one['id']}:{place}")
    await _ending(one, conversation_id, cast)


async def _ours(said: dict[str, Any], conversation_id: int, asked: int, cast: Cast, key: str) -> None:
    moment = hours_ago(said["hours_ago"])
    who = await cast.be(said["author"]) if "author" in said else SYSTEM
    with at(moment, who):
        conversation = await Conversation.get(id=conversation_id)
        if said["from"] == "bot":
            # The bot's own key of this answer, so that the bot finds it said when it reads the question again.
            kind = {"kind": said["kind"], "confidence": said.get("confidence")}
            words = _in_a_chat(cast.linked(said["body"]))
            await replies.say_automatically(conversation_id, words, key=f"answer:{asked}", needs="bot", data=kind,
                                            epoch=conversation.epoch)  # fmt: skip
            await _left(conversation_id)
        if said.get("kind") == "handed_over":
            fresh = await Conversation.get(id=conversation_id)
            await _handed_over(conversation_id, fresh.epoch)
        elif said["from"] == "staff":
            await replies.reply(conversation_id, _in_a_chat(cast.linked(said["body"])), key=key)
            await _left(conversation_id)
        elif said["from"] == "note":
            await replies.note(conversation_id, _in_a_chat(cast.linked(said["body"])), key=key)


def _in_a_chat(text: str) -> str:
    """Chats carry no Markdown: a link is its name and its whole address."""
    return _links.sub(lambda found: f"「{found[1]}」 {absolute(found[2])} ", text)


async def _handed_over(conversation_id: int, epoch: int) -> None:
    """To a person, and the customer is told, under the key that the bot would use."""
    conversation = await Conversation.get(id=conversation_id)
    reason = "high_tier" if await ownership.tier_of(conversation) == "high" else "asked"
    await ownership.hand_over(conversation_id, epoch=epoch, reason=reason)
    await conversation.refresh_from_db()
    words = await words_for(conversation)
    if words:
        await replies.say_automatically(conversation_id, words, epoch=conversation.epoch,
                                    key=f"waiting:{conversation_id}:{conversation.epoch}", needs="waiting")  # fmt: skip
    await _left(conversation_id)


async def _left(conversation_id: int) -> None:
    """What was queued has left: no platform stands behind the demo's LINE and Slack."""
    moment = now()
    for _ in range(5):
        with as_of(moment):
            claimed = await sending.claim(conversation_id)
            if isinstance(claimed, sending.Wait):
                moment = claimed.until
            elif claimed is None:
                return
            else:
                await sending.settle(claimed, "sent")


async def _ending(one: dict[str, Any], conversation_id: int, cast: Cast) -> None:
    last = await Message.filter(conversation_id=conversation_id).order_by("-number").first()
    conversation = await Conversation.get(id=conversation_id)
    assert last is not None
    who = await cast.be(one["assignee"] or "S06")
    with at(min(last.at + timedelta(minutes=5), now()), who):
        if one["state"] == "closed":
            if conversation.state == "bot":
                await ownership.resolve_by_customer(conversation_id, epoch=conversation.epoch)
            else:
                await ownership.resolve(conversation_id)
            return
        if conversation.state == "bot":
            await _handed_over(conversation_id, conversation.epoch)
    if one["labels"]:
        with at(now(), who):
            await ownership.label(conversation_id, one["labels"])
    if one["state"] == "snoozed":
        with at(now(), who):
            await ownership.snooze(conversation_id, now() + timedelta(hours=one["snoozed_for_hours"]))
