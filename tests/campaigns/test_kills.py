"""kill -9, a frozen worker, two at once: none lost, none silently doubled, what is ambiguous is listed."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sqlite3
import sys
from collections import Counter
from pathlib import Path

import pytest
from msgspec.structs import replace

from bench.sending import a_step, fill, newsletter
from campaigns import actions
from campaigns.compose import Draft
from campaigns.models import Step
from core import settings as core_settings
from core.clock import now
from core.context import Here, enter
from core.database import rows, write
from core.principal import SYSTEM
from core.tasks import in_thread
from customers.rules import AttentionRule, set_rule
from fakes.process import fake_process

ROOT = Path(__file__).resolve().parents[2]
WORKER = Path(__file__).with_name("kill_worker.py")
MJML = newsletter().mjml.split("</mj-section>")[0] + "</mj-section>"
WIDTH = 20


class Rig:
    """A frozen step, a sink with its ledger, workers that can be killed."""

    def __init__(self, house, sink, step, lease: float) -> None:
        self.house, self.sink, self.step, self.lease = house, sink, step, lease

    async def worker(self):
        found = core_settings.settings()
        environment = os.environ | {
            "PYTHONPATH": str(ROOT / "platform"), "ENGAWA_SECRET_KEY": found.secret_key,
            "ENGAWA_DATA_DIR": found.data_dir, "ENGAWA_DATABASE_URL": found.database_url,
            "ENGAWA_SMTP_URL": f"smtp://127.0.0.1:{self.sink.port}?timeout=10",
        }  # fmt: skip
        return await asyncio.create_subprocess_exec(
            sys.executable, str(WORKER), str(self.step.id), str(self.lease), env=environment,
        )  # fmt: skip

    async def settled(self) -> int:
        found = await rows("SELECT COUNT(*) FROM delivery WHERE step_id = ? AND state NOT IN ('frozen', 'claimed',"
                           " 'attempting')", self.step.id)  # fmt: skip
        return int(found[0][0])

    async def until(self, count: int, seconds: float = 240) -> None:
        async with asyncio.timeout(seconds):
            while await self.settled() < count:
                await asyncio.sleep(0.02)

    async def finished(self, seconds: float = 300) -> None:
        async with asyncio.timeout(seconds):
            while (await Step.get(id=self.step.id)).state != "done":
                await asyncio.sleep(0.1)

    async def verdict(self, total: int) -> Counter:
        """Compares the ledger with what the sink took."""
        found = await rows("SELECT state, key FROM delivery WHERE step_id = ?", self.step.id)
        assert len(found) == total
        arrived = Counter(entry["message_id"].strip("<>").partition("@")[0] for entry in self.sink.accepted())
        assert [key for key, n in arrived.items() if n > 1] == [], "silently doubled"
        states = Counter(row[0] for row in found)
        assert set(states) <= {"sent", "uncertain"}
        assert [row[1] for row in found if row[0] == "sent" and row[1] not in arrived] == [], "lost"
        assert set(arrived) - {row[1] for row in found} == set()
        return states


async def rig(house, sink, total: int, lease: float) -> Rig:
    enter(Here(principal=SYSTEM, language="ja"))
    core_settings.use(replace(house.settings, smtp_url=f"smtp://127.0.0.1:{sink.port}"))
    await set_rule("attention", AttentionRule(per_day=100, per_week=100, per_month=100))
    people = await fill(total)
    campaign = await actions.open_campaign(actions.Settings(name="殺しても", topic="usage"))
    await actions.keep_content(campaign, Draft("{{ person.family_name }}さん", MJML))
    return Rig(house, sink, await a_step(campaign, people), lease)


async def killed_again_and_again(house, tmp_path, total: int, kills: int) -> None:
    async with fake_process("smtp", "--cheap", ledger=tmp_path / "sink.jsonl") as sink:
        found = await rig(house, sink, total, lease=2.0)
        dice = random.Random(7)
        for n in range(kills):
            worker = await found.worker()
            await found.until(min(total - WIDTH, (n + 1) * total // (kills + 1)))
            await asyncio.sleep(dice.random() * 0.1)
            worker.send_signal(signal.SIGKILL)
            await worker.wait()
        worker = await found.worker()
        await found.finished()
        await worker.wait()
        states = await found.verdict(total)
        assert states["uncertain"] <= kills * WIDTH
        listed = await rows("SELECT COUNT(*) FROM delivery WHERE state = 'uncertain' AND reason = 'worker_lost'")
        assert int(listed[0][0]) == states["uncertain"]
        print(f"{house.engine}: {total} mails, {kills} kills: {dict(states)}")


async def test_four_kills_lose_and_double_nothing(house, tmp_path):
    await killed_again_and_again(house, tmp_path, 1000, 4)


@pytest.mark.slow
@pytest.mark.timeout(3600)
async def test_twenty_kills_of_ten_thousand_lose_and_double_nothing(house, tmp_path):
    kills = int(os.environ.get("ENGAWA_TEST_KILLS", "20"))  # `make faults` asks for 200
    await killed_again_and_again(house, tmp_path, 10_000, kills)


async def test_two_workers_at_once_share_the_work(house, tmp_path):
    async with fake_process("smtp", "--cheap", ledger=tmp_path / "sink.jsonl") as sink:
        found = await rig(house, sink, 600, lease=5.0)
        workers = [await found.worker(), await found.worker()]
        await found.finished()
        for worker in workers:
            await worker.wait()
        assert await found.verdict(600) == Counter(sent=600)


async def stopped_outside_a_transaction(house, worker) -> None:
    """On SQLite a process that is stopped while it writes stops everybody: that is the file's one lock, not ours."""
    path = house.settings.database.removeprefix("sqlite://")
    while True:
        worker.send_signal(signal.SIGSTOP)
        # Sending is not stopping: until all its threads stand still it may begin a transaction.
        await in_thread(os.waitid, os.P_PID, worker.pid, os.WSTOPPED | os.WNOWAIT)
        if house.engine == "postgresql":
            return
        probe = sqlite3.connect(path, timeout=0.3, isolation_level=None)
        try:
            probe.execute("BEGIN IMMEDIATE")
            probe.execute("ROLLBACK")
            return
        except sqlite3.OperationalError:
            worker.send_signal(signal.SIGCONT)
            await asyncio.sleep(0.003)
        finally:
            probe.close()


