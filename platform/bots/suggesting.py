"""What a bot on trial does instead of answering: it says to staff what it would say."""

from __future__ import annotations

from bots import answers
from bots.events import QuestionUnanswered
from bots.knowledge import look_up
from bots.words import language_of
from core.database import rows, transaction
from core.events import announce
from inbox import trial
from inbox.actions import suggestions
from inbox.models import Conversation, Message
from search import record_outcome


async def may_suggest_beside(conversation: Conversation, message: Message) -> bool:
    """A person has the conversation; while the bot is on trial it still says what it would answer."""
    if not conversation.is_open or conversation.channel == "email" or message.state != "shown":
        return False
    return message.sender == "person" and not await trial.may_answer_alone(conversation)


async def suggest(conversation: Conversation, message: Message, epoch: int) -> str:
    """Empty when there is nothing to suggest."""
    if await _was_answered(message):
        return "answered before"
    lang = language_of(message.body, conversation.lang)
    known = await look_up(message.body, conversation, lang)
    if known.band == "none":
        async with transaction():
            await record_outcome(known.query_key, "handed_over")
            await announce(QuestionUnanswered(message.id, known.query_key))
        return ""
    made = await suggestions.suggest(message, epoch, answers.suggestion(known.band, known.sources, lang),
                                     sources=known.sources, confidence=known.confidence,
                                     query=known.query_key)  # fmt: skip
    return "suggested" if made else "suggested before"


async def _was_answered(message: Message) -> bool:
    """By a person who was quicker."""
    return bool(await rows("SELECT 1 FROM message WHERE conversation_id = ? AND number > ? AND sender = 'staff'",
                           message.conversation_id, message.number))  # fmt: skip
