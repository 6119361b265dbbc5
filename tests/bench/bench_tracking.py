"""The tracking API in batches of 100 through one web process: identities, storing and all counts included.

Goal on a quiet machine: 10,000 events a second on SQLite, 18,000 on PostgreSQL; p95 of a batch ≤50 ms. On a busy one
look at `cpu_us_per_event`: of the web process, and of PostgreSQL's.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.house import POSTGRES, answered, cpu_seconds, folder, free_port, is_quick, process, settings_in, spread
from core.database import close_database, open_database, rows, write
from tracking_sender import Sender, a_batch

CLIENTS, SIZE, PEOPLE, NAMES, COMPANIES = 12, 100, 2000, 12, 100


async def measure() -> dict[str, Any]:
    found: dict[str, Any] = {"goal": {"sqlite_events_per_s": 10_000, "postgresql_events_per_s": 18_000, "p95_ms": 50}}
    found["sqlite"] = await tracked("")
    if POSTGRES:
        found["postgresql"] = await tracked(POSTGRES)
    return found


async def tracked(database: str) -> dict[str, Any]:
    settings = settings_in(Path(tempfile.mkdtemp(dir=folder())), database_url=database)
    key = await prepare(settings.database)
    port, r = free_port(), random.Random(5)
    batches = [a_batch(r, SIZE, PEOPLE, NAMES, COMPANIES) for _ in range(60 if is_quick() else 600)]
    with process("serve", settings, ENGAWA_PORT=port) as web:
        await answered(port)
        await sent(port, key, batches[:40])  # people and companies are met, pages of code are read
        cpu, others, began = cpu_seconds(web.pid), postgres_seconds(), time.perf_counter()
        waits = await sent(port, key, batches[40:])
        seconds = time.perf_counter() - began
        events = SIZE * len(waits)
        used, server = cpu_seconds(web.pid) - cpu, postgres_seconds() - others
    stored = await count(settings.database)
    result: dict[str, Any] = spread(waits) | {
        "events_per_s": round(events / seconds), "events": events, "lost": SIZE * len(batches) - stored,
        "cpu_us_per_event": round(1e6 * used / events, 1)}  # fmt: skip
    return result | ({"postgres_cpu_us_per_event": round(1e6 * server / events, 1)} if database else {})


async def sent(port: int, key: str, batches: list[Any]) -> list[float]:
    waiting, waits = list(batches), []

    async def client() -> None:
        sender = Sender(port, key)
        while waiting:
            _ids, body = waiting.pop()
            began = time.perf_counter()
            status = await sender.send(body)
            assert status == 200, status
            waits.append(time.perf_counter() - began)
        sender.close()

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return waits


async def prepare(database: str) -> str:
    """An empty house, and a write key."""
    from app import rooms
    from core.context import Here, enter
    from core.migrating import migrate
    from core.principal import SYSTEM
    from customers.tracking import keys

    rooms.load()
    await open_database(database, rooms.with_models())
    if database.startswith("postgres"):
        await write("DROP SCHEMA public CASCADE")
        await write("CREATE SCHEMA public")
        await close_database()
        await open_database(database, rooms.with_models())
    await migrate(database, rooms.with_models())
    enter(Here(principal=SYSTEM))
    _row, key = await keys.make("app", "bench")
    await close_database()
    return key


async def count(database: str) -> int:
    await open_database(database, ["core"])
    found = await rows("SELECT COUNT(*) FROM event")
    await close_database()
    return int(found[0][0])


def postgres_seconds() -> float:
    """CPU of every PostgreSQL process of this machine, those that ended left out."""
    total = 0.0
    for path in Path("/proc").glob("[0-9]*/comm"):
        try:
            if path.read_text().strip() == "postgres":
                total += cpu_seconds(int(path.parent.name))
        except OSError:
            continue
    return total
