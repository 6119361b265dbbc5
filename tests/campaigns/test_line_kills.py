"""LINE under kill -9: with the retry key nobody is missed, nobody gets it twice, and nothing is left uncertain."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import signal
import sys
from collections import Counter
from pathlib import Path

import pytest

from bench.sending import a_step, fill
from campaigns import actions
from campaigns.models import Step
from campaigns_parts import MESSAGES
from channels import connections
from core import settings as core_settings
from core.clock import now
from core.context import Here, enter
from core.database import rows, transaction, write_many
from core.principal import SYSTEM
from customers.rules import AttentionRule, ChannelRule, set_rule
from fakes.process import fake_process

ROOT = Path(__file__).resolve().parents[2]
WORKER = Path(__file__).with_name("kill_worker.py")
TOKEN = "token-of-a-fake-channel"


def user_of(person: int) -> str:
    return "U" + hashlib.sha256(f"person {person}".encode()).hexdigest()[:32]


async def frozen(house, line, total: int) -> Step:
    enter(Here(principal=SYSTEM, language="ja"))
    await set_rule("attention", AttentionRule(per_day=100, per_week=100, per_month=100))
    await set_rule("channels", ChannelRule(line_day=0, line_week=0, line_month=0))
    people, moment = await fill(total), now()
    async with transaction():
        await write_many("INSERT INTO identity (kind, value, person_id, verified_at, source, created_at)"
                         " VALUES ('line', ?, ?, ?, 'test', ?)",
                         [[user_of(one), one, moment, moment] for one in people])  # fmt: skip
        await write_many("INSERT INTO consent (person_id, topic, channel, state, changed_at)"
                         " VALUES (?, 'usage', 'line', 'given', ?)", [[one, moment] for one in people])  # fmt: skip
    await line.control("know", users=[user_of(one) for one in people])
    await connections.add("line", "LINE", "U" + "0" * 32, {"channel_secret": "s", "access_token": TOKEN},
                          {"rate": 2000})  # fmt: skip
    campaign = await actions.open_campaign(actions.Settings(name="殺しても", topic="usage"))
    await actions.choose_channels(campaign, "line")
    await actions.keep_line(campaign, MESSAGES)
    return await a_step(campaign, people)


async def a_worker(line, step: Step, lease: float):
    found = core_settings.settings()
    environment = os.environ | {
        "PYTHONPATH": str(ROOT / "platform"), "ENGAWA_SECRET_KEY": found.secret_key,
        "ENGAWA_DATA_DIR": found.data_dir, "ENGAWA_DATABASE_URL": found.database_url,
        "ENGAWA_LINE_API_URL": line.origin,
    }  # fmt: skip
    return await asyncio.create_subprocess_exec(sys.executable, str(WORKER), str(step.id), str(lease), env=environment)


async def sent(step: Step) -> int:
    found = await rows("SELECT COUNT(*) FROM delivery WHERE step_id = ? AND state = 'sent'", step.id)
    return int(found[0][0])


async def until(step: Step, count: int, seconds: float = 200) -> None:
    async with asyncio.timeout(seconds):
        while await sent(step) < count:
            await asyncio.sleep(0.02)


async def finished(step: Step, seconds: float = 200) -> None:
    async with asyncio.timeout(seconds):
        while (await Step.get(id=step.id)).state != "done":
            await asyncio.sleep(0.1)


async def killed_again_and_again(house, tmp_path, total: int, kills: int) -> None:
    async with fake_process("line", "--token", TOKEN, ledger=tmp_path / "line.jsonl") as line:
        step = await frozen(house, line, total)
        dice = random.Random(11)
        for n in range(kills):
            worker = await a_worker(line, step, 2.0)
            await until(step, min(total - 20, (n + 1) * total // (kills + 1)))
            await asyncio.sleep(dice.random() * 0.05)
            worker.send_signal(signal.SIGKILL)
            await worker.wait()
        worker = await a_worker(line, step, 2.0)
        await finished(step)
        await worker.wait()
        arrived = Counter(entry["to"][0] for entry in line.accepted())
        found = await rows("SELECT state, COUNT(*) FROM delivery WHERE step_id = ? GROUP BY state", step.id)
        assert {row[0]: int(row[1]) for row in found} == {"sent": total}
        assert set(arrived) == {user_of(one) for one in range(1, total + 1)}, "lost"
        assert max(arrived.values()) == 1, "doubled"
        again = await line.control("repeated")
        print(f"{house.engine}: {total} pushes, {kills} kills, asked again: {len(again)}")


async def test_three_kills_lose_double_and_leave_open_nothing(house, tmp_path):
    await killed_again_and_again(house, tmp_path, 300, 3)


@pytest.mark.slow
@pytest.mark.timeout(3600)
async def test_twenty_kills_of_three_thousand_pushes(house, tmp_path):
    kills = int(os.environ.get("ENGAWA_TEST_KILLS", "20"))
    await killed_again_and_again(house, tmp_path, 3000, kills)


async def test_two_workers_at_once_share_the_pushes(house, tmp_path):
    async with fake_process("line", "--token", TOKEN, ledger=tmp_path / "line.jsonl") as line:
        step = await frozen(house, line, 200)
        workers = [await a_worker(line, step, 5.0), await a_worker(line, step, 5.0)]
        await finished(step)
        for worker in workers:
            await worker.wait()
        arrived = Counter(entry["to"][0] for entry in line.accepted())
        assert (await sent(step), len(arrived), max(arrived.values())) == (200, 200, 1)
        assert await line.control("repeated") == []


async def test_answers_that_are_lost_and_a_platform_in_trouble(house, tmp_path):
    """One push in nine is taken and its answer lost; one in eleven is refused for now, one in thirteen fails."""
    async with fake_process("line", "--token", TOKEN, ledger=tmp_path / "line.jsonl") as line:
        step = await frozen(house, line, 120)
        for _ in range(12):
            await line.control("faults", operation="push", drop=True, after=True)
            await line.control("faults", operation="push", status=429)
            await line.control("faults", operation="push", status=500)
        from core.database import write

        worker = await a_worker(line, step, 5.0)
        async with asyncio.timeout(120):
            while await sent(step) < 120:
                await asyncio.sleep(0.2)
                await write("UPDATE delivery SET due_at = ? WHERE state = 'frozen' AND reason <> ''", now())
                await write("UPDATE promise SET state = 'done' WHERE state = 'waiting'")
        await finished(step)
        worker.send_signal(signal.SIGTERM)
        await worker.wait()
        arrived = Counter(entry["to"][0] for entry in line.accepted())
        assert (len(arrived), max(arrived.values())) == (120, 1)
        assert len(await line.control("repeated")) >= 12
