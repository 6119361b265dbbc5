"""What we say: a human reply (which is a takeover), a note, and what the bot queues."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from core.clock import now
from core.context import current_principal
from core.database import rows, transaction
from core.errors import Conflict, NotFound, Refused
from core.events import announce
from core.i18n import _
from core.media import forget_media, store_image
from core.refs import Ref
from customers import notices, timeline
from inbox import trial
from inbox.actions.conversations import add_message, change, locked, locked_for_me
from inbox.actions.ownership import owned_by
from inbox.events import ReplyWritten
from inbox.mentions import who_may_read
from inbox.models import Conversation, Message, Outgoing, Suggestion
from inbox.unread import PATIENCE, mail_unread

LONGEST = 5000  # characters; LINE's limit for one text


async def reply(
    conversation_id: int, body: str, *, key: str, epoch: int | None = None, attachments: list[Any] | None = None
) -> Message:
    """Answer the customer where they wrote last. `key` comes with the form: the same one is one reply.

    With `epoch`: refused when somebody else took the conversation since the form was shown.
    """
    body = body.strip() if attachments else _checked(body)
    unique = _unique(conversation_id, key)
    async with transaction():
        conversation = await locked(conversation_id)
        if before := await _written_before(unique):
            return before
        conversation = await locked_for_me(conversation_id, epoch)
        me = current_principal().person_id
        if me is None:
            raise Refused(_("Only a person can reply."))
        await owned_by(conversation, me, reason="replied")
        message = await add_message(conversation, "staff", body, author_id=me,
                                    data={"attachments": attachments} if attachments else {})  # fmt: skip
        await _answered(conversation)
        await Suggestion.filter(conversation_id=conversation.id, state="open").update(
            state="unused", decided_by_id=me, decided_at=now())  # fmt: skip
        await queue(conversation, message, key=unique, content={"sender": current_principal().name})
        if conversation.channel == "web" and conversation.person_id:
            await notices.tell([conversation.person_id], about=Ref("conversation", conversation.id), url="/contact",
                               kind="inbox.answered", key=f"message:{message.id}")  # fmt: skip
        if conversation.channel == "web":
            await mail_unread.later(conversation_id=conversation.id, number=message.number, after=PATIENCE)
        await timeline.record(
            conversation.person_id, "inbox.replied", account_id=conversation.account_id, channel=conversation.channel,
            about=Ref("conversation", conversation.id), key=f"message:{message.id}", by=me,
            text=body[:200] or _("Sent a picture or a file"),
        )  # fmt: skip
        await announce(ReplyWritten(conversation.id, message.id))
    return message


async def send_picture(conversation_id: int, data: bytes, name: str, *, key: str, epoch: int | None = None) -> Message:
    """A picture for a customer on the web. It is made anew before anything is kept, and gone when it was not sent."""
    if before := await _written_before(_unique(conversation_id, key)):
        return before
    async with transaction():
        conversation = await locked_for_me(conversation_id, epoch)
    if conversation.channel != "web":
        raise Refused(_("Pictures can be sent to customers on the web only."))
    kept = await store_image(data, name[:200], audience="staff", owner_id=current_principal().person_id)
    item = {"kind": "image", "media": kept.key, "name": kept.name, "width": kept.width, "height": kept.height}
    try:
        return await reply(conversation_id, "", key=key, epoch=epoch, attachments=[item])
    except Exception:
        async with transaction():
            await forget_media([kept.key])
        raise


def _unique(conversation_id: int, key: str) -> str:
    return f"reply:{conversation_id}:{current_principal().person_id}:{key}"[:120]


def _checked(body: str) -> str:
    body = body.strip()
    if not body:
        raise Refused(_("Write something first."))
    if len(body.encode("utf-16-le")) // 2 > LONGEST:
        raise Refused(_("Write at most %(n)s characters.", n=f"{LONGEST:,}"))
    return body


async def _written_before(key: str) -> Message | None:
    found = await rows("SELECT message_id FROM outgoing WHERE key = ?", key)
    return await Message.get(id=int(found[0][0])) if found else None


async def _answered(conversation: Conversation) -> None:
    """A human answered: the clock stops, and only a human's answer stops it."""
    await change(conversation, first_response_at=conversation.first_response_at or now(), waiting_since=None,
                 sla_due_at=None, waiting_reason="", priority=0)  # fmt: skip


