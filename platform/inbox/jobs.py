"""What runs later in the inbox."""

from __future__ import annotations

from core.clock import now
from core.database import rows, transaction
from core.events import on
from core.jobs import every
from core.refs import Ref
from customers import notices
from customers.events import MergeUndone, PeopleMerged
from inbox import customer, noticed, support, telling, voices
from inbox.actions.conversations import add_message, change, locked
from inbox.actions.following import follow, follow_all
from inbox.ending import end_silent_conversations
from inbox.escalation import escalate
from inbox.unread import mail_unread

__all__ = [
    "end_silent_conversations",
    "escalate",
    "mail_unread",
    "noticed",
    "support",
    "telling",
    "voices",
    "wake_snoozed",
]


@every(minutes=1)
async def wake_snoozed() -> int:
    """What was put off until now comes back, and its owner is told."""
    due = await rows("SELECT id FROM conversation WHERE snoozed_until <= ? AND state <> 'resolved' LIMIT 200", now())
    for row in due:
        async with transaction():
            conversation = await locked(int(row[0]))
            if conversation.snoozed_until is None or conversation.snoozed_until > now():
                continue
            key = f"snooze:{conversation.id}:{conversation.snoozed_until.timestamp():.0f}"
            await change(conversation, snoozed_until=None)
            await add_message(conversation, "fact", "", data={"what": "woken"})
            if conversation.owner_id:
                await notices.tell([conversation.owner_id], about=Ref("conversation", conversation.id),
                                   kind="inbox.woken", key=key, url=f"/staff/inbox/{conversation.id}")  # fmt: skip
    return len(due)


@on(PeopleMerged)
async def follow_a_merge(event: PeopleMerged) -> None:
    """What was asked as the one is answered as the other (the rows have moved with their person: inbox.personal)."""
    await follow([event.kept_id, event.gone_id])


@on(MergeUndone)
async def follow_an_undo(event: MergeUndone) -> None:
    if event.kind == "person":
        await follow([event.kept_id, event.back_id])


@every(hours=24, at="02:40")
async def follow_by_night() -> int:
    return await follow_all()


@every(hours=24, at="04:20")
async def forget_unused_visitors() -> int:
    return await customer.forget_unused()
