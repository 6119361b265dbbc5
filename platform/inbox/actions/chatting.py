"""What a customer does in the chat of the web: write, tap, send a picture, read, say how it was."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from core.clock import now
from core.database import rows, transaction, write
from core.errors import NotFound, Refused, TooMany
from core.i18n import _
from core.media import store_image
from core.refs import Ref
from customers import timeline
from inbox import own
from inbox.actions.conversations import change, locked
from inbox.actions.receiving import Heard, receive
from inbox.customer import Customer
from inbox.models import Message
from inbox.speaking import account_speaking

MOST_IN_FIVE_MINUTES = 20
LONGEST = 5000
LONGEST_COMMENT = 2000
LONGEST_ID = 64


async def write_message(customer: Customer, body: str, *, id: str, page: str = "") -> Message | None:
    """`id` comes with the form: the same one is one message. None when it was received before."""
    body = body.strip()
    if not body:
        raise Refused(_("Write something first."))
    if len(body) > LONGEST:
        raise Refused(_("Write at most %(n)s characters.", n=f"{LONGEST:,}"))
    return await _hear(customer, body, id, {"kind": "text"}, page)


async def tap(customer: Customer, said: str, *, id: str, page: str = "") -> Message | None:
    """A button under an answer: it helped, this one, ask a person."""
    if not 3 <= len(said) <= 100:
        raise Refused(_("Choose one of the list."))
    return await _hear(customer, "", id, {"kind": "tap", "tap": said}, page)


async def send_picture(customer: Customer, data: bytes, name: str, *, id: str, page: str = "") -> Message | None:
    """The picture is made anew before anything is kept (core.media); staff and its sender see it."""
    if await _was_heard(_origin(customer, id)):
        return None
    await _not_too_many(customer)
    kept = await store_image(data, name[:200], audience="staff", owner_id=customer.person_id)
    item = {"kind": "image", "media": kept.key, "name": kept.name, "width": kept.width, "height": kept.height}
    return await _hear(customer, "", id, {"kind": "image", "attachments": [item]}, page)


def _origin(customer: Customer, id: str) -> str:
    if not 1 <= len(id) <= LONGEST_ID or not id.isascii() or not id.isprintable():
        raise Refused(_("Reload the page and send it again."))
    return f"web:{customer.who}:{id}"


async def _was_heard(origin: str) -> bool:
    return bool(await rows("SELECT 1 FROM message WHERE origin = ?", origin))


async def _hear(customer: Customer, body: str, id: str, data: dict[str, Any], page: str) -> Message | None:
    origin = _origin(customer, id)
    if await _was_heard(origin):
        return None
    await _not_too_many(customer)
    me = customer.person_id
    return await receive(Heard(
        channel="web", customer_key=customer.key, body=body, at=now(), person_id=me, lang=customer.lang,
        account_id=await account_speaking(me) if me else None, name=customer.name, brand=customer.brand,
        origin=origin, data=data, address={"page": page} if page else {},
    ))  # fmt: skip


async def _not_too_many(customer: Customer) -> None:
    """Per person or visitor, over all their open pages."""
    whose, value = ("c.person_id", customer.person_id) if customer.person_id else ("c.customer_key", customer.key)
    found = await rows("SELECT COUNT(*) FROM message m JOIN conversation c ON c.id = m.conversation_id"
                       f" WHERE {whose} = ? AND m.sender = 'person' AND m.created_at > ?",
                       value, now() - timedelta(minutes=5))  # fmt: skip
    if found[0][0] >= MOST_IN_FIVE_MINUTES:
        raise TooMany(_("You wrote many messages in a short time. Wait a few minutes."), retry_after=300)


async def seen(customer: Customer, number: int) -> None:
    """They saw everything up to `number`; it never goes back."""
    conversation = await own.current(customer)
    if conversation is None:
        return
    await write(
        "UPDATE conversation SET customer_read = ?, version = version + 1, changed_at = ? WHERE id = ?"
        " AND customer_read < ? AND message_count >= ?",
        number, now(), conversation.id, number, number,
    )  # fmt: skip


async def rate(customer: Customer, score: int, comment: str) -> None:
    """Once for each end of a conversation that a person took part in; the first answer stays. Raises Refused."""
    conversation = await own.current(customer)
    if conversation is None or not await own.may_rate(conversation):
        raise NotFound(_("There is nothing to rate."))
    if not 1 <= score <= 5:
        raise Refused(_("Choose one of the list."))
    said = "".join(letter for letter in comment if letter == "\n" or letter.isprintable()).strip()[:LONGEST_COMMENT]
    async with transaction():
        conversation = await locked(conversation.id)
        made = await write(
            "INSERT INTO conversation_rating (conversation_id, epoch, score, comment, at) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (conversation_id, epoch) DO NOTHING RETURNING id",
            conversation.id, conversation.epoch, score, said, now(),
        )  # fmt: skip
        if not made:
            return
        await change(conversation)
        await timeline.record(
            conversation.person_id, "inbox.rated", account_id=conversation.account_id, channel="web", score=score,
            about=Ref("conversation", conversation.id), key=f"rated:{made[0][0]}", comment=said,
        )  # fmt: skip