async def test_a_worker_frozen_past_its_lease_finishes_nothing_of_anothers(house, tmp_path):
    async with fake_process("smtp", "--cheap", ledger=tmp_path / "sink.jsonl") as sink:
        found = await rig(house, sink, 1000, lease=1.0)
        frozen = await found.worker()
        await found.until(200)
        await stopped_outside_a_transaction(house, frozen)
        await asyncio.sleep(1.5)
        other = await found.worker()
        await found.until(600)
        frozen.send_signal(signal.SIGCONT)
        await found.finished()
        await asyncio.gather(frozen.wait(), other.wait())
        states = await found.verdict(1000)
        assert states["uncertain"] <= WIDTH


async def test_lost_connections_and_busy_servers_in_the_middle(house, tmp_path):
    """The sink drops one in seventeen after the dot, before it, and refuses some for now."""
    import json

    faults = [{"at": "dot", "hang_up": True, "accepted": True, "every": 17, "times": None},
              {"at": "content", "hang_up": True, "every": 23, "times": None},
              {"at": "rcpt", "reply": "451 4.7.1 Later", "every": 29, "times": 6}]  # fmt: skip
    (tmp_path / "faults.json").write_text(json.dumps(faults))
    async with fake_process("smtp", "--cheap", "--faults", str(tmp_path / "faults.json"),
                            ledger=tmp_path / "sink.jsonl") as sink:  # fmt: skip
        found = await rig(house, sink, 300, lease=5.0)
        worker = await found.worker()
        async with asyncio.timeout(120):
            while await found.settled() < 270:
                await asyncio.sleep(0.1)
                await write("UPDATE delivery SET due_at = ? WHERE state = 'frozen' AND reason <> ''", now())
                await write("UPDATE promise SET state = 'done' WHERE state = 'waiting'")
        worker.send_signal(signal.SIGTERM)
        await worker.wait()
        arrived = Counter(entry["message_id"] for entry in sink.accepted())
        assert max(arrived.values()) == 1
        uncertain = int((await rows("SELECT COUNT(*) FROM delivery WHERE state = 'uncertain'"))[0][0])
        assert uncertain >= 10
