"""The race machine: one customer, ~15 steps in any order, redelivered and shuffled; the invariants hold after each.

I1 no bot send unless the state is bot and the epoch current · I2 each event stored once · I3 at most one automatic
answer per event · I4 none for the high tier · I5 one open conversation, one owner · I6 a reply is queued once ·
I7 waiting has a clock and a summary · I8 a reply implies human ownership · I11 one author per epoch.
"""

from __future__ import annotations

import contextlib
import random
from datetime import timedelta
from typing import Any

import pytest

from bots.delivering import deliver
from bots.jobs import answer_or_hand_over, take_in
from channels import arrivals
from channels.arrivals import Coming
from core.clock import now
from core.context import Here, enter
from core.database import rows, write
from core.errors import Refused
from core.principal import SYSTEM
from customers.models import Account
from factories import a_person, an_account, staff
from fakes.line import FakeLine
from inbox.actions import ownership, replies
from inbox.models import Conversation, Message, Outgoing
from wires import *  # noqa: F403
from wires import as_person

TEXTS = [
    "パスワードを忘れたとき", "請求書をダウンロードする", "宇宙船の操縦桿", "人と話したいです", "こんにちは",
    "解約したい", "有給の残日数", "ありがとう",
]  # fmt: skip


class Machine:
    """One customer on LINE, two members of staff, a world that delivers in any order and twice."""

    def __init__(
        self, line: FakeLine, channel: Any, chance: random.Random, people: list[Any], account: Account
    ) -> None:
        self.line, self.channel, self.chance, self.people, self.account = line, channel, chance, people, account
        self.user = line.person("Mika")
        self.events: list[dict] = []
        self.pending: list[int] = []
        self.facts: list[tuple[int, int, int]] = []
        self.replies: dict[str, int] = {}
        self.sent_while: list[tuple[str, int]] = []

    async def step(self) -> None:
        enter(Here(principal=SYSTEM))
        await getattr(self, self.chance.choice([
            "arrive", "arrive", "redeliver", "intake", "intake", "consider", "consider", "deliver", "deliver",
            "take_over", "reply", "reply", "hand_back", "resolve", "tier", "tap",
        ]))()  # fmt: skip
        await self.check()

    async def arrive(self) -> None:
        event = self.line.text(self.user, self.chance.choice(TEXTS), at=self._when())
        self.line.envelope([event])
        self.events.append(event)
        await self._store(event)

    def _when(self) -> int:
        return int((now() - timedelta(seconds=self.chance.choice([0, 0, 0, 30, 400]))).timestamp() * 1000)

    async def _store(self, event: dict) -> None:
        self.pending += await arrivals.store(
            self.channel.id, [Coming(event["webhookEventId"], event["type"], event, event["timestamp"] / 1000)]
        )

    async def redeliver(self) -> None:
        if self.events:
            await self._store(self.chance.choice(self.events))

    async def tap(self) -> None:
        said = await Message.filter(sender="bot").order_by("-id").first()
        buttons = said.data.get("buttons") if said else None
        if buttons:
            event = self.line.postback(self.user, self.chance.choice(buttons)[1])
            self.line.envelope([event])
            self.events.append(event)
            await self._store(event)

    async def intake(self) -> None:
        if self.pending:
            number = self.chance.randrange(len(self.pending))
            arrival = self.pending[number] if self.chance.random() < 0.3 else self.pending.pop(number)
            await take_in(arrival_id=arrival)
            found = await rows("SELECT id, body FROM fact WHERE name = 'inbox.MessageReceived' AND is_told = ?", False)
            for row in found:
                import json

                body = json.loads(row["body"])
                self.facts.append((body["conversation_id"], body["message_id"], body["epoch"]))
                await write("UPDATE fact SET is_told = ? WHERE id = ?", True, row["id"])

    async def consider(self) -> None:
        if self.facts:
            number = self.chance.randrange(len(self.facts))
            fact = self.facts[number] if self.chance.random() < 0.3 else self.facts.pop(number)
            await answer_or_hand_over(conversation_id=fact[0], message_id=fact[1], epoch=fact[2])

    async def deliver(self) -> None:
        open_one = await self._open()
        if open_one:
            before = len(self.line.sent)
            state = open_one.state
            automatic = await Outgoing.filter(needs="bot", state="sent").count()
            await deliver(conversation_id=open_one.id)
            if await Outgoing.filter(needs="bot", state="sent").count() > automatic:
                self.sent_while.append((state, len(self.line.sent) - before))

    async def _open(self) -> Conversation | None:
        return await Conversation.exclude(state="resolved").first()

    async def _staff(self, act: Any) -> None:
        open_one = await self._open()
        if open_one:
            as_person(self.chance.choice(self.people))
            with contextlib.suppress(Refused):
                await act(open_one.id)
            enter(Here(principal=SYSTEM))

    async def take_over(self) -> None:
        await self._staff(ownership.take_over)

    async def hand_back(self) -> None:
        await self._staff(ownership.hand_back)

    async def resolve(self) -> None:
        await self._staff(ownership.resolve)

    async def reply(self) -> None:
        key = f"k{self.chance.randrange(4)}"

        async def twice(conversation_id: int) -> None:
            await replies.reply(conversation_id, f"返事 {key}", key=key)
            await replies.reply(conversation_id, f"返事 {key}", key=key)
            assert (await Conversation.get(id=conversation_id)).state in ("human", "resolved", "bot", "waiting")

        await self._staff(twice)

    async def tier(self) -> None:
        self.account.tier = self.chance.choice(["high", "low", "tech"])
        await Account.filter(id=self.account.id).update(tier=self.account.tier, tier_source="manual")

    async def check(self) -> None:
        stored = await rows("SELECT key, COUNT(*) FROM arrival GROUP BY key HAVING COUNT(*) > 1")
        assert stored == [], "I2"
        assert await rows("SELECT arrival_id FROM message WHERE arrival_id IS NOT NULL GROUP BY arrival_id"
                          " HAVING COUNT(*) > 1") == []  # fmt: skip
        assert await rows("SELECT key FROM outgoing GROUP BY key HAVING COUNT(*) > 1") == [], "I3, I6"
        assert all(state == "bot" for state, _ in self.sent_while), "I1"
        assert await Conversation.exclude(state="resolved").count() <= 1, "I5"
        for one in await Conversation.all():
            if one.state == "waiting":
                assert one.waiting_since is not None, "I7"
                assert one.sla_due_at is not None, "I7"
                assert one.summary, "I7"
            if one.state == "human":
                assert one.owner_id is not None, "I8"
            if one.state != "bot":
                live = await Outgoing.filter(conversation_id=one.id, needs="bot", state__in=("queued", "held")).count()
                assert live == 0, "I1: nothing of the bot waits once it is not its own"
        authors = await rows("SELECT conversation_id, epoch FROM message WHERE sender = 'staff'"
                             " GROUP BY conversation_id, epoch HAVING COUNT(DISTINCT author_id) > 1")  # fmt: skip
        assert authors == [], "I11"
        mixed = await rows(
            "SELECT m.epoch FROM message m JOIN outgoing o ON o.message_id = m.id WHERE o.needs = 'bot' AND EXISTS"
            " (SELECT 1 FROM message s WHERE s.conversation_id = m.conversation_id AND s.epoch = m.epoch"
            " AND s.sender = 'staff')"
        )
        assert mixed == [], "I11: the bot and a person never speak in one epoch"


