"""Buttons of ours that a customer tapped: it helped, not yet, this one, a person, see the answer."""

from __future__ import annotations

from bots import answers
from bots.delivering import deliver, say
from core.database import transaction
from core.refs import Ref
from inbox import trial
from inbox.actions import ownership
from inbox.actions.sending import release_held
from inbox.models import Conversation, Message
from search import record_click, record_outcome


async def tapped(conversation: Conversation, message: Message, epoch: int) -> str:
    """`help:12:yes`, `pick:12:0`, `person:12`, `see:12`; 12 is the customer's message the button belongs to."""
    verb, _, rest = str(message.data.get("tap", "")).partition(":")
    number, _, choice = rest.partition(":")
    if verb == "see":
        return await _see(conversation, message)
    if conversation.state != "bot" or conversation.epoch != epoch:
        return "a person has it"
    if verb == "person":
        await ownership.hand_over(conversation.id, epoch=epoch, reason="asked")
        return "asked"
    if choice != "yes" and not await trial.may_answer_alone(conversation):
        await ownership.hand_over(conversation.id, epoch=epoch, reason="pilot")
        return "pilot"
    about = await _answer_about(conversation, number)
    if about is None:
        return "an old button"
    if verb == "help":
        return await _helped(conversation, message, about, epoch, choice == "yes")
    if verb == "pick" and choice.isdecimal() and len(choice) < 4:
        return await _picked(conversation, message, about, epoch, int(choice))
    return "an unknown button"


async def _answer_about(conversation: Conversation, number: str) -> Message | None:
    """The bot's message that the button stood under, of this conversation only."""
    if not number.isdecimal() or len(number) > 18:
        return None
    said = await Message.filter(conversation_id=conversation.id, sender="bot").order_by("-number").limit(20)
    return next((one for one in said if one.data.get("about") == int(number)), None)


async def _see(conversation: Conversation, message: Message) -> str:
    """The tap brought a fresh reply token: what waited for it leaves now, for free."""
    async with transaction():
        freed = await release_held(conversation.id)
        if freed:
            await deliver.later(conversation_id=conversation.id)
            return "released"
    words, content = answers.said("not_yet", conversation.lang)
    if conversation.state in ("bot", "waiting"):
        await say(conversation.id, words, content, key=f"answer:{message.id}", epoch=conversation.epoch,
                  needs=conversation.state)  # fmt: skip
    return "not yet"


async def _helped(conversation: Conversation, message: Message, about: Message, epoch: int, is_good: bool) -> str:
    await record_outcome(str(about.data.get("query", "")), "solved" if is_good else "not_solved")
    if is_good:
        words, content = answers.said("helped", conversation.lang)
        await say(conversation.id, words, content, key=f"answer:{message.id}", epoch=epoch, unsure=0,
                  data={"kind": "helped"})  # fmt: skip
        return "helped"
    unsure = conversation.unsure + 1
    if unsure >= 2:
        await ownership.hand_over(conversation.id, epoch=epoch, reason="not_solved")
        return "not_solved"
    others = about.data.get("sources", [])[1:]
    if about.data.get("kind") == "answer" and others:
        words, content = answers.candidates(others, message.id, conversation.lang)
        data = about.data | {"kind": "candidates", "sources": others, "about": message.id}
    else:
        words, content = answers.said("other_words", conversation.lang, message.id)
        data = {"kind": "other_words", "about": message.id}
    await say(conversation.id, words, content, key=f"answer:{message.id}", epoch=epoch, unsure=unsure, data=data)
    return "not yet"


async def _picked(conversation: Conversation, message: Message, about: Message, epoch: int, choice: int) -> str:
    sources = about.data.get("sources", [])
    if choice >= len(sources):
        return "an unknown button"
    source = sources[choice]
    await record_click(str(about.data.get("query", "")), Ref(source["kind"], source["id"]), choice + 1)
    words, content = answers.answer(source, message.id, conversation.lang)
    data = {"kind": "answer", "sources": [source], "query": about.data.get("query", ""), "about": message.id}
    await say(conversation.id, words, content, key=f"answer:{message.id}", epoch=epoch, unsure=0, data=data)
    return "picked"
