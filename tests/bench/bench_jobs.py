"""How soon a job starts after the commit that promised it (goal p95 ≤100 ms), and how many run a second."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.house import POSTGRES, REDIS, folder, is_quick, process, settings_in, spread
from core.database import close_database, open_database, rows, transaction
from core.migrating import migrate
from core.runner import Runner
from faults import trial
from faults.processes import until


async def measure() -> dict[str, Any]:
    count = 40 if is_quick() else 200
    found: dict[str, Any] = {"goal": {"p95_ms": 100}}
    place = settings_in(Path(tempfile.mkdtemp(dir=folder())))
    await opened(place.database, ["core"])
    found["sqlite_same_process"] = await same_process(count)
    found["sqlite_other_process"] = await other_process(place, count, "runner")
    found["sqlite_throughput"] = await throughput(200 if is_quick() else 2000)
    await close_database()
    found |= await at_scale(count)
    return found


async def at_scale(count: int) -> dict[str, Any]:
    if not POSTGRES:
        return {"postgresql": {"skipped": "ENGAWA_TEST_POSTGRES_URL is not set"}}
    from servers import make_database

    url = f"{POSTGRES}_bench"
    await make_database(url)
    place = settings_in(Path(tempfile.mkdtemp(dir=folder())), database_url=url)
    await opened(url, ["core"])
    found: dict[str, Any] = {"postgresql_listen": await other_process(place, count, "runner"),
                             "postgresql_throughput": await throughput(200 if is_quick() else 2000)}  # fmt: skip
    if not REDIS:
        found["arq"] = {"skipped": "ENGAWA_TEST_REDIS_URL is not set"}
    else:
        with process("migrate", place) as upgrade:
            await upgrade.end(within=120)
        found["arq"] = await other_process(place, count, "worker", ENGAWA_REDIS_URL=REDIS)
    await close_database()
    return found


async def opened(url: str, rooms: list[str]) -> None:
    await open_database(url, rooms)
    await migrate(url, rooms)
    await trial.make_tables()


async def same_process(count: int) -> dict[str, float]:
    runner = Runner()
    await runner.start()
    await asyncio.sleep(0.5)
    committed = {}
    for number in range(count):
        async with transaction():
            await trial.mark.later(name=f"same-{number}")
        committed[f"same-{number}"] = time.time()
        await asyncio.sleep(0.02)
    await runner.idle()
    await runner.stop()
    return spread([at - committed[key] for key, _, at in await trial.starts("same-%")])


async def other_process(place: Any, count: int, kind: str, **more: Any) -> dict[str, float]:
    with process(kind, place, **more) as runner:
        await runner.until("ready", 90)
        await asyncio.sleep(2)
        with process("writer", place, FAULT_RATE=30, FAULT_COUNT=count, **more) as writer:
            committed = await until(lambda: _committed(writer, count), 120)
            await until(lambda: _kept(committed), 60)
    return spread([at - committed[key] for key, _, at in await trial.starts() if key in committed])


async def _committed(writer: Any, count: int) -> dict[str, float] | None:
    lines = [line.split() for line in writer.said() if line.count(" ") == 1]
    return {key: float(at) for key, at in lines} if len(lines) >= count else None


async def _kept(committed: dict[str, float]) -> bool:
    return committed.keys() <= {key for key, _, _ in await trial.starts()}


async def throughput(count: int) -> dict[str, float]:
    """Promises written one transaction each by 50 tasks, then run by one runner."""
    queue = iter(range(count))

    async def writer() -> None:
        for number in queue:
            async with transaction():
                await trial.mark.later(name=f"many-{number}")

    began = time.perf_counter()
    await asyncio.gather(*(writer() for _ in range(50)))
    written = time.perf_counter()
    runner = Runner()
    await runner.start()
    await runner.idle(timeout=300)
    ran = time.perf_counter()
    await runner.stop()
    assert not (await rows("SELECT COUNT(*) FROM promise WHERE state = 'waiting' AND name LIKE 'faults.%'"))[0][0]
    return {"promises_per_s": round(count / (written - began)), "jobs_per_s": round(count / (ran - written))}
