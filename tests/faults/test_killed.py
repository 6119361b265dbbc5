"""kill -9 of a runner: its jobs start again, nothing is lost, no effect is doubled."""

from __future__ import annotations

import asyncio
import os
import random
import time
from datetime import timedelta

import pytest

from core import promises
from core.database import later_by, rows, the_time, transaction, write
from core.models import Promise
from faults.processes import until


async def test_a_killed_runners_job_starts_again_elsewhere(house, marks, start):
    first = await start("runner", FAULT_LEASE=2).until("ready")
    async with transaction():
        await marks.mark.later(name="orphan", seconds=600)
    await until(lambda: marks.starts("orphan"), 20)
    second = await start("runner", FAULT_LEASE=2).until("ready")
    first.kill()
    again = await until(lambda: _second(marks, "orphan"), 30)
    assert again[1] == second.pid
    held = await Promise.get(name=marks.mark.name)
    assert (held.state, held.attempts) == ("running", 2)


async def _second(marks, key):
    begun = await marks.starts(key)
    return begun[1] if len(begun) > 1 else None


@pytest.mark.slow
async def test_a_killed_runners_job_starts_again_within_15_seconds(house, marks, start, record_property):
    """The lease as it is in production."""
    first = await start("runner").until("ready")
    async with transaction():
        for number in range(8):
            await marks.mark.later(name=f"orphan-{number}", seconds=600)
    await until(lambda: _all_begun(marks, 8), 30)
    await start("runner").until("ready")
    first.kill()
    killed, held = time.time(), {key for key, pid, _ in await marks.starts() if pid == first.pid}
    await until(lambda: _begun_again(marks, held, first.pid), 40)
    late = max(at for key, pid, at in await marks.starts() if key in held and pid != first.pid) - killed
    record_property("resumed_after_s", round(late, 2))
    assert late <= 15, late


async def _all_begun(marks, count):
    return len(await marks.starts()) >= count


async def _begun_again(marks, held, killed):
    return held <= {key for key, pid, _ in await marks.starts() if pid != killed}


@pytest.mark.slow
async def test_ten_kills_lose_nothing_and_double_no_effect(house, marks, start, record_property):
    writer = await start("writer", FAULT_RATE=20, FAULT_COUNT=300).until("ready")
    runners = [start("runner", FAULT_LEASE=2) for _ in range(2)]
    for _ in range(10):
        await asyncio.sleep(0.5 + random.random())
        runners.pop(0).kill()
        runners.append(start("runner", FAULT_LEASE=2))
    promised = await until(lambda: _said(writer, 300), 60)
    await until(lambda: _all_kept(), 60, every=0.2)
    effects, begun = await marks.effects(), await marks.starts()
    record_property("started_twice", len(begun) - len(effects))
    assert effects == sorted(promised)
    assert len(begun) - len(effects) <= 10 * 8  # no more than the kills times a lane's width
    assert {row[0] for row in await rows("SELECT state FROM promise")} == {"done"}


async def _said(writer, count):
    keys = [line.split()[0] for line in writer.said() if line != "ready"]
    return keys if len(keys) >= count else None


async def _all_kept():
    return not (await rows("SELECT COUNT(*) FROM promise WHERE state IN ('waiting', 'running')"))[0][0]


async def test_a_job_that_silences_its_runner_every_time_ends_among_the_dead(house, marks):
    await marks.mark.later(name="poison")
    for attempt in range(promises.MOST_SILENCES):
        [claimed] = await promises.claim(f"w-{attempt}", "default", 5)
        assert claimed["attempts"] == attempt + 1
        await write(f"UPDATE promise SET lease_until = {the_time()}", later_by(-timedelta(hours=1)))
        assert await promises.take_back() == 1
        await write(f"UPDATE promise SET due_at = {the_time()} WHERE state = 'waiting'", later_by())
    dead = await Promise.get(name=marks.mark.name)
    assert (dead.state, dead.last_error) == ("dead", "the runner went silent")
    assert os.getpid() not in [pid for _, pid, _ in await marks.starts()]


async def test_what_a_runner_held_at_each_of_many_kills_lets_the_others_go_first(house, marks):
    """A runner killed over and over, for whatever reason, must not try the same few each time until they are dead."""
    for number in range(12):
        await marks.mark.later(name=f"healthy-{number}")
    held = set()
    for kill in range(1, 41):
        claimed = await promises.claim(f"w-{kill}", "default", 4)
        held |= {row["id"] for row in claimed}
        await write(
            f"UPDATE promise SET lease_until = {the_time()} WHERE state = 'running'", later_by(-timedelta(hours=1))
        )
        assert await promises.take_back() == len(claimed)
    assert len(held) == 12
    left = await rows(f"SELECT state, attempts, due_at <= {the_time()} FROM promise", later_by())
    assert {row[0] for row in left} == {"waiting"}
    assert max((row[1] for row in left if row[2]), default=0) <= promises.FREE_SILENCES < max(row[1] for row in left)
