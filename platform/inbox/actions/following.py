"""Conversations stand under the key of the person they belong to, also after two people became one, or two again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.database import rows, transaction
from core.refs import Ref
from customers import timeline
from customers.requests import voices
from inbox.actions.conversations import change, hold_key, locked
from inbox.actions.ownership import note_link
from inbox.actions.receiving import key_of_person
from inbox.models import Conversation
from inbox.speaking import account_speaking


async def follow(people: Sequence[int]) -> int:
    """Rekey what belongs to one of `people` and stands under another's key; returns how many.

    Of two open conversations that meet, one that only the bot answers ends. Where people are at work on both, both
    stay open, the second under its old key until one is resolved. An undone merge opens nothing again.
    """
    keys = sorted({key_of_person(person) for person in people})
    marks = ", ".join("?" * len(keys))
    async with transaction():
        for key in keys:
            await hold_key(key)
        found = await rows(f"SELECT id, state, person_id FROM conversation WHERE customer_key IN ({marks})"
                           f" AND person_id IN ({marks}) AND customer_key <> 'person:' || person_id"
                           " ORDER BY CASE WHEN state = 'resolved' THEN 0 ELSE 1 END, id",
                           *keys, *sorted(set(people)))  # fmt: skip
        return sum([await _rekey(int(row["id"]), key_of_person(row["person_id"])) for row in found])


async def _rekey(conversation_id: int, key: str) -> bool:
    conversation = await locked(conversation_id)
    if not await _has_room(conversation, key):
        return False
    await change(conversation, customer_key=key)
    return True


async def _has_room(conversation: Conversation, key: str) -> bool:
    """Of two open ones the bot's ends; False where people are at work on both."""
    other = await Conversation.filter(customer_key=key).exclude(state="resolved").first()
    if not conversation.is_open or other is None:
        return True
    ended = next((one for one in (conversation, other) if one.state == "bot"), None)
    if ended is None:
        return False
    await note_link(conversation if ended is conversation else await locked(other.id))
    return True


async def follow_all() -> int:
    """The same for whatever was missed: a message that was on its way while its writer was merged."""
    found = await rows("SELECT customer_key, person_id FROM conversation WHERE customer_key LIKE 'person:%'"
                       " AND customer_key <> 'person:' || person_id LIMIT 1000")  # fmt: skip
    moved = 0
    for row in found:
        old = row[0].removeprefix("person:")
        if old.isdecimal():
            moved += await follow([int(old), int(row[1])])
    return moved


async def adopt(old_key: str, person_id: int) -> None:
    """What somebody unknown said is theirs now that we know them. Inside the caller's transaction."""
    key = key_of_person(person_id)
    await hold_key(old_key)
    await hold_key(key)
    account_id = await account_speaking(person_id)
    for row in await rows("SELECT id FROM conversation WHERE customer_key = ? ORDER BY id", old_key):
        conversation = await locked(int(row["id"]))
        known: dict[str, Any] = {"person_id": person_id, "account_id": conversation.account_id or account_id}
        if await _has_room(conversation, key):
            known["customer_key"] = key
        await change(conversation, **known)
        about = Ref("conversation", conversation.id)
        await timeline.adopt(about, person_id, conversation.account_id)
        await voices.adopt(about, person_id, conversation.account_id)
