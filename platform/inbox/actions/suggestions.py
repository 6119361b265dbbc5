"""A bot on trial suggests; staff send it as it is, change it, or refuse it; then somebody records a verdict."""

from __future__ import annotations

from typing import Any

from core.clock import now
from core.context import current_principal
from core.database import lock, transaction
from core.errors import Conflict, NotFound, Refused
from core.events import announce
from core.i18n import _
from core.policy import ensure
from core.refs import Ref
from customers import pilots
from customers.rules import rule
from inbox import policy, trial
from inbox.actions import replies
from inbox.actions.conversations import change, locked, locked_for_me
from inbox.actions.ownership import hand_over
from inbox.events import SuggestionRefused
from inbox.models import Message, Suggestion

REASONS = ("wrong", "outdated", "incomplete", "tone", "person")


async def suggest(message: Message, epoch: int, body: str, *, sources: list[dict[str, Any]], confidence: float,
                  query: str) -> Suggestion | None:  # fmt: skip
    """Keep what the bot would say to `message`, and give the conversation to a person, if the bot still has it.

    None when it was suggested before, or the conversation ended.
    """
    async with transaction():
        conversation = await locked(message.conversation_id)
        if not conversation.is_open or await Suggestion.exists(message_id=message.id):
            return None
        bot = await trial.bot_of(conversation)
        await trial.begin(bot)
        made = await Suggestion.create(
            conversation_id=conversation.id, message_id=message.id, bot_kind=bot.kind, bot_id=bot.id, body=body.strip(),
            sources=sources, confidence=round(100 * confidence), query=query[:64], created_at=now(),
        )  # fmt: skip
        await change(conversation)
        if conversation.state == "bot":
            await hand_over(conversation.id, epoch=epoch, reason="pilot")
    return made


async def send(suggestion_id: int, body: str, *, epoch: int | None = None) -> Message:
    """Answer with a suggestion; `body` says whether it was changed. Pressed twice, it is one answer."""
    async with transaction():
        one = await _held(suggestion_id, epoch)
        key = f"suggestion:{one.id}"
        if one.state == "open":
            await _decide(one, "sent" if body.strip() == one.body else "edited")
        elif one.state not in ("sent", "edited") or one.decided_by_id != current_principal().person_id:
            raise Conflict(_("Somebody has decided about this suggestion already."))
        return await replies.reply(one.conversation_id, body, key=key)


async def refuse(suggestion_id: int, reason: str, comment: str = "", *, epoch: int | None = None) -> None:
    """Nothing is sent; the editors see the question among the unanswered ones."""
    if reason not in REASONS:
        raise Refused(_("Choose why."))
    async with transaction():
        one = await _held(suggestion_id, epoch)
        if one.state != "open":
            raise Conflict(_("Somebody has decided about this suggestion already."))
        await _decide(one, "refused", reason, comment.strip()[:300])
        await change(await locked(one.conversation_id))
        await announce(SuggestionRefused(one.message_id, one.query, reason))


async def found(suggestion_id: int) -> Suggestion:
    one = await Suggestion.get_or_none(id=suggestion_id)
    if one is None:
        raise NotFound(_("There is no such suggestion."))
    return one


async def _held(suggestion_id: int, epoch: int | None) -> Suggestion:
    """The suggestion, with its conversation's row held."""
    one = await found(suggestion_id)
    conversation = await locked_for_me(one.conversation_id)
    await one.refresh_from_db()  # pressed twice, the second finds what the first decided
    if one.state == "open" and epoch is not None and epoch != conversation.epoch:
        raise Conflict(_("Somebody else has taken this conversation meanwhile. Look at it again."))
    return one


async def _decide(one: Suggestion, state: str, reason: str = "", comment: str = "") -> None:
    one.state, one.reason, one.comment = state, reason, comment
    one.decided_by_id, one.decided_at = current_principal().person_id, now()
    await one.save(update_fields=["state", "reason", "comment", "decided_by_id", "decided_at"])


# The verdict ---------------------------------------------------------------------------------------------------


async def judge(bot: Ref, passed: bool, note: str) -> None:
    """Record the verdict with its numbers. Passing is refused before enough conversations."""
    ensure(policy.can_judge_bots(current_principal()))
    async with transaction():
        pilot = await trial.begin(bot)
        found = await trial.numbers(bot, pilot.started_at)
        most = (await rule("bot_pilot")).conversations
        if passed and found.conversations < most:
            raise Refused(_("Only %(n)s of %(most)s conversations were answered with its suggestions.",
                            n=found.conversations, most=most))  # fmt: skip
        facts = {"conversations": found.conversations, "sent": found.sent, "edited": found.edited,
                 "refused": found.refused, "unused": found.unused}  # fmt: skip
        await pilots.judge(pilot.id, passed, note, facts)


async def back_to_pilot(bot: Ref, reason: str = "") -> None:
    """From the commit on no answer of this bot is claimed."""
    ensure(policy.can_judge_bots(current_principal()))
    async with transaction():
        await lock(f"pilot:{bot}")
        if not await pilots.withdraw(bot, trial.REVISION, reason):
            raise Conflict(_("This bot is on trial already."))
