"""What every verb shares: the locked row, a change with its version, a new message, a new owner."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from core.clock import now
from core.context import current_principal
from core.database import lock, write
from core.errors import Conflict, NotFound
from core.i18n import _
from core.policy import ensure
from customers import accounts
from inbox import policy
from inbox.models import Conversation, Message, Ownership


async def locked(conversation_id: int) -> Conversation:
    """The conversation, held until the transaction ends: whatever is decided from it stays true until the commit."""
    found = await Conversation.select_for_update().get_or_none(id=conversation_id)
    if found is None:
        raise NotFound(_("This conversation does not exist."))
    return found


async def locked_for_me(conversation_id: int, epoch: int | None = None) -> Conversation:
    """The same, for the person who asks. With `epoch`: Conflict when ownership changed since they looked."""
    conversation = await locked(conversation_id)
    csm_id = await accounts.csm_of(conversation.account_id) if conversation.account_id else None
    ensure(policy.can_answer(current_principal(), conversation, csm_id))
    if epoch is not None and epoch != conversation.epoch:
        raise Conflict(_("Somebody else has taken this conversation meanwhile. Look at it again."))
    return conversation


async def change(conversation: Conversation, **fields: Any) -> None:
    """Write fields of a locked conversation; the version grows, so that live pages notice."""
    conversation.update_from_dict(fields)
    conversation.version += 1
    conversation.changed_at = now()
    await conversation.save(update_fields=[*fields, "version", "changed_at"])


async def add_message(
    conversation: Conversation, sender: str, body: str, *, at: datetime | None = None, **fields: Any
) -> Message:
    """Append to a locked conversation."""
    moment = now()
    message = await Message.create(
        conversation_id=conversation.id, number=conversation.message_count + 1, sender=sender, body=body,
        at=at or moment, created_at=moment, epoch=conversation.epoch,
        **({"channel": conversation.channel} | fields),
    )  # fmt: skip
    changed: dict[str, Any] = {"message_count": message.number, "last_message_at": max(moment, at or moment)}
    if sender in ("person", "staff") and body:
        changed["preview"] = " ".join(body.split())[:120]
    await change(conversation, **changed)
    return message


async def new_owner(
    conversation: Conversation, state: str, owner_id: int | None, *, reason: str, fact: str, **fields: Any
) -> None:
    """Ownership changes: the epoch grows, what the bot still had to say is cancelled, the history knows why."""
    by = current_principal().person_id
    await change(conversation, state=state, owner_id=owner_id, epoch=conversation.epoch + 1, **fields)
    await Ownership.create(conversation_id=conversation.id, epoch=conversation.epoch, state=state, owner_id=owner_id,
                           by_id=by, reason=reason[:60], at=now())  # fmt: skip
    await cancel_automatic(conversation.id, f"ownership changed: {reason}")
    await add_message(conversation, "fact", "", data={"what": fact, "reason": reason, "owner": owner_id, "by": by})


async def cancel_automatic(conversation_id: int, reason: str) -> None:
    """What no human wrote and nobody claimed yet will not be sent."""
    await write(
        "UPDATE outgoing SET state = 'cancelled', reason = ?, finished_at = ?"
        " WHERE conversation_id = ? AND needs <> '' AND state IN ('queued', 'held')",
        reason[:300], now(), conversation_id,
    )  # fmt: skip


async def hold_key(customer_key: str) -> None:
    """One writer at a time decides which conversation of a customer is the open one."""
    await lock(f"conversation:{customer_key}")


__all__ = ["add_message", "cancel_automatic", "change", "hold_key", "locked", "locked_for_me", "new_owner"]
