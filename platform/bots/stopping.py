"""“Stop” and “resume”, written on LINE: heeded at once, whoever has the conversation, and answered."""

from __future__ import annotations

from bots import answers
from bots.delivering import say
from bots.words import language_of
from core.database import rows, transaction
from customers import word_stops
from inbox.models import Conversation, Message


async def heed(conversation: Conversation, message: Message, word: str) -> str:
    """In one transaction with the answer, so that a job that runs again does not undo what was said since."""
    key = f"answer:{message.id}"
    person, lang = conversation.person_id, language_of(message.body, conversation.lang)
    async with transaction():
        if await rows("SELECT 1 FROM outgoing WHERE key = ?", key):
            return "answered before"
        changed = 0
        if person:
            change = word_stops.stop if word == "stop" else word_stops.resume
            changed = await change(person, "line", {"words": message.body[:100], "source": f"message {message.id}"})
        words, content = answers.heard_stop(word, changed, person is not None, lang)
        await say(conversation.id, words, content, key=key, epoch=conversation.epoch, needs=conversation.state,
                  data={"kind": "stopped"})  # fmt: skip
    return word


def is_between_us(conversation: Conversation) -> bool:
    """In a group nobody speaks for the others."""
    return str(conversation.address.get("to", "")).startswith("U")
