"""Whose conversation it is: `bot → waiting → human → bot | resolved`."""

from __future__ import annotations

from datetime import datetime

from core.audit import audit
from core.clock import now
from core.context import current_principal
from core.database import transaction
from core.errors import Conflict, Refused
from core.events import announce
from core.i18n import _
from core.refs import Ref
from customers import accounts, notices, timeline
from customers.models import Person
from inbox.actions.conversations import add_message, change, locked, locked_for_me, new_owner
from inbox.actions.summary import summary_of
from inbox.escalation import begin_waiting
from inbox.events import ConversationHandedBack, ConversationResolved, ConversationTaken, ConversationWaiting
from inbox.models import Conversation, Label


async def tier_of(conversation: Conversation) -> str:
    return await accounts.tier_of(conversation.account_id) if conversation.account_id else "tech"


async def hand_over(conversation_id: int, *, epoch: int, reason: str, priority: int = 0) -> bool:
    """The bot gives the conversation to humans. False when it is not the bot's any more at that epoch."""
    async with transaction():
        conversation = await locked(conversation_id)
        if conversation.state != "bot" or conversation.epoch != epoch:
            return False
        csm = await accounts.csm_of(conversation.account_id) if conversation.account_id else None
        await new_owner(conversation, "waiting", csm, reason=reason, fact="waiting", waiting_since=now(),
                        waiting_reason=reason, priority=max(priority, conversation.priority), escalation=0)  # fmt: skip
        await change(conversation, summary=await summary_of(conversation))
        await begin_waiting(conversation, await tier_of(conversation))
        await timeline.record(
            conversation.person_id, "inbox.handed_over", account_id=conversation.account_id,
            channel=conversation.channel, about=Ref("conversation", conversation.id),
            key=f"conversation:{conversation.id}:{conversation.epoch}", reason=reason,
        )  # fmt: skip
        await announce(ConversationWaiting(conversation.id, conversation.epoch, reason))
    return True


async def take_over(conversation_id: int, *, epoch: int | None = None) -> Conversation:
    """I answer this one. With `epoch`: only if nobody changed its owner since I looked."""
    async with transaction():
        conversation = await locked_for_me(conversation_id, epoch)
        await owned_by(conversation, _me(), reason="taken")
    return conversation


def _me() -> int:
    me = current_principal().person_id
    if me is None:
        raise Refused(_("Only a person can take a conversation over."))
    return me


async def owned_by(conversation: Conversation, person_id: int, *, reason: str) -> None:
    """Make a person the owner of a locked conversation; nothing happens when they are."""
    if conversation.state == "human" and conversation.owner_id == person_id:
        return
    if not conversation.is_open:
        raise Conflict(_("This conversation is resolved. Reopen it first."))
    await new_owner(conversation, "human", person_id, reason=reason, fact="taken", snoozed_until=None, unsure=0)
    await announce(ConversationTaken(conversation.id, person_id, conversation.epoch))


async def assign(conversation_id: int, person_id: int, *, epoch: int | None = None) -> None:
    """Give the conversation to a colleague, who is told."""
    async with transaction():
        conversation = await locked_for_me(conversation_id, epoch)
        colleague = await Person.get_or_none(id=person_id, kind="staff", state="active")
        if colleague is None:
            raise Refused(_("Choose a member of staff."))
        await owned_by(conversation, person_id, reason="assigned")
        if person_id != current_principal().person_id:
            await notices.tell(
                [person_id], about=Ref("conversation", conversation.id), kind="inbox.assigned",
                key=f"conversation:{conversation.id}:{conversation.epoch}", url=f"/staff/inbox/{conversation.id}",
                data={"name": conversation.name, "by": current_principal().name},
            )  # fmt: skip


async def hand_back(conversation_id: int, *, epoch: int | None = None) -> None:
    """To the bot, which answers only what is asked from now on. Never for a high-touch account."""
    async with transaction():
        conversation = await locked_for_me(conversation_id, epoch)
        if not conversation.is_open:
            raise Conflict(_("This conversation is resolved. Reopen it first."))
        if await tier_of(conversation) == "high":
            raise Refused(_("A high-touch account is always answered by a person."))
        if conversation.state == "bot":
            return
        await new_owner(conversation, "bot", None, reason="handed_back", fact="handed_back", bot_since=now(), unsure=0,
                        waiting_since=None, waiting_reason="", sla_due_at=None, priority=0)  # fmt: skip
        await announce(ConversationHandedBack(conversation.id, conversation.epoch))


