"""Silence ends conversations on every channel, and never one in which the customer waits for us."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from core.clock import as_of, now
from core.context import Here, enter
from core.database import write
from core.principal import SYSTEM
from factories import a_person, staff
from inbox import ending, hours
from inbox.actions import ownership, replies
from inbox.actions.receiving import Heard, receive
from inbox.models import Conversation, Message, Outgoing
from wires import as_person

pytestmark = pytest.mark.anyio
CHANNELS = ("line", "slack", "email")
LATER = timedelta(days=30)


async def writes(channel: str, person: Any, body: str = "画面が真っ白です") -> Conversation:
    enter(Here(principal=SYSTEM))
    message = await receive(Heard(channel=channel, customer_key=f"person:{person.id}", person_id=person.id, body=body,
                                  at=now(), address={"to": "x"}))  # fmt: skip
    assert message is not None
    return await Conversation.get(id=message.conversation_id)


async def replied(conversation: Conversation, state: str = "sent", key: str = "k1") -> Outgoing:
    """Staff answer, and that is what became of it outside."""
    as_person(await staff("admin", email=None))
    message = await replies.reply(conversation.id, "原因が分かりました。", key=key)
    await write("UPDATE outgoing SET state = ?, finished_at = ? WHERE message_id = ?", state, now(), message.id)
    return await Outgoing.get(message_id=message.id)


async def state_of(conversation: Conversation) -> str:
    return (await Conversation.get(id=conversation.id)).state


@pytest.mark.parametrize("channel", CHANNELS)
async def test_three_business_days_end_it_without_a_word_and_writing_opens_it(house: Any, channel: str) -> None:
    person = await a_person()
    conversation = await writes(channel, person)
    out = await replied(conversation)
    assert out.finished_at
    early = hours.after(out.finished_at, 3 * hours.DAY_MINUTES) - timedelta(minutes=1)
    with as_of(early):
        await ending.end_silent_conversations()
    assert await state_of(conversation) == "human"
    with as_of(early + timedelta(minutes=2)):
        await ending.end_silent_conversations()
        await ending.end_silent_conversations()
        assert await state_of(conversation) == "resolved"
        assert await Outgoing.filter(conversation_id=conversation.id).count() == 1  # nothing more leaves
        again = await writes(channel, person, "まだ直りません")
    assert (again.id, again.state) == (conversation.id, "bot")
    said = await Message.filter(conversation_id=again.id, sender__in=("person", "staff")).order_by("number")
    assert [one.body for one in said] == ["画面が真っ白です", "原因が分かりました。", "まだ直りません"]


@pytest.mark.parametrize(
    "arrived, over",
    [("2026-11-17T00:15", "2026-11-19T18:00"), ("2026-11-17T09:00", "2026-11-19T18:00"),
     ("2026-11-17T14:00", "2026-11-20T14:00"), ("2026-11-20T22:00", "2026-11-26T18:00")],
)  # fmt: skip
async def test_the_third_day_ends_it_at_whatever_hour_the_reply_arrived(house: Any, arrived: str, over: str) -> None:
    """Of a night's reply those are fewer than three days of the clock. The 23rd is a holiday."""
    at, end = (datetime.fromisoformat(f"{one}+09:00") for one in (arrived, over))
    with as_of(at):
        conversation = await writes("line", await a_person())
        await replied(conversation)
    for minutes, state in ((-1, "human"), (1, "resolved")):
        with as_of(end + timedelta(minutes=minutes)):
            await ending.end_silent_conversations()
        assert await state_of(conversation) == state


@pytest.mark.parametrize("state", ["queued", "sending", "held", "failed", "uncertain", "cancelled"])
async def test_a_reply_that_did_not_arrive_keeps_it_open(house: Any, state: str) -> None:
    conversation = await writes("line", await a_person())
    await replied(conversation, state)
    with as_of(now() + LATER):
        await ending.end_silent_conversations()
    assert await state_of(conversation) == "human"


async def test_of_two_replies_both_have_to_arrive_and_the_later_arrival_counts(house: Any) -> None:
    conversation = await writes("email", await a_person())
    first = await replied(conversation, "failed")
    await replied(conversation, "sent", "k2")
    with as_of(now() + LATER):
        await ending.end_silent_conversations()
        assert await state_of(conversation) == "human"
        await write("UPDATE outgoing SET state = 'sent', finished_at = ? WHERE id = ?", now(), first.id)
        await ending.end_silent_conversations()
        assert await state_of(conversation) == "human"
    with as_of(now() + 2 * LATER):
        await ending.end_silent_conversations()
    assert await state_of(conversation) == "resolved"


async def test_who_wrote_last_waits_or_was_put_off_is_not_closed_upon(house: Any) -> None:
    person, other, third = [await a_person() for _ in range(3)]
    wrote = await writes("slack", person)
    await replied(wrote)
    await writes("slack", person, "まだ直りません")
    put_off = await writes("line", other)
    await replied(put_off)
    await ownership.snooze(put_off.id, now() + 2 * LATER)
    waiting = await writes("email", third)
    enter(Here(principal=SYSTEM))
    await ownership.hand_over(waiting.id, epoch=1, reason="asked")
    with as_of(now() + LATER):
        await ending.end_silent_conversations()
    assert [await state_of(one) for one in (wrote, put_off, waiting)] == ["human", "human", "waiting"]
