"""SIGTERM: a running job gets its time, the rest goes back at once, and the process ends with 0 and without a hang."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest

from core.database import rows, transaction, write
from core.models import Promise
from core.runner import Runner
from faults.processes import until


async def promised(marks) -> None:
    async with transaction():
        await marks.mark.later(name="short", seconds=1.5)
        await marks.mark.later(name="long", seconds=50)
    await until(lambda: _begun(marks, 2), 30)


async def _begun(marks, count):
    return len(await marks.starts()) >= count


async def left() -> dict[str, tuple[str, int]]:
    return {("short" if "short" in str(p.arguments) else "long"): (p.state, p.attempts) for p in await Promise.all()
            if "trial" in p.name}  # fmt: skip


async def test_a_runner_that_is_told_to_stop_ends_what_it_can(house, marks, start):
    runner = await start("runner", FAULT_PATIENCE=3).until("ready")
    await promised(marks)
    assert await runner.stop(within=15) == 0
    assert await left() == {"short": ("done", 1), "long": ("waiting", 0)}
    assert (await rows("SELECT COUNT(*) FROM promise WHERE due_at > CURRENT_TIMESTAMP AND name = ?",
                       marks.mark.name))[0][0] == 0  # fmt: skip


@pytest.mark.slow
async def test_the_web_process_stops_its_embedded_runner(house, marks, start, whole):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    web = start("serve", ENGAWA_PORT=port)
    await until(lambda: _answers(port), 60)
    await promised(marks)
    began = time.monotonic()
    assert await web.stop(within=25) == 0
    assert time.monotonic() - began >= 1
    assert await left() == {"short": ("done", 1), "long": ("waiting", 0)}


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


@pytest.mark.slow
async def test_a_worker_stops_also_while_redis_is_away(house, postgres_only, marks, start, whole):
    worker = await start("worker", ENGAWA_REDIS_URL="redis://127.0.0.1:1/0").until("is ready")
    await worker.until("Redis is away")
    await promised(marks)
    assert await worker.stop(within=25) == 0
    assert await left() == {"short": ("done", 1), "long": ("waiting", 0)}


async def test_what_goes_back_may_have_a_younger_namesake(house, marks):
    """The key is free once a promise runs, so that giving it back would meet the next one."""
    runner = Runner()
    await marks.mark.later(name="a", seconds=50)
    await write("UPDATE promise SET key = 'k'")
    await runner.claim()
    await write("INSERT INTO promise (name, arguments, lane, key, state, due_at, attempts, created_at)"
                " SELECT name, arguments, lane, key, 'waiting', due_at, 0, created_at FROM promise")  # fmt: skip
    await runner.stop(patience=0)
    assert [row[0] for row in await rows("SELECT state FROM promise")] == ["waiting", "waiting"]


async def test_leases_are_held_while_the_last_jobs_end(house, marks, monkeypatch):
    from datetime import timedelta

    from core import promises

    monkeypatch.setattr(promises, "LEASE", timedelta(seconds=2))
    stopping, other = Runner(), Runner()
    await stopping.start()
    await marks.mark.later(name="long", seconds=4)
    await until(lambda: marks.starts("long"), 10)
    await other.start()
    await stopping.stop(patience=8)
    await other.stop()
    assert len(await marks.starts("long")) == 1
    assert (await Promise.get(name=marks.mark.name)).state == "done"


async def test_a_job_that_will_not_end_does_not_hold_the_process(house, marks):
    runner = Runner()

    async def stubborn() -> None:
        for _ in range(100):
            try:
                await asyncio.sleep(0.1)
            except asyncio.CancelledError:
                continue

    from core.jobs import _jobs, job

    stubborn_job = job(stubborn)
    try:
        await stubborn_job.later()
        await runner.start()
        await until(lambda: _running(runner), 10)
        began = time.monotonic()
        await runner.stop(patience=0.1)
        assert time.monotonic() - began < 8
    finally:
        del _jobs[stubborn_job.name]
    assert (await Promise.get(name=stubborn_job.name)).state == "waiting"


async def _running(runner):
    return runner.running


@pytest.mark.parametrize("kind", ["serve", "migrate"])
async def test_a_file_that_is_no_database_is_one_sentence_and_no_hang(house, start, tmp_path, sqlite_only, kind):
    nonsense = tmp_path / "nonsense.sqlite3"
    nonsense.write_text("this is not a database at all, " * 300)
    process = start(kind, ENGAWA_DATABASE_URL=f"sqlite://{nonsense}", ENGAWA_PORT=0)
    assert await process.end(within=40) == 1
    assert "does not open: file is not a database" in process.log.read_text()
