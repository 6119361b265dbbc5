"""What leaves has one final state: tokens spent once, retry keys, lost answers, limits, and who won the race."""

import asyncio

import pytest

from bots.delivering import deliver
from channels import line as line_room
from channels.outcomes import NotAccepted
from core.clock import now
from core.context import Here, enter
from core.database import transaction, write
from core.principal import SYSTEM
from customers.models import Touch
from customers.rules import AttentionRule, set_rule
from factories import a_person, staff
from inbox.actions import ownership, replies, sending
from inbox.actions.receiving import Heard, receive
from inbox.models import Conversation, Outgoing
from wires import *  # noqa: F403
from wires import as_person


async def asked(line, channel, *, token: bool = True) -> Conversation:
    user = line.person("Mika")
    event = line.text(user, "質問です")
    line.envelope([event])
    message = await receive(Heard(
        channel="line", customer_key=f"line:{channel.id}:{user}", body="質問です", at=now(), connection_id=channel.id,
        address={"to": user}, reply_token=event["replyToken"] if token else "", reply_token_at=now(),
    ))  # fmt: skip
    return await Conversation.get(id=message.conversation_id)


async def replied(conversation) -> Outgoing:
    as_person(await staff("csm"))
    await replies.reply(conversation.id, "こちらです。", key="k")
    enter(Here(principal=SYSTEM))
    await deliver(conversation_id=conversation.id)
    return await Outgoing.get(needs="")


async def again(conversation) -> Outgoing:
    await write("UPDATE outgoing SET lease_until = ?, due_at = ? WHERE state IN ('sending', 'queued')", now(), now())
    await deliver(conversation_id=conversation.id)
    return await Outgoing.get(needs="")


async def test_a_young_token_is_spent_and_an_old_one_is_not(line, line_channel):
    conversation = await asked(line, line_channel)
    assert (await replied(conversation)).way == "reply"
    assert line.channel.consumed == 0


async def test_a_lost_answer_to_a_reply_is_found_out_by_the_token(line, line_channel):
    conversation = await asked(line, line_channel)
    line.faults.next("reply", drop=True, after=True)
    row = await replied(conversation)
    assert (row.state, row.way) == ("sending", "reply")
    row = await again(conversation)
    assert (row.state, len(line.sent)) == ("sent", 1)


async def test_a_reply_that_never_arrived_is_sent_with_the_same_token(line, line_channel):
    conversation = await asked(line, line_channel)
    line.faults.next("reply", drop=True)
    assert (await replied(conversation)).state == "sending"
    row = await again(conversation)
    assert (row.state, [sent.kind for sent in line.sent]) == ("sent", ["reply"])


async def test_a_lost_answer_to_a_push_is_repeated_under_its_key(line, line_channel):
    conversation = await asked(line, line_channel, token=False)
    line.faults.next("push", drop=True, after=True)
    assert (await replied(conversation)).state == "sending"
    row = await again(conversation)
    assert (row.state, len(line.sent), len(line.repeated)) == ("sent", 1, 1)


async def test_a_spent_token_becomes_a_push(line, line_channel):
    conversation = await asked(line, line_channel)
    line.reply_tokens[conversation.reply_token].is_spent = True
    await replied(conversation)
    row = await again(conversation)
    assert (row.state, [sent.kind for sent in line.sent]) == ("sent", ["push"])


async def test_a_push_passes_the_attention_budget_and_is_written_down(line, line_channel):
    await set_rule("attention", AttentionRule(per_day=0, per_week=0, per_month=0))
    conversation, person = await asked(line, line_channel, token=False), await a_person()
    await Conversation.filter(id=conversation.id).update(person_id=person.id)
    await replied(conversation)
    assert [sent.kind for sent in line.sent] == ["push"]
    assert [(one.kind, one.channel, one.is_counted) for one in await Touch.all()] == [("reply", "line", False)]


async def test_the_month_and_the_rate_are_told_apart(line, line_channel):
    conversation = await asked(line, line_channel, token=False)
    line.faults.next("push", status=429, headers={"Retry-After": "7"})
    row = await replied(conversation)
    assert row.state == "queued"
    assert "too many" in row.reason
    line.channel.monthly_limit = 0
    row = await again(conversation)
    assert row.state == "failed"
    assert "this month" in row.reason
    line.channel.monthly_limit = None
    as_person(await staff("csm", "別", "人"), all_accounts=True)
    await replies.send_again(row.id)
    assert (await again(conversation)).state == "sent"


