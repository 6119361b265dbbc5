"""Sending what the ledger says, one conversation at a time and in order."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bots import drawing, from_mail
from channels import line, slack
from channels.events import MailBounced
from channels.incoming import keeping
from channels.outcomes import Delivered, NotAccepted, SendingFailed, TryLater, Unclear
from core.clock import now
from core.database import rows, transaction
from core.jobs import job
from core.refs import Ref
from customers import notices
from inbox.actions.replies import say_automatically
from inbox.actions.sending import Claim, Wait, again_at, claim, returned, settle
from inbox.models import Conversation, Message

HELD = timedelta(minutes=10)  # a late answer waits for the tap that makes it free, then is pushed
MOST_ATTEMPTS = 12
SPENT_WITHIN = 50.0


async def say(
    conversation_id: int, words: str, content: dict[str, Any], *, key: str, epoch: int, needs: str = "bot",
    data: dict[str, Any] | None = None, unsure: int | None = None, asked_at: datetime | None = None,
) -> Message | None:  # fmt: skip
    """Queue what no human wrote and promise its sending, in one transaction."""
    async with transaction():
        held = await _is_late(conversation_id, asked_at) if asked_at else False
        said = await say_automatically(
            conversation_id, words, key=key, epoch=epoch, needs=needs, unsure=unsure, content=content,
            data={"buttons": content.get("buttons", [])} | (data or {}), held_for=HELD if held else None,
        )  # fmt: skip
        if said:
            await deliver.later(conversation_id=conversation_id, after=HELD if held else None)
    return said


async def _is_late(conversation_id: int, asked_at: datetime) -> bool:
    """The token was spent on 回答を見る after the question: the tap will bring a new one."""
    spent = await rows(
        "SELECT 1 FROM outgoing WHERE conversation_id = ? AND key LIKE 'later:%' AND created_at > ?"
        " AND state IN ('sending', 'sent') LIMIT 1", conversation_id, asked_at,
    )  # fmt: skip
    return bool(spent)


@job(attempts=12, timeout=60)
async def deliver(conversation_id: int) -> str:
    """Send everything that this conversation has to send."""
    count = 0
    while True:
        claimed = await claim(conversation_id)
        if claimed is None:
            return f"sent {count}"
        if isinstance(claimed, Wait):
            await deliver.later(
                conversation_id=conversation_id, due=claimed.until, key=f"conversation:{conversation_id}"
            )
            return f"sent {count}, waiting"
        await send(claimed)
        count += 1


async def send(claimed: Claim) -> None:
    """One claimed send, and what became of it."""
    if claimed.channel != "email" and (reason := await _closed(claimed.connection_id)):
        await _failed(claimed, reason)
        return
    try:
        delivered = await _WAYS[claimed.channel](claimed)
    except TryLater as later:
        await _later(claimed, later)
    except Unclear as unclear:
        await _unclear(claimed, unclear)
    except NotAccepted as refused:
        await _refused(claimed, refused)
    except SendingFailed as failed:
        await _failed(claimed, failed.reason)
    else:
        await settle(claimed, "sent", external_id=delivered.external_id)


async def _closed(connection_id: int | None) -> str:
    """Why nothing may leave by this connection; empty when it may."""
    found = await rows("SELECT state FROM connection WHERE id = ?", connection_id or 0)
    if not found:
        return "The connection does not exist any more."
    return "" if found[0][0] == "active" else "The connection is paused or was removed."


async def _by_line(claimed: Claim) -> Delivered:
    messages = drawing.for_line(claimed.body, claimed.content)
    if claimed.way == "reply":
        return await line.reply(claimed.connection_id or 0, claimed.reply_token, messages)
    return await line.push(claimed.connection_id or 0, str(claimed.address.get("to", "")), messages, key=claimed.key)


async def _by_slack(claimed: Claim) -> Delivered:
    text, blocks = drawing.for_slack(claimed.body, claimed.content)
    return await slack.post(
        claimed.connection_id or 0, str(claimed.address.get("channel", "")), text, blocks=blocks,
        thread=str(claimed.address.get("thread") or ""), key=claimed.key,
    )  # fmt: skip


_WAYS = {"line": _by_line, "slack": _by_slack, "email": from_mail.send}


async def _later(claimed: Claim, later: TryLater) -> None:
    if claimed.attempt >= MOST_ATTEMPTS:
        await _failed(claimed, later.reason)
    else:
        await again_at(claimed, now() + timedelta(seconds=later.seconds), later.reason)


async def _unclear(claimed: Claim, unclear: Unclear) -> None:
    """LINE can be asked again (a reply token is spent once, a push has its retry key); Slack cannot."""
    if claimed.way == "post" or claimed.attempt >= MOST_ATTEMPTS:
        await settle(claimed, "uncertain", unclear.reason)
        await _tell_owner(claimed, unclear.reason)
    else:
        pause = min(60, 2**claimed.attempt)
        await again_at(claimed, now() + timedelta(seconds=pause), unclear.reason, forget_way=False)


async def _refused(claimed: Claim, refused: NotAccepted) -> None:
    if claimed.way != "reply" or refused.word != "reply_token":
        await _failed(claimed, refused.reason)
    elif not claimed.is_again:
        await again_at(claimed, now(), refused.reason)  # certainly not sent: a push takes its place
    elif claimed.token_age < SPENT_WITHIN:
        await settle(claimed, "sent", "the attempt before was accepted")  # only we could have spent it
    else:
        await settle(claimed, "uncertain", refused.reason)
        await _tell_owner(claimed, refused.reason)


async def _failed(claimed: Claim, reason: str) -> None:
    await settle(claimed, "failed", reason)
    await _tell_owner(claimed, reason)


async def _tell_owner(claimed: Claim, reason: str) -> None:
    found = await rows("SELECT conversation_id FROM outgoing WHERE id = ?", claimed.id)
    await _told(int(found[0][0]), f"outgoing:{claimed.id}:{claimed.attempt}", reason)


async def came_back(event: MailBounced) -> None:
    """What was sent by mail and returned is `failed`, with the server's words."""
    answer = await from_mail.came_back(event.keys)
    if answer and await returned(answer.id, event.reason):
        await _told(answer.conversation_id, f"outgoing:{answer.id}:returned", event.reason)
        await keeping.done(event.mail_id, f"answer {answer.id}")


async def _told(conversation_id: int, key: str, reason: str) -> None:
    conversation = await Conversation.get(id=conversation_id)
    if conversation.owner_id:
        await notices.tell(
            [conversation.owner_id], about=Ref("conversation", conversation.id), kind="inbox.not_sent",
            key=key, url=f"/staff/inbox/{conversation.id}",
            data={"reason": reason, "name": conversation.name},
        )  # fmt: skip
