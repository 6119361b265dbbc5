"""A runner that stands still past its lease (a paused machine, a swap storm) changes nothing when it wakes."""

from __future__ import annotations

import asyncio
import signal

from core.database import transaction
from core.models import Promise
from core.runner import Runner
from faults.processes import until


async def test_what_a_frozen_runner_held_is_done_by_another_and_its_outcome_is_refused(house, marks, start):
    frozen = await start("runner", FAULT_LEASE=2).until("ready")
    async with transaction():
        await marks.mark.later(name="contested", seconds=6)
    await until(lambda: marks.starts("contested"), 20)
    other = start("runner", FAULT_LEASE=2)
    frozen.signal(signal.SIGSTOP)
    await other.until("ready")
    await until(lambda: _begun(marks, 2), 30)
    frozen.signal(signal.SIGCONT)
    done = await until(lambda: Promise.filter(name=marks.mark.name, state="done").first(), 40)
    assert (done.outcome, done.attempts) == (str(other.pid), 2)
    assert await marks.effects() == ["contested"]
    await frozen.until("lost its lease", 5)  # its job was stopped, not only refused
    await marks.mark.later(name="later")
    await until(lambda: marks.starts("later"), 20)
    assert await frozen.stop(within=15) == 0


async def _begun(marks, count):
    return len(await marks.starts()) >= count


async def test_a_runner_that_claims_its_own_lost_promise_again_keeps_the_second_run(house, marks):
    """The first run's end must not take the second off the books: its lease would run out."""
    from core import promises

    runner = Runner()
    await marks.mark.later(name="mine", seconds=30)
    first, second = (await promises.claim(runner.name, "default", 1))[0], None
    runner._start(_held(first))
    await promises.write("UPDATE promise SET state = 'waiting'")
    second = (await promises.claim(runner.name, "default", 1))[0]
    runner._start(_held(second))
    one = next(held for held in runner.running if held.attempts == 1)
    one.task.cancel()
    await asyncio.wait([one.task])
    await asyncio.sleep(0)
    assert [held.attempts for held in runner.running] == [2]
    await runner.stop(patience=0)
    assert (await Promise.get(name=marks.mark.name)).state == "waiting"


def _held(row):
    from core.runner import Held

    return Held("default", row)