async def queue(
    conversation: Conversation, message: Message, *, key: str, needs: str = "", content: dict[str, Any] | None = None,
    held_for: timedelta | None = None,
) -> Outgoing:  # fmt: skip
    """A row of the ledger for a message of a locked conversation. On the web the message is there already."""
    moment = now()
    is_web = conversation.channel == "web"
    return await Outgoing.create(
        message_id=message.id, conversation_id=conversation.id, key=key[:120], channel=conversation.channel,
        connection_id=conversation.connection_id, address=conversation.address, content=content or {}, needs=needs,
        epoch=conversation.epoch, state="sent" if is_web else "held" if held_for else "queued",
        way="shown" if is_web else "", due_at=moment + (held_for or timedelta()), created_at=moment,
        finished_at=moment if is_web else None,
    )  # fmt: skip


async def say_automatically(
    conversation_id: int, body: str, *, key: str, epoch: int, needs: str, data: dict[str, Any] | None = None,
    content: dict[str, Any] | None = None, held_for: timedelta | None = None, unsure: int | None = None,
) -> Message | None:  # fmt: skip
    """What no human wrote: an answer of the bot (`needs` bot) or a notice of the hand-over (`needs` waiting).

    None when the conversation is not in that state at that epoch, or when `key` was said before.
    """
    async with transaction():
        conversation = await locked(conversation_id)
        if conversation.state != needs or conversation.epoch != epoch:
            return None
        if needs == "bot" and trial.is_answer(data) and not await trial.may_answer_alone(conversation):
            return None
        if await rows("SELECT 1 FROM outgoing WHERE key = ?", key):
            return None
        message = await add_message(conversation, "bot", body, data=data or {})
        if unsure is not None:
            await change(conversation, unsure=unsure)
        await queue(conversation, message, key=key, needs=needs, content=content, held_for=held_for)
    return message


async def note(conversation_id: int, body: str, *, mentions: list[int] | None = None, key: str = "") -> Message:
    """For colleagues only; it is never sent. Of the mentioned, those who may read it are told (`data["told"]`)."""
    body, me = _checked(body), current_principal()
    async with transaction():
        conversation = await locked_for_me(conversation_id)
        origin = f"note:{conversation_id}:{me.person_id}:{key}"[:200] if key else None
        if origin and (before := await Message.get_or_none(origin=origin)):
            return before
        others = [id for id in mentions or [] if id != me.person_id]
        told = await who_may_read(conversation, others)
        message = await add_message(conversation, "note", body, author_id=me.person_id, channel="", origin=origin,
                                    data={"told": told} if told else {})  # fmt: skip
        if told:
            await notices.tell(told, about=Ref("conversation", conversation.id), kind="inbox.mentioned",
                               key=f"note:{message.id}", url=f"/staff/inbox/{conversation.id}#m{message.number}",
                               data={"by": me.name})  # fmt: skip
    return message


async def send_again(outgoing_id: int) -> Outgoing:
    """A failed or uncertain reply of a human, once more, because a human says so."""
    async with transaction():
        found = await Outgoing.get_or_none(id=outgoing_id)
        if found is None:
            raise NotFound(_("There is no such message."))
        await locked_for_me(found.conversation_id)
        if found.needs or found.state not in ("failed", "uncertain"):
            raise Conflict(_("This cannot be sent again."))
        again = f"{found.key[:100]}:again{found.attempts}"
        await Outgoing.filter(id=found.id).update(state="queued", reason="", due_at=now(), key=again, way="",
                                                  reply_token="", reply_token_at=None, lease_until=None)  # fmt: skip
        await announce(ReplyWritten(found.conversation_id, found.message_id))
    return found
