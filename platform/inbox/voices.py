"""Conversations and ratings as voices for requests, and the reply there when staff choose that way of telling."""

from __future__ import annotations

from collections.abc import Awaitable

from core.context import current_principal
from core.database import rows, transaction
from core.events import announce
from core.i18n import lazy
from core.refs import Ref
from customers import notices, timeline
from customers.models import FULL_NAME, Decision
from customers.requests import sources, telling
from customers.requests.sources import Said
from customers.requests.telling import Asker
from customers.requests.voices import LONGEST
from customers.rights import rights_of
from inbox import policy
from inbox.actions.conversations import add_message, locked
from inbox.actions.replies import queue
from inbox.events import ReplyWritten
from inbox.models import Conversation, Message, Rating
from inbox.unread import PATIENCE, mail_unread

LOOKED_AT = 40  # messages back


def _seen(conversation_id: int) -> Awaitable[Conversation | None]:
    return policy.visible_conversations(current_principal()).get_or_none(id=conversation_id)


async def said(conversation_id: int) -> Said | None:
    """What they said last, as far as it was said in one go: on LINE one thought is many messages."""
    if not current_principal().may("inbox.answer") or (conversation := await _seen(conversation_id)) is None:
        return None
    found: list[Message] = []
    last = Message.filter(conversation_id=conversation.id, state="shown").order_by("-number").limit(LOOKED_AT)
    for one in await last:
        if one.sender == "person" and one.body:
            found.append(one)
        elif found and one.sender in ("staff", "bot"):
            break
    quote = "\n".join(one.body.strip() for one in reversed(found))[-LONGEST:]
    at = found[0].at if found else conversation.last_message_at
    return Said(quote, at, f"/staff/inbox/{conversation.id}", conversation.person_id, conversation.account_id)


async def said_in_rating(rating_id: int) -> Said | None:
    rating = await Rating.get_or_none(id=rating_id)
    if rating is None or not rating.comment or not current_principal().may("inbox.answer"):
        return None
    conversation = await _seen(rating.conversation_id)
    if conversation is None:
        return None
    return Said(rating.comment[:LONGEST], rating.at, f"/staff/inbox/{conversation.id}", conversation.person_id,
                conversation.account_id)  # fmt: skip


async def links(ids: list[int]) -> dict[int, str]:
    who = current_principal()
    if not who.may("inbox.answer"):
        return {}
    seen = policy.visible_conversations(who).filter(id__in=ids).values_list("id", flat=True)
    return {int(str(id)): f"/staff/inbox/{id}" for id in await seen}


async def links_of_ratings(ids: list[int]) -> dict[int, str]:
    there = {one.id: one.conversation_id for one in await Rating.filter(id__in=ids)}
    seen = await links(sorted(set(there.values())))
    return {id: seen[conversation] for id, conversation in there.items() if conversation in seen}


# Telling -----------------------------------------------------------------------------------------------------


async def follow(decision: Decision) -> None:
    """Replies, where the decision says so: in the name of who decided, if they may still reply."""
    if not decision.tells or decision.in_conversations != "reply":
        return
    theirs = await rights_of(decision.by_id) if decision.by_id else None
    way = "reply" if theirs and theirs.may("inbox.answer") else "failed"
    name = await _name(decision.by_id or 0)
    for asker in await telling.askers(decision):
        if asker.conversation_id:
            await _reply(decision, asker, way, name)


async def _reply(decision: Decision, asker: Asker, way: str, name: str) -> None:
    """Nobody's conversation changes hands by it, and no clock stops: it is no answer to what is being asked now."""
    async with transaction():
        conversation = await locked(asker.conversation_id or 0)
        if conversation.customer_key.startswith("erased:"):
            way = "failed"
        if not await _claimed(decision, asker, way) or way == "failed":
            return
        message = await add_message(conversation, "staff", decision.message, author_id=decision.by_id,
                                    data={"request": decision.request_id})  # fmt: skip
        await queue(conversation, message, key=f"request:{decision.id}:{conversation.id}", content={"sender": name})
        await _on_the_web(conversation, message)
        await timeline.record(
            conversation.person_id, "inbox.replied", account_id=conversation.account_id, channel=conversation.channel,
            about=Ref("conversation", conversation.id), key=f"message:{message.id}", by=decision.by_id,
            text=decision.message[:200],
        )  # fmt: skip
        await announce(ReplyWritten(conversation.id, message.id))


async def _claimed(decision: Decision, asker: Asker, way: str) -> bool:
    if asker.person_id:
        return bool(await telling.claim(decision, [asker.person_id], way))
    return await telling.claim_conversation(decision, asker.conversation_id or 0, way)


async def _on_the_web(conversation: Conversation, message: Message) -> None:
    if conversation.channel != "web":
        return
    if conversation.person_id:
        await notices.tell([conversation.person_id], about=Ref("conversation", conversation.id), url="/contact",
                           kind="inbox.answered", key=f"message:{message.id}")  # fmt: skip
    await mail_unread.later(conversation_id=conversation.id, number=message.number, after=PATIENCE)


async def _name(person_id: int) -> str:
    found = await rows(f"SELECT {FULL_NAME} FROM person p WHERE p.id = ?", person_id)
    return str(found[0][0]) if found else ""


sources.register("conversation", sources.Source(lazy("Conversation"), said, links, follow))
sources.register("rating", sources.Source(lazy("Rating of a conversation"), said_in_rating, links_of_ratings))
