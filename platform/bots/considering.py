"""Answer or hand over, in the order of the facts: each rule looks at the conversation as it is now."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from bots import answers, stopping
from bots.claims import claimed_account
from bots.delivering import deliver, say
from bots.events import QuestionAnswered, QuestionUnanswered
from bots.knowledge import Known, look_up
from bots.suggesting import may_suggest_beside, suggest
from bots.taps import tapped
from bots.words import language_of, pleasantry, serious, stop_word, wants_link, wants_person
from channels import line
from core.database import rows, transaction
from core.events import announce
from core.pages import absolute
from core.refs import Ref
from customers import timeline
from customers.accounts import tier_of
from inbox import trial
from inbox.actions import ownership
from inbox.models import Conversation, Message
from search import record_outcome

PICTURES = {"image", "video", "audio", "file", "location"}


async def consider(conversation_id: int, message_id: int, epoch: int) -> str:
    """What becomes of one message of a customer; says which rule decided."""
    conversation = await Conversation.get(id=conversation_id)
    message = await Message.get(id=message_id)
    if message.data.get("kind") == "tap":
        return await tapped(conversation, message, epoch)
    if message.channel == "line" and (word := stop_word(message.body)) and stopping.is_between_us(conversation):
        return await stopping.heed(conversation, message, word)
    if conversation.state != "bot" or conversation.epoch != epoch:
        return await _beside(conversation, message)
    if message.state != "shown":
        return "taken back"
    reason, priority = await reason_for_a_person(conversation, message)
    if reason:
        await ownership.hand_over(conversation_id, epoch=epoch, reason=reason, priority=priority)
        return reason
    if message.data.get("kind") == "sticker":
        return "a sticker"
    lang = language_of(message.body, conversation.lang)
    if conversation.channel == "line" and wants_link(message.body):
        return await _offer_link(conversation, message, epoch, lang)
    if not await trial.may_answer_alone(conversation):
        return await _on_trial(conversation, message, epoch)
    if not message.body.strip():
        return await _say(message, epoch, "which", lang)
    if kind := pleasantry(message.body):
        return await _say(message, epoch, kind, lang)
    return await _answer(conversation, message, epoch, lang)


async def _beside(conversation: Conversation, message: Message) -> str:
    """A person has it; a bot on trial still suggests, by the rules by which it would have answered."""
    if await may_suggest_beside(conversation, message) and not (await reason_for_a_person(conversation, message))[0]:
        return await suggest(conversation, message, conversation.epoch) or "a person has it"
    return "a person has it"


async def _on_trial(conversation: Conversation, message: Message, epoch: int) -> str:
    """A suggestion, and a person who decides; what cannot be answered goes to them as always."""
    if pleasantry(message.body) == "thanks":
        return "thanks"
    if message.body.strip() and not pleasantry(message.body):
        if said := await suggest(conversation, message, epoch):
            return said
        await ownership.hand_over(conversation.id, epoch=epoch, reason="unknown")
        return "unknown"
    await ownership.hand_over(conversation.id, epoch=epoch, reason="pilot")
    return "pilot"


async def reason_for_a_person(conversation: Conversation, message: Message) -> tuple[str, int]:
    """The rules of the hand-off, in their order; an empty reason lets the bot try."""
    if conversation.account_id and await tier_of(conversation.account_id) == "high":
        return "high_tier", 0
    if conversation.person_id is None and await claimed_account(message.body):
        return "claims_account", 0
    if wants_person(message.body):
        return "asked", 0
    if kind := serious(message.body):
        return kind, 1
    if message.channel == "email":
        return "mail", 0  # whoever writes a letter expects one from a person
    if message.at < conversation.bot_since:
        return "late", 0
    if message.data.get("kind") in PICTURES or message.data.get("attachments"):
        return "attachment", 0
    return "", 0


async def _say(message: Message, epoch: int, kind: str, lang: str) -> str:
    words, content = answers.said(kind, lang, message.id)
    await say(message.conversation_id, words, content, key=f"answer:{message.id}", epoch=epoch, data={"kind": kind})
    return kind


async def _offer_link(conversation: Conversation, message: Message, epoch: int, lang: str) -> str:
    """A link with LINE's token of ten minutes; only to the 1:1 chat it was issued for."""
    to = str(conversation.address.get("to", ""))
    if not to.startswith("U") or conversation.connection_id is None:
        return "not in a group"
    token = await line.link_token(conversation.connection_id, to)
    words, content = answers.link(absolute(f"/link/line?{urlencode({'linkToken': token})}"), lang)
    await say(conversation.id, words, content, key=f"answer:{message.id}", epoch=epoch, data={"kind": "link"})
    return "link"


async def _answer(conversation: Conversation, message: Message, epoch: int, lang: str) -> str:
    if await _was_said(message.id):
        return "answered before"
    known = await look_up(message.body, conversation, lang)
    unsure = 0 if known.band == "answer" else conversation.unsure + 1
    if known.band == "none" or (unsure >= 2 and known.band != "answer"):
        return await _give_up(conversation, message, epoch, known)
    async with transaction():
        await _queue(message, epoch, known, lang, unsure)
        await announce(QuestionAnswered(message.id, known.query_key))
    return known.band


async def _queue(message: Message, epoch: int, known: Known, lang: str, unsure: int) -> None:
    if known.band == "answer":
        words, content = answers.answer(known.sources[0], message.id, lang)
    else:
        words, content = answers.candidates(known.sources, message.id, lang)
    data = {"kind": known.band, "sources": known.sources, "confidence": round(known.confidence, 2),
            "query": known.query_key, "about": message.id}  # fmt: skip
    said = await say(message.conversation_id, words, content, key=f"answer:{message.id}", epoch=epoch, data=data,
                     unsure=unsure, asked_at=message.at)  # fmt: skip
    if said:
        conversation = await Conversation.get(id=message.conversation_id)
        await timeline.record(
            conversation.person_id, "bot.answered", account_id=conversation.account_id, channel=message.channel,
            about=Ref("conversation", conversation.id), key=f"message:{said.id}", band=known.band,
            title=known.sources[0]["title"],
        )  # fmt: skip


async def _give_up(conversation: Conversation, message: Message, epoch: int, known: Known) -> str:
    """Unsure twice in a row, or nothing at all: a person, and a gap for the editors."""
    reason = "unsure" if known.band != "none" else "unknown"
    async with transaction():
        if await ownership.hand_over(conversation.id, epoch=epoch, reason=reason):
            await record_outcome(known.query_key, "handed_over")
            await announce(QuestionUnanswered(message.id, known.query_key))
    return reason


async def _was_said(message_id: int) -> bool:
    return bool(await rows("SELECT 1 FROM outgoing WHERE key = ?", f"answer:{message_id}"))


__all__: list[Any] = ["consider", "deliver", "reason_for_a_person"]