async def test_too_much_is_refused_before_it_leaves(line, line_channel):
    user = line.person("Mika")
    from channels.line_messages import text

    for messages in ([], [text("x")] * 6, [text("あ" * 5001)], [text("x", quick=[("a", "b")] * 14)], [text("")]):
        with pytest.raises(NotAccepted):
            await line_room.push(line_channel.id, user, messages, key="k")
    assert line.sent == []
    assert line.refused == []


async def test_a_paused_connection_sends_nothing(line, line_channel):
    from channels.connections import set_state

    conversation = await asked(line, line_channel)
    await set_state(line_channel.id, "paused")
    assert (await replied(conversation)).state == "failed"
    assert line.sent == []


async def test_order_is_kept_and_a_half_sent_one_holds_the_next(line, line_channel):
    conversation = await asked(line, line_channel, token=False)
    as_person(await staff("csm"))
    for n in range(3):
        await replies.reply(conversation.id, f"返事{n}", key=f"k{n}")
    enter(Here(principal=SYSTEM))
    line.faults.next("push", drop=True)
    await deliver(conversation_id=conversation.id)
    assert line.sent == []
    await write("UPDATE outgoing SET lease_until = ? WHERE state = 'sending'", now())
    await deliver(conversation_id=conversation.id)
    assert [sent.texts[0] for sent in line.sent] == ["返事0", "返事1", "返事2"]


@pytest.mark.parametrize("round_", range(5))
async def test_a_takeover_and_a_claim_meet(line, line_channel, round_):
    """Both start at once: either the claim committed first, or it finds the takeover and nothing leaves."""
    conversation = await asked(line, line_channel)
    await replies.say_automatically(conversation.id, "答え", key="answer:1", epoch=1, needs="bot")
    person = await staff("csm")
    order: list[str] = []
    gate = asyncio.Barrier(2)

    async def take():
        as_person(person)
        await gate.wait()
        await ownership.take_over(conversation.id)
        order.append("taken")

    async def claim():
        enter(Here(principal=SYSTEM))
        await gate.wait()
        claimed = await sending.claim(conversation.id)
        order.append("claimed" if claimed else "nothing")
        return claimed

    _, claimed = await asyncio.gather(take(), claim())
    row = await Outgoing.get()
    if claimed is None:
        assert row.state == "cancelled"
    else:
        assert row.state == "sending"


async def test_a_claim_that_waits_for_a_takeover_finds_it(line, line_channel):
    conversation = await asked(line, line_channel)
    await replies.say_automatically(conversation.id, "答え", key="answer:1", epoch=1, needs="bot")
    person = await staff("csm")
    inside, go = asyncio.Event(), asyncio.Event()

    async def take():
        as_person(person)
        async with transaction():
            await ownership.take_over(conversation.id)
            inside.set()
            await go.wait()

    async def claim():
        await inside.wait()
        asyncio.get_running_loop().call_later(0.2, go.set)
        return await sending.claim(conversation.id)

    _, claimed = await asyncio.gather(take(), claim())
    assert claimed is None
    assert (await Outgoing.get()).state == "cancelled"


async def handed_round(conversation) -> Conversation:
    """Taken over and given back: the bot's again, two epochs later."""
    as_person(await staff("csm"))
    await ownership.take_over(conversation.id)
    await ownership.hand_back(conversation.id)
    enter(Here(principal=SYSTEM))
    return await Conversation.get(id=conversation.id)


async def test_nothing_is_queued_for_an_epoch_that_is_over(line, line_channel):
    conversation = await asked(line, line_channel)
    later = await handed_round(conversation)
    assert (later.state, later.epoch) == ("bot", 3)
    said = await replies.say_automatically(later.id, "答え", key="answer:1", epoch=1, needs="bot")
    assert said is None
    assert await replies.say_automatically(later.id, "答え", key="answer:2", epoch=3, needs="bot")


async def test_a_claim_asks_the_epoch_itself(line, line_channel):
    """Even if nobody had cancelled the row."""
    conversation = await asked(line, line_channel)
    await replies.say_automatically(conversation.id, "答え", key="answer:1", epoch=1, needs="bot")
    await write("UPDATE conversation SET epoch = epoch + 2 WHERE id = ?", conversation.id)
    assert await sending.claim(conversation.id) is None
    assert (await Outgoing.get()).reason == "ownership changed"


async def test_a_question_from_before_a_person_took_part_is_not_the_bots(line, line_channel, faq):
    from bots.considering import consider
    from inbox.models import Message

    conversation = await asked(line, line_channel)
    question = await Message.get(sender="person")
    await handed_round(conversation)
    assert await consider(conversation.id, question.id, 1) == "a person has it"
    assert await Outgoing.filter(needs="bot").count() == 0
