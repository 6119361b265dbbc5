"""Cancellation at any await of transaction(): no lock is kept, no connection leaks, no half of a change stays."""

from __future__ import annotations

import asyncio
import random

import pytest

from core.database import _client, after_commit, lock, rows, savepoint, transaction, write
from faults.processes import until

PUT = "INSERT INTO note (name, value, changed_at) VALUES (?, '1', CURRENT_TIMESTAMP)"


async def change(name: str, rung: list[str]) -> None:
    """Two rows or none, with everything a transaction of the house may do in between."""
    async with transaction():
        await lock("cancelled")
        await write(PUT, f"{name}-a")
        async with savepoint():
            await rows("SELECT COUNT(*) FROM note")
        async with transaction():
            await write(PUT, f"{name}-b")
        after_commit(lambda: rung.append(name))


async def cancel_somewhere(name: str, rung: list[str]) -> None:
    task = asyncio.get_running_loop().create_task(change(name, rung))
    for _ in range(random.randrange(60)):
        await asyncio.sleep(0 if random.random() < 0.7 else 0.0003)
    task.cancel()
    if random.random() < 0.2:
        await asyncio.sleep(0)
        task.cancel()  # the impatient cancel twice
    await asyncio.wait([task])


async def cancel_many(count: int) -> tuple[int, int]:
    rung: list[str] = []
    for batch in range(count // 20):
        async with asyncio.timeout(60):
            await asyncio.gather(*(cancel_somewhere(f"{batch}-{n}", rung) for n in range(20)))
    names = [row[0] for row in await rows("SELECT name FROM note")]
    whole = {name[:-2] for name in names}
    assert len(names) == 2 * len(whole), "half of a change stayed"
    assert set(rung) <= whole
    return len(whole), count - len(whole)


async def nothing_is_held(engine: str) -> None:
    async with asyncio.timeout(20):
        async with transaction():
            await write(PUT, "afterwards")
    client = _client()
    if engine == "sqlite":
        assert not client._lock.locked()
        assert client._free.qsize() == len(client._readers)
        assert not client._connection.in_transaction
        return
    await until(lambda: _pool_is_idle(client._pool), 10)
    assert client._pool.get_size() <= 12
    busy = await rows("SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()"
                      " AND state LIKE 'idle in transaction%'")  # fmt: skip
    assert busy[0][0] == 0


async def _pool_is_idle(pool):
    return pool.get_idle_size() == pool.get_size()


async def test_six_hundred_cancellations(house):
    kept, undone = await cancel_many(600)
    assert kept > 0 and undone > 0
    await nothing_is_held(house.engine)


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_ten_thousand_cancellations(house, record_property):
    kept, undone = await cancel_many(10_000)
    record_property("kept", kept)
    record_property("undone", undone)
    await nothing_is_held(house.engine)