async def resolve(conversation_id: int, *, epoch: int | None = None) -> None:
    """Done. When the customer writes again within a week it opens again, with its history."""
    async with transaction():
        conversation = await locked_for_me(conversation_id, epoch)
        if not conversation.is_open:
            return
        await _close(conversation, reason="resolved", by_staff=True)
        await audit("resolve", Ref("conversation", conversation.id))


async def resolve_by_customer(conversation_id: int, *, epoch: int) -> bool:
    """The customer said that the bot's answer helped."""
    async with transaction():
        conversation = await locked(conversation_id)
        if conversation.state != "bot" or conversation.epoch != epoch:
            return False
        await _close(conversation, reason="helped", by_staff=False)
    return True


async def resolve_quietly(conversation: Conversation) -> None:
    """The customer did not come back after our reply: a locked conversation ends; writing opens it again."""
    await _close(conversation, reason="silent", by_staff=True)


async def _close(conversation: Conversation, *, reason: str, by_staff: bool) -> None:
    owner = conversation.owner_id if by_staff else None
    await new_owner(conversation, "resolved", owner, reason=reason, fact="resolved", resolved_at=now(),
                    snoozed_until=None, waiting_since=None, sla_due_at=None)  # fmt: skip
    await timeline.record(
        conversation.person_id, "inbox.resolved", account_id=conversation.account_id, channel=conversation.channel,
        about=Ref("conversation", conversation.id), key=f"resolved:{conversation.id}:{conversation.epoch}",
        by="staff" if by_staff else "bot",
    )  # fmt: skip
    await announce(ConversationResolved(conversation.id, by_staff))


async def reopen(conversation_id: int, *, epoch: int | None = None) -> None:
    """Open again, as mine."""
    async with transaction():
        conversation = await locked_for_me(conversation_id, epoch)
        if conversation.is_open:
            return
        other = await Conversation.filter(customer_key=conversation.customer_key).exclude(state="resolved").first()
        if other:
            raise Conflict(_("This customer has a newer conversation that is open."))
        await new_owner(conversation, "human", _me(), reason="reopened", fact="reopened", resolved_at=None)


async def snooze(conversation_id: int, until: datetime, *, epoch: int | None = None) -> None:
    """Out of the list until then, or until the customer writes."""
    if until <= now():
        raise Refused(_("Choose a time in the future."))
    async with transaction():
        conversation = await locked_for_me(conversation_id, epoch)
        if not conversation.is_open:
            raise Conflict(_("This conversation is resolved. Reopen it first."))
        await owned_by(conversation, _me(), reason="put_off")
        await change(conversation, snoozed_until=until)
        await add_message(conversation, "fact", "", data={"what": "snoozed", "until": until.isoformat(), "by": _me()})


async def label(conversation_id: int, labels: list[str]) -> None:
    """Labels on offer, or those that it carries already; others are left out."""
    async with transaction():
        conversation = await locked_for_me(conversation_id)
        offered = {*await Label.all().values_list("name", flat=True), *conversation.labels}
        kept = [name for name in dict.fromkeys(labels) if name in offered][:20]
        if kept != conversation.labels:
            await audit("label", Ref("conversation", conversation.id), before=conversation.labels, after=kept)
            await change(conversation, labels=kept)


__all__ = ["assign", "hand_back", "hand_over", "label", "note_link", "owned_by", "reopen", "resolve",
           "resolve_by_customer", "resolve_quietly", "snooze", "take_over", "tier_of"]  # fmt: skip


async def note_link(conversation: Conversation) -> None:
    """The customer turned out to be somebody with another open conversation: this one ends, that one goes on."""
    await new_owner(conversation, "resolved", conversation.owner_id, reason="linked", fact="linked", resolved_at=now(),
                    waiting_since=None, sla_due_at=None)  # fmt: skip
