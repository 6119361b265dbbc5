"""The ledger of what leaves: claiming the next send of a conversation, and its final state.

The claim holds the conversation's row, so whatever took the conversation over before the commit is seen here, and
what takes it over later finds the send claimed already.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec

from channels import line, slack
from core.clock import now
from core.database import rows, transaction, write
from core.refs import Ref
from customers import accounts, touches
from inbox import trial
from inbox.actions.conversations import change, locked
from inbox.actions.ownership import hand_over
from inbox.models import Conversation, Outgoing

ON_TRIAL = "the bot is on trial"
LEASE = timedelta(seconds=20)  # longer than one request may take
LEASES = {"email": timedelta(seconds=60)}  # a mail server greets, encrypts and judges first


class Claim(msgspec.Struct, frozen=True):
    """A send that is ours for LEASE. `attempt` fences its outcome."""

    id: int
    attempt: int
    key: str
    channel: str
    connection_id: int | None
    address: dict[str, Any]
    content: dict[str, Any]
    body: str
    way: str
    reply_token: str
    is_again: bool
    token_age: float


class Wait(msgspec.Struct, frozen=True):
    """Nothing may leave before `until`."""

    until: datetime


async def claim(conversation_id: int) -> Claim | Wait | None:
    """The next thing to send in this conversation, in order; None when there is nothing."""
    async with transaction():
        conversation = await locked(conversation_id)
        while True:
            row = await _next(conversation.id)
            if row is None:
                return None
            if row.state == "sending" and row.lease_until and row.lease_until > now():
                return Wait(row.lease_until)
            if row.state != "sending" and row.due_at > now():
                return Wait(row.due_at)
            refusal = await _refusal(conversation, row)
            if refusal:
                await _finish(row, "cancelled", refusal)
                if refusal == ON_TRIAL and conversation.state == "bot":  # the question is still owed an answer
                    await hand_over(conversation.id, epoch=conversation.epoch, reason="pilot")
                    conversation = await locked(conversation_id)
            elif row.state == "sending" and row.way == "post":
                # Slack knows no retry key: whether the attempt that died was accepted, only a person can see.
                await _finish(row, "uncertain", "The sender stopped half-way.")
            else:
                return await _claimed(conversation, row)


async def _next(conversation_id: int) -> Outgoing | None:
    moment = now()
    found = await rows(
        "SELECT id FROM outgoing WHERE conversation_id = ? AND (state IN ('queued', 'sending')"
        " OR (state = 'held' AND due_at <= ?)) ORDER BY CASE WHEN state = 'sending' THEN 0 ELSE 1 END, id LIMIT 1",
        conversation_id, moment,
    )  # fmt: skip
    return await Outgoing.get(id=int(found[0][0])).prefetch_related("message") if found else None


async def _refusal(conversation: Conversation, row: Outgoing) -> str:
    """Why an automatic message must not leave any more; asked again here, whatever was true when it was queued."""
    if not row.needs or (row.state == "sending" and row.way):
        return ""
    if conversation.state != row.needs or conversation.epoch != row.epoch:
        return "ownership changed"
    if row.needs == "bot" and conversation.account_id and await accounts.tier_of(conversation.account_id) == "high":
        return "the account is high-touch"
    if row.needs == "bot" and trial.is_answer(row.message.data) and not await trial.may_answer_alone(conversation):
        return ON_TRIAL
    return ""


async def _claimed(conversation: Conversation, row: Outgoing) -> Claim | Wait:
    is_again = row.state == "sending"
    if row.channel == "slack":
        wait = await slack.take_turn(row.connection_id or 0, str(row.address.get("channel", "")))
        if wait:
            return Wait(wait)
    way, token, given_at = row.way, row.reply_token, row.reply_token_at
    if not is_again:
        way, token, given_at = await _way(conversation, row)
    await Outgoing.filter(id=row.id).update(
        state="sending", way=way, reply_token=token, reply_token_at=given_at, attempts=row.attempts + 1,
        lease_until=now() + LEASES.get(row.channel, LEASE),
    )  # fmt: skip
    if way == "push":  # an answer is never held, but LINE counts this one against the quota
        await touches.passes(conversation.person_id, "line", "reply", f"outgoing:{row.id}",
                             about=Ref("conversation", conversation.id))  # fmt: skip
    age = (now() - given_at).total_seconds() if given_at else 0.0
    return Claim(row.id, row.attempts + 1, row.key, row.channel, row.connection_id, row.address, row.content,
                 row.message.body, way, token, is_again, age)  # fmt: skip


async def _way(conversation: Conversation, row: Outgoing) -> tuple[str, str, datetime | None]:
    """On LINE: reply while the last token is young, and spend it here, so that nobody else does."""
    if row.channel != "line":
        return "post", "", None
    same = conversation.connection_id == row.connection_id and conversation.address == row.address
    if not same or not conversation.reply_token or not line.is_fresh(conversation.reply_token_at):
        return "push", "", None
    token, given_at = conversation.reply_token, conversation.reply_token_at
    await change(conversation, reply_token="", reply_token_at=None)
    return "reply", token, given_at


async def settle(claimed: Claim, state: str, reason: str = "", *, external_id: str = "") -> bool:
    """Write a claim's outcome; false when the lease was lost and another worker has it."""
    done = await write(
        "UPDATE outgoing SET state = ?, reason = ?, external_id = ?, finished_at = ?, lease_until = NULL"
        " WHERE id = ? AND state = 'sending' AND attempts = ? RETURNING conversation_id",
        state, reason[:300], external_id, now(), claimed.id, claimed.attempt,
    )  # fmt: skip
    if done:
        await _touch(int(done[0][0]))
    return bool(done)


async def returned(outgoing_id: int, reason: str) -> bool:
    """What had been accepted came back after all."""
    done = await write(
        "UPDATE outgoing SET state = 'failed', reason = ?, finished_at = ?"
        " WHERE id = ? AND state IN ('sent', 'uncertain') RETURNING conversation_id",
        reason[:300], now(), outgoing_id,
    )  # fmt: skip
    if done:
        await _touch(int(done[0][0]))
    return bool(done)


async def again_at(claimed: Claim, until: datetime, reason: str, *, forget_way: bool = True) -> None:
    """Certainly not sent: back into the queue until then."""
    state = "queued" if forget_way else "sending"
    await write(
        "UPDATE outgoing SET state = ?, reason = ?, due_at = ?, lease_until = ?, way = CASE WHEN ? THEN '' ELSE way END"
        " WHERE id = ? AND state = 'sending' AND attempts = ?",
        state, reason[:300], until, None if forget_way else until, forget_way, claimed.id, claimed.attempt,
    )  # fmt: skip


async def _finish(row: Outgoing, state: str, reason: str) -> None:
    await Outgoing.filter(id=row.id).update(state=state, reason=reason, finished_at=now(), lease_until=None)
    await _touch(row.conversation_id)


async def _touch(conversation_id: int) -> None:
    await write("UPDATE conversation SET version = version + 1, changed_at = ? WHERE id = ?", now(), conversation_id)


async def release_held(conversation_id: int) -> int:
    """A tap brought a fresh token: what was held leaves now."""
    freed = await write("UPDATE outgoing SET state = 'queued', due_at = ? WHERE conversation_id = ? AND state = 'held'"
                        " RETURNING id", now(), conversation_id)  # fmt: skip
    return len(freed)
