"""A reply on the web that nobody read is sent by mail, once until they look again.

It is the answer to their own question, so it needs no consent; but an address that bounced or complained gets
nothing, nor does who said no to such mails, and nobody gets one at night.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

import msgspec

from channels import mail
from core.clock import now
from core.database import rows, transaction
from core.i18n import _, speaking
from core.jobs import job
from core.pages import absolute, brand
from core.refs import Ref
from customers import consent, timeline, touches
from customers.quiet import zone_of
from customers.topics import CHAT_REPLIES
from inbox import returning
from inbox.models import Conversation, Message

PATIENCE = timedelta(minutes=5)
TOO_LATE = timedelta(days=2)
QUIET_FROM, QUIET_UNTIL = time(22), time(7)  # where they are
LONGEST = 3000


class Reader(msgspec.Struct, frozen=True):
    mail: str
    lang: str
    zone: str
    link: str


@job
async def mail_unread(conversation_id: int, number: int) -> str:
    """Says what became of it. `number` is the reply's."""
    conversation = await Conversation.get_or_none(id=conversation_id)
    said = await Message.get_or_none(conversation_id=conversation_id, number=number, sender="staff")
    if conversation is None or said is None or conversation.customer_read >= number:
        return "read"
    if now() - said.at > TOO_LATE:
        return "too late"
    reader = await _reader(conversation)
    if reader is None or not await _may_be_sent(conversation, reader):
        return "no address, or none that may be written to"
    if morning := _morning(now(), reader.zone):
        await mail_unread.later(conversation_id=conversation_id, number=number, due=morning)
        return "it is night"
    await _send(conversation, reader)
    return "sent"


async def _reader(conversation: Conversation) -> Reader | None:
    """A verified address: the person's own, or the visitor's who typed our code."""
    if conversation.person_id:
        found = await rows(
            "SELECT p.email, p.locale, p.time_zone FROM person p JOIN identity i ON i.kind = 'email'"
            " AND i.value = p.email AND i.person_id = p.id WHERE p.id = ? AND p.state = 'active'"
            " AND i.verified_at IS NOT NULL", conversation.person_id,
        )  # fmt: skip
        return Reader(found[0][0], found[0][1], found[0][2], absolute("/contact")) if found else None
    visitor = conversation.customer_key.removeprefix("visitor:")
    if not visitor.isdecimal():
        return None
    found = await rows("SELECT mail FROM chat_visitor WHERE id = ? AND mail <> ''", int(visitor))
    if not found:
        return None
    return Reader(found[0][0], conversation.lang, "", absolute(f"/contact/return/{returning.seal(int(visitor))}"))


async def _may_be_sent(conversation: Conversation, reader: Reader) -> bool:
    if await consent.is_suppressed("email", reader.mail):
        return False
    said = await consent.state_of(conversation.person_id or 0, CHAT_REPLIES.slug, "email")
    return said != "refused"


def _morning(moment: datetime, zone: str) -> datetime | None:
    """When the night ends where they are; None while it is day."""
    local = moment.astimezone(zone_of(zone))
    if QUIET_UNTIL <= local.time() < QUIET_FROM:
        return None
    day = local.date() + timedelta(days=1 if local.time() >= QUIET_FROM else 0)
    return datetime.combine(day, QUIET_UNTIL, local.tzinfo).astimezone(moment.tzinfo)


async def _send(conversation: Conversation, reader: Reader) -> None:
    """Everything that is unread, in one mail; `customer_read` in its key makes it one until they look again."""
    unread = Message.filter(conversation_id=conversation.id, number__gt=conversation.customer_read, sender="staff")
    found = await unread.order_by("number").limit(20)
    words = "\n\n".join(one.body for one in found)[:LONGEST]
    key = f"chat-unread:{conversation.id}:{conversation.customer_read}"
    with speaking(reader.lang):
        text = _(
            "Your question was answered in the chat:\n\n%(words)s\n\nWrite on here: %(link)s\n\n"
            "Which mails you receive is your choice: %(choice)s",
            words=words, link=reader.link, choice=absolute("/me/contact"),
        )  # fmt: skip
        subject = _("%(name)s answered your question", name=brand().name)
    async with transaction():
        await mail.post(reader.mail, subject, text, key=key, brand=conversation.brand)
        await touches.passes(conversation.person_id, "email", "reply", key,
                             about=Ref("conversation", conversation.id))  # fmt: skip
        await timeline.record(
            conversation.person_id, "inbox.mailed", account_id=conversation.account_id, channel="email",
            about=Ref("conversation", conversation.id), key=key,
        )  # fmt: skip
