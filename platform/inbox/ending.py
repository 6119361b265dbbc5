"""A conversation on the web ends when the customer is silent for three business days after our reply; kindly."""

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
from inbox.models import Conversation, Message

SILENT_DAYS = 3
AT_ONCE = 500
# Asked of the database: conversations that wait for us, the oldest of all, would fill every turn else.
QUIET = """SELECT c.id FROM conversation c WHERE c.state = 'human' AND c.channel = 'web' AND c.last_message_at < ?
 AND c.snoozed_until IS NULL AND (SELECT m.sender FROM message m WHERE m.conversation_id = c.id
 AND m.sender IN ('person', 'staff') ORDER BY m.number DESC LIMIT 1) = 'staff' ORDER BY c.last_message_at LIMIT ?"""


def is_over(last: datetime, moment: datetime) -> bool:
    """Three whole business days passed: Friday's reply waits for Wednesday."""
    return hours.after(last, SILENT_DAYS * hours.DAY_MINUTES) <= moment


@every(minutes=30)
async def end_silent_conversations() -> int:
    """What staff answered last, and nobody answered since."""
    quiet = await rows(QUIET, now() - timedelta(days=SILENT_DAYS), AT_ONCE)
    return sum([await _end(int(row[0])) for row in quiet])


async def _end(conversation_id: int) -> bool:
    async with transaction():
        conversation = await locked(conversation_id)
        last = await Message.filter(conversation_id=conversation_id, sender__in=("person", "staff"))\
            .order_by("-number").first()  # fmt: skip
        if conversation.state != "human" or conversation.channel != "web" or last is None or last.sender != "staff":
            return False
        if not is_over(last.at, now()):
            return False
        await _say_so(conversation)
        await resolve_quietly(conversation)
    return True


async def _say_so(conversation: Conversation) -> None:
    with speaking(conversation.lang):
        words = _("We close this for now, because we have not heard from you. Whenever you write here, it opens"
                  " again with everything that was said.")  # fmt: skip
    message = await add_message(conversation, "bot", words, data={"kind": "closing"})
    await queue(conversation, message, key=f"closing:{conversation.id}:{conversation.epoch}", needs="human")
