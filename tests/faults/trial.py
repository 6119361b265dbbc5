"""Jobs for fault runs, imported by the test and by every process it starts. Each start and each effect is a row."""

from __future__ import annotations

import asyncio
import os
import time

from core.database import rows, transaction, write
from core.events import Event, on
from core.jobs import every, job

TABLES = (
    "CREATE TABLE fault_start (key TEXT, pid BIGINT, at DOUBLE PRECISION)",
    "CREATE TABLE fault_effect (key TEXT PRIMARY KEY, pid BIGINT)",
)


async def make_tables() -> None:
    await drop_tables()
    for sql in TABLES:
        await write(sql)


async def drop_tables() -> None:
    for table in ("fault_start", "fault_effect"):
        await write(f"DROP TABLE IF EXISTS {table}")


async def _begin(key: str) -> None:
    await write("INSERT INTO fault_start (key, pid, at) VALUES (?, ?, ?)", key, os.getpid(), time.time())


async def _effect(key: str) -> None:
    await write("INSERT INTO fault_effect (key, pid) VALUES (?, ?) ON CONFLICT DO NOTHING", key, os.getpid())


@job
async def mark(name: str, seconds: float = 0.0) -> int:
    """Begins, takes its time, and has its effect once however often it runs."""
    await _begin(name)
    await asyncio.sleep(seconds)
    async with transaction():
        await _effect(name)
    return os.getpid()


@job(lane="bulk")
async def slow_mark(name: str, seconds: float = 0.0) -> None:
    await _begin(name)
    await asyncio.sleep(seconds)
    await _effect(name)


class Struck(Event, frozen=True):
    """Field names that `later()` has too: a fact may call its own what it likes."""

    key: str
    due: int = 0


@on(Struck)
async def hear_first(event: Struck) -> None:
    await _begin(f"first:{event.key}")


@on(Struck)
async def hear_second(event: Struck) -> None:
    await _begin(f"second:{event.key}")


async def tick() -> None:
    await _begin("tick")


def keep_a_schedule(seconds: int) -> None:
    every(seconds=seconds)(tick)


async def starts(key: str = "%") -> list[tuple[str, int, float]]:
    """(key, process, time) of every beginning, in order."""
    return [tuple(row) for row in await rows("SELECT key, pid, at FROM fault_start WHERE key LIKE ? ORDER BY at", key)]


async def effects() -> list[str]:
    return sorted(row[0] for row in await rows("SELECT key FROM fault_effect"))