@pytest.mark.parametrize("seed", range(8))
async def test_short_races(line, line_channel, faq, seed):
    await run(line, line_channel, seed, steps=25)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 112))
async def test_long_races(line, line_channel, faq, seed):
    await run(line, line_channel, seed, steps=120)


async def run(line: FakeLine, channel: Any, seed: int, steps: int) -> None:
    from customers.people import link

    people = [await staff("csm"), await staff("agent", "岩城", "直")]
    account = await an_account(tier="low", tier_source="manual")
    chance = random.Random(seed)
    machine = Machine(line, channel, chance, people, account)
    if chance.random() < 0.6:
        person = await a_person(account=account)
        await link("line", machine.user, person.id, source="test", verified_at=now())
    for _ in range(steps):
        await machine.step()
    assert {refusal.error for refusal in line.refused} <= {"Invalid reply token"}


async def test_the_high_tier_is_asked_again_when_the_send_is_claimed(line, line_channel, faq):
    """I4: the account became high-touch after the answer was queued."""
    from inbox.actions import sending
    from inbox.actions.receiving import Heard, receive

    account = await an_account(tier="low", tier_source="manual")
    message = await receive(Heard(channel="line", customer_key="line:1:U", body="?", at=now(), account_id=account.id,
                                  connection_id=line_channel.id, address={"to": "U"}))  # fmt: skip
    await replies.say_automatically(message.conversation_id, "答え", key="answer:1", epoch=1, needs="bot")
    await Account.filter(id=account.id).update(tier="high")
    assert await sending.claim(message.conversation_id) is None
    assert (await Outgoing.get()).state == "cancelled"
