"""What a customer sees of their own conversations on the web."""

from __future__ import annotations

import secrets
from datetime import timedelta

from tortoise.queryset import QuerySet

from core.clock import now
from core.database import rows
from core.errors import NotFound
from core.i18n import _
from core.pages import render
from inbox import policy, reading
from inbox.customer import Customer
from inbox.models import Conversation

RATED_WITHIN = timedelta(days=14)


def theirs(customer: Customer | None) -> QuerySet[Conversation]:
    return policy.conversations_of(customer.person_id, customer.key) if customer else Conversation.filter(id=0)


async def current(customer: Customer | None) -> Conversation | None:
    """The open conversation of this customer, else their last."""
    mine = await theirs(customer).filter(state__in=("bot", "waiting", "human")).order_by("-id").first()
    return mine or await theirs(customer).order_by("-id").first()


async def one(customer: Customer | None, conversation_id: int) -> Conversation:
    found = await theirs(customer).get_or_none(id=conversation_id)
    if found is None:
        raise NotFound(_("This conversation does not exist."))
    return found


async def earlier(customer: Customer | None, besides: int, before: int = 0, limit: int = 10) -> list[Conversation]:
    """Their other conversations, latest first; those older than `before`, if given."""
    found = theirs(customer).exclude(id=besides)
    return await (found.filter(id__lt=before) if before else found).order_by("-id").limit(limit)


async def turns(conversation: Conversation | None, customer: Customer | None) -> list[reading.Turn]:
    if conversation is None:
        return []
    return await reading.turns(conversation.id, for_staff=False, customer=customer.name if customer else "")


async def talk(conversation: Conversation, customer: Customer) -> str:
    """The talk as HTML, with new keys for its buttons."""
    return render("inbox/own-turns.html", conversation=conversation, turns=await turns(conversation, customer),
                  key=secrets.token_urlsafe(16), rating=await may_rate(conversation))  # fmt: skip


async def unread(conversation: Conversation | None) -> int:
    """What we said that they did not see yet."""
    if conversation is None:
        return 0
    found = await rows(
        "SELECT COUNT(*) FROM message m LEFT JOIN outgoing o ON o.message_id = m.id WHERE m.conversation_id = ?"
        " AND m.number > ? AND m.sender IN ('staff', 'bot') AND (o.state IS NULL OR o.state <> 'cancelled')",
        conversation.id, conversation.customer_read,
    )  # fmt: skip
    return int(found[0][0])


async def may_rate(conversation: Conversation) -> bool:
    """A person took part, it ended lately, and they have not said yet how it was."""
    ended = conversation.resolved_at
    if conversation.state != "resolved" or ended is None or now() - ended > RATED_WITHIN:
        return False
    found = await rows(
        "SELECT EXISTS (SELECT 1 FROM message WHERE conversation_id = ? AND sender = 'staff'), EXISTS"
        " (SELECT 1 FROM conversation_rating WHERE conversation_id = ? AND epoch = ?)",
        conversation.id, conversation.id, conversation.epoch,
    )  # fmt: skip
    return bool(found[0][0]) and not found[0][1]


async def picture(customer: Customer | None, key: str) -> str:
    """The key, when a picture of that name stands in a conversation of theirs. Raises NotFound."""
    for conversation in await theirs(customer).order_by("-id").limit(20):
        for turn in await reading.turns(conversation.id, for_staff=False):
            if any(one.endswith(f"/{key}") for one in turn.pictures):
                return key
    raise NotFound(_("There is no such page."))
