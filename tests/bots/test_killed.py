"""kill -9 of the web process while LINE delivers, redelivers and shuffles: no question lost, none answered twice."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections import Counter
from pathlib import Path

import httpx
import pytest

from channels import connections
from core.context import Here, enter
from core.database import later_by, rows, the_time
from core.principal import SYSTEM
from fakes.line import FakeLine
from fakes.line_events import line_id, line_signature
from fakes.process import RunningFake, fake_process
from faults.processes import Process, environment_of, until
from wires import *  # noqa: F403

TOKEN, SECRET = "killed-line-token", "killed-line-secret-0123456789"
TEXTS = ["パスワードを忘れたとき", "請求書をダウンロードする", "こんにちは", "宇宙船", "ありがとう"]
AT_ONCE = 8
STANDS_STILL = 150  # seconds without any work done: longer than the longest back-off that a test meets


class Platform:
    """LINE as it delivers: what was not answered with 200 comes again, in another order, some of the rest as well."""

    def __init__(self, house, line: RunningFake, events: int, seed: int, tmp_path: Path) -> None:
        self.house, self.line, self.dice, self.folder = house, line, random.Random(seed), tmp_path
        self.fake = FakeLine(token=TOKEN, secret=SECRET)
        people = [line_id(f"person {n}") for n in range(events // 3)]
        self.made = [self.fake.text(self.dice.choice(people), self.dice.choice(TEXTS)) for _ in range(events)]
        self.left = [*self.made, *self.dice.choices(self.made, k=events // 5)]
        self.dice.shuffle(self.left)
        self.answered: set[str] = set()
        self.web: Process | None = None

    async def start(self) -> None:
        from bench.house import free_port

        self.port = free_port()
        settings = self.house.settings
        environment = environment_of(settings, settings.database, ENGAWA_PORT=self.port, ENGAWA_URL=self.house.url,
                                     ENGAWA_LINE_API_URL=self.line.origin, FAULT_LEASE=2)  # fmt: skip
        self.web = Process("serve", environment, self.folder)
        await until(self._is_up, timeout=60)

    async def _is_up(self) -> bool:
        assert self.web is not None
        assert self.web.popen.poll() is None, self.web.log.read_text()[-2000:]
        async with httpx.AsyncClient(trust_env=False) as client:
            try:
                return (await client.get(f"http://127.0.0.1:{self.port}/healthz")).status_code == 200
            except httpx.TransportError:
                return False

    async def deliver_until(self, answered: int) -> None:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", trust_env=False, timeout=30) as client:
            await asyncio.gather(*(self._deliver(client, answered) for _ in range(AT_ONCE)))

    async def _deliver(self, client: httpx.AsyncClient, answered: int) -> None:
        while self.left and len(self.answered) < answered:
            some = [self.left.pop() for _ in range(min(len(self.left), self.dice.randint(1, 5)))]
            body = self.fake.envelope(some)
            try:
                status = (await client.post("/line/webhook", content=body, headers={
                    "X-Line-Signature": line_signature(SECRET, body)})).status_code  # fmt: skip
            except httpx.TransportError:
                status = 0
            if status == 200:
                self.answered |= {event["webhookEventId"] for event in some}
            else:
                assert status in (0, 503), status
                self.left[:0] = some
            if status == 0:
                return  # the process is gone


async def killed(house, tmp_path, events: int, kills: int) -> Counter:
    enter(Here(principal=SYSTEM))
    async with fake_process("line", "--token", TOKEN, "--secret", SECRET, ledger=tmp_path / "line.jsonl") as line:
        platform = Platform(house, line, events, seed=kills, tmp_path=tmp_path)
        await line.control("know", users=sorted(platform.fake.friends))
        await connections.add("line", "LINE", platform.fake.bot_user_id,
                              {"channel_secret": SECRET, "access_token": TOKEN})  # fmt: skip
        for n in range(kills):
            await platform.start()
            delivering = asyncio.create_task(platform.deliver_until((n + 1) * events // (kills + 1)))
            await until(lambda wanted=(n + 1) * events // (kills + 1): _reached(platform, wanted), timeout=60)
            await asyncio.sleep(
                platform.dice.choice((0.1, 0.3, 2.0)) * platform.dice.random()
            )  # taking in, or answering
            platform.web.kill()
            await delivering
            print(f"kill {n + 1}: {len(platform.answered)} taken, {await _waiting()} wait", flush=True)
        await platform.start()
        await platform.deliver_until(events + 1)
        assert not platform.left
        await _all_done()
        await platform.web.stop(within=30)
        return await _verdict(platform, line)


async def _reached(platform: Platform, wanted: int) -> bool:
    return len(platform.answered) >= wanted or not platform.left


async def _all_done() -> None:
    """Waits while work gets less: how long thousands of questions take is the machine's affair, a halt is ours."""
    fewest, since = await _waiting(), time.monotonic()
    while fewest:
        await asyncio.sleep(0.2)
        if (left := await _waiting()) < fewest:
            fewest, since = left, time.monotonic()
        assert time.monotonic() - since < STANDS_STILL, f"{left} still wait"


async def _waiting() -> int:
    found = await rows("SELECT COUNT(*) FROM promise WHERE state = 'running' OR (state = 'waiting' AND due_at <="
                       f" {the_time()})", later_by())  # fmt: skip
    left = await rows("SELECT COUNT(*) FROM arrival WHERE state = 'waiting'")
    sending = await rows("SELECT COUNT(*) FROM outgoing WHERE state IN ('queued', 'sending')")
    return int(found[0][0] + left[0][0] + sending[0][0])


async def _verdict(platform: Platform, line: RunningFake) -> Counter:
    """Compares what was sent to us with what is stored, and our ledger with what LINE took."""
    stored = [row[0] for row in await rows("SELECT key FROM arrival")]
    assert sorted(stored) == sorted(event["webhookEventId"] for event in platform.made)
    asked = await rows("SELECT COUNT(*) FROM message WHERE sender = 'person'")
    assert asked[0][0] == len(platform.made), "a question is missing, or there twice"
    assert await rows("SELECT name, last_error FROM promise WHERE state = 'dead'") == []
    took = line.accepted()
    for name in ("reply_token", "retry_key"):
        said = Counter(entry[name] for entry in took if entry.get(name))
        assert [key for key, n in said.items() if n > 1] == [], "said twice"
    arrived = {id for entry in took for id in entry["message_ids"]}
    ledger = await rows("SELECT state, external_id, reason FROM outgoing")
    assert [row[1] for row in ledger if row[0] == "sent" and row[1] not in arrived] == [], "lost"
    assert [row[2] for row in ledger if row[0] == "uncertain" and not row[2]] == [], "uncertain without a reason"
    states = Counter(row[0] for row in ledger)
    assert len(took) - states["sent"] <= states["uncertain"] + states["cancelled"] + states["failed"]
    return states


@pytest.mark.slow
@pytest.mark.timeout(7200)
async def test_kills_while_questions_come(house, tmp_path, faq, record_property):
    kills = int(os.environ.get("ENGAWA_TEST_KILLS", "3"))  # `make faults` asks for 200
    questions = max(120, 50 * kills) if kills > 3 else 120
    states = await killed(house, tmp_path, events=questions, kills=kills)
    print(f"{house.engine}: {questions} questions, {kills} kills: {dict(states)}")
    record_property("states", dict(states))
    assert states["sent"]
