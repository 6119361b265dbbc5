"""A conversation ends when the customer is silent for three business days after our reply reached them.

On the web it says so, kindly. On LINE, Slack and by mail it does not: a push is paid for, a mail asks for attention, a
post calls a whole channel, and all three to say that nothing more will happen. Writing opens it again everywhere.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from core.clock import now
from core.database import rows, transaction
from core.i18n import _, speaking
from core.jobs import every
from inbox import hours
from inbox.actions.conversations import add_message, locked
from inbox.actions.ownership import resolve_quietly
from inbox.actions.replies import queue
from inbox.models import Conversation, Message, Outgoing

SILENT_DAYS = 3
AT_ONCE = 500
# Asked of the database: conversations that wait for us, the oldest of all, would fill every turn else.
# So would replies that never arrived: their customers wait for us too.
QUIET = """SELECT c.id FROM conversation c WHERE c.state = 'human' AND c.last_message_at < ? AND c.snoozed_until IS NULL
 AND (SELECT CASE WHEN m.sender = 'staff' THEN o.state ELSE '' END FROM message m LEFT JOIN outgoing o
 ON o.message_id = m.id WHERE m.conversation_id = c.id AND m.sender IN ('person', 'staff')
 ORDER BY m.number DESC LIMIT 1) = 'sent' ORDER BY c.last_message_at LIMIT ?"""


def is_over(last: datetime, moment: datetime) -> bool:
    """Three whole business days passed: Friday's reply waits for Wednesday."""
    return hours.after(last, SILENT_DAYS * hours.DAY_MINUTES) <= moment


@every(minutes=30)
async def end_silent_conversations() -> int:
    """What staff answered last, what arrived, and nobody answered since."""
    # A reply before nine sees its third business day end a night earlier than the clock has gone round three times.
    quiet = await rows(QUIET, now() - timedelta(days=SILENT_DAYS - 1), AT_ONCE)
    return sum([await _end(int(row[0])) for row in quiet])


async def _end(conversation_id: int) -> bool:
    async with transaction():
        conversation = await locked(conversation_id)
        last = await Message.filter(conversation_id=conversation_id, sender__in=("person", "staff"))\
            .order_by("-number").first()  # fmt: skip
        if conversation.state != "human" or conversation.snoozed_until or last is None or last.sender != "staff":
            return False
        arrived = await _arrived(conversation_id, last)
        if arrived is None or not is_over(arrived, now()):
            return False
        if conversation.channel == "web":
            await _say_so(conversation)
        await resolve_quietly(conversation)
    return True


async def _arrived(conversation_id: int, last: Message) -> datetime | None:
    """When our last words left; None while any reply of a person is on its way or came to nothing."""
    since = await Message.filter(conversation_id=conversation_id, sender="person").order_by("-number").first()
    sent = await Outgoing.filter(conversation_id=conversation_id, message__sender="staff",
                                 message__number__gt=since.number if since else 0)  # fmt: skip
    if not sent or any(one.state != "sent" for one in sent):
        return None
    return max(last.at, *(one.finished_at or last.at for one in sent))


async def _say_so(conversation: Conversation) -> None:
    with speaking(conversation.lang):
        words = _("We close this for now, because we have not heard from you. Whenever you write here, it opens"
                  " again with everything that was said.")  # fmt: skip
    message = await add_message(conversation, "bot", words, data={"kind": "closing"})
    await queue(conversation, message, key=f"closing:{conversation.id}:{conversation.epoch}", needs="human")
