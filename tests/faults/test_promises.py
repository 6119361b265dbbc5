"""What a reviewer of the runner asked, each once."""

from __future__ import annotations

import asyncio

import pytest

from core import ring
from core.database import transaction
from core.jobs import _jobs, job
from core.models import Fact, Promise
from core.runner import Runner
from faults.processes import until


@pytest.fixture
def a_job():
    made = []

    def register(function, **options):
        made.append(job(**options)(function) if options else job(function))
        return made[-1]

    yield register
    for one in made:
        _jobs.pop(one.name, None)


@pytest.mark.parametrize("said", ["a\x00b", "lone \ud800 surrogate", "漢字"])
async def test_any_error_text_can_be_written_down(house, a_job, run_small_jobs, said):
    async def fails() -> None:
        raise ValueError(said)

    failing = a_job(fails, attempts=1)
    await failing.later()
    await run_small_jobs()
    dead = await Promise.get(name=failing.name)
    assert dead.state == "dead" and dead.last_error.startswith("ValueError: ")


async def test_a_job_whose_own_subtask_was_cancelled_has_failed(house, a_job, run_small_jobs):
    async def cancels_itself() -> None:
        raise asyncio.CancelledError

    cancelled = a_job(cancels_itself, attempts=1)
    await cancelled.later()
    await run_small_jobs()
    dead = await Promise.get(name=cancelled.name)
    assert dead.state == "dead" and "CancelledError" in dead.last_error


async def test_a_job_that_takes_too_long_says_so(house, a_job, run_small_jobs):
    async def lingers() -> None:
        await asyncio.sleep(60)

    lingering = a_job(lingers, attempts=1, timeout=0.1)
    await lingering.later()
    await run_small_jobs()
    assert (await Promise.get(name=lingering.name)).last_error == "TimeoutError: longer than 0.1 seconds"


async def test_an_outcome_outlives_a_moment_without_database(house, marks, monkeypatch, run_small_jobs):
    from core import runner

    right, failures = runner.settle, [OSError("away"), OSError("away")]

    async def sometimes(*arguments):
        if failures:
            raise failures.pop()
        await right(*arguments)

    monkeypatch.setattr(runner, "settle", sometimes)
    await marks.mark.later(name="once")
    await run_small_jobs()
    assert len(await marks.starts("once")) == 1


async def test_trouble_with_a_fact_holds_no_promise_up(house, marks, monkeypatch):
    from core import runner

    async def fails() -> int:
        raise RuntimeError("this fact cannot be told")

    monkeypatch.setattr(runner, "tell_facts", fails)
    await Fact.create(name="x.Y", body={}, created_at="2026-01-01T00:00:00+00:00")
    await marks.mark.later(name="anyway")
    one = Runner()
    await one.start()
    try:
        await until(lambda: marks.starts("anyway"), 10)
    finally:
        await one.stop()


async def test_a_full_lane_delays_no_other(house, marks):
    one = Runner({"default": 2, "bulk": 1})
    for number in range(5):
        await marks.slow_mark.later(name=f"bulk-{number}", seconds=30)
    await one.start()
    try:
        await until(lambda: marks.starts("bulk-%"), 10)
        await marks.mark.later(name="quick")
        await until(lambda: marks.starts("quick"), 5)
        assert len(await marks.starts("bulk-%")) == 1
    finally:
        await one.stop(patience=0)


def test_a_lane_that_nobody_serves_is_refused():
    with pytest.raises(ValueError, match="there is no lane"):
        job(lane="mail")


def test_an_argument_that_later_would_take_is_refused():
    async def index(after: int) -> None: ...

    with pytest.raises(ValueError, match="later"):
        job(index)


async def test_a_keyed_promise_sees_what_was_committed_with_it(house, marks, postgres_only):
    """On PostgreSQL a runner could claim the waiting namesake between our key and our commit, and miss our change."""
    await marks.mark.later(name="before", key="k")
    one = Runner({"default": 1})
    async with transaction():
        await marks.mark.later(name="ours", key="k")
        outside = asyncio.get_running_loop().create_task(one.claim(), context=_outside())
        await outside
        assert not one.running, "claimed while we could still change what it reads"
    await one.claim()
    assert len(one.running) == 1
    await one.stop()


def _outside():
    from core.tasks import _clean

    return _clean.copy()


async def test_a_key_whose_promise_is_claimed_meanwhile_is_promised_again(house, marks):
    await marks.mark.later(name="first", key="k")
    one = Runner({"default": 1})
    await one.claim()
    async with transaction():
        await marks.mark.later(name="second", key="k")
    await one.stop()
    assert len(await Promise.filter(name=marks.mark.name)) == 2


async def test_rings_that_come_together_send_once_or_twice(house):
    sent = []

    async def send() -> None:
        sent.append(len(sent))
        await asyncio.sleep(0.05)

    messenger = ring.Messenger(send)
    for _ in range(100):
        messenger()
    await asyncio.sleep(0.01)
    for _ in range(100):
        messenger()
    await messenger.flush()
    assert sent == [0, 1]


async def test_a_messenger_that_cannot_send_loses_nobody(house, caplog):
    async def send() -> None:
        raise ConnectionError

    messenger = ring.Messenger(send)
    messenger()
    await messenger.flush()
    messenger()
    await messenger.flush()
    assert caplog.text.count("could not be rung") == 2
