"""Another process writes a promise: how soon its job starts. The goal is p95 ≤100 ms; here the 1-second look
must not show."""

from __future__ import annotations

from faults.processes import percentile, until


async def waits(marks, writer, count: int) -> list[float]:
    """Seconds from the commit (as the writer saw it) to the job's beginning."""
    await until(lambda: _all_begun(marks, count), 60)
    committed = dict(line.split() for line in writer.said() if line != "ready")
    return [at - float(committed[key]) for key, _, at in await marks.starts() if key in committed]


async def _all_begun(marks, count):
    return len(await marks.starts()) >= count


async def test_what_another_process_writes_starts_at_once(house, marks, start, record_property):
    """SQLite: seen in data_version. PostgreSQL: heard by LISTEN."""
    await start("runner").until("ready")
    writer = start("writer", FAULT_RATE=15, FAULT_COUNT=40)
    found = await waits(marks, writer, 40)
    record_property("p50_ms", round(1000 * percentile(found, 0.5)))
    record_property("p95_ms", round(1000 * percentile(found, 0.95)))
    assert percentile(found, 0.5) < 0.2 and percentile(found, 0.95) < 0.6, found


async def test_the_last_ring_leaves_before_the_database_is_closed(house, marks, start, postgres_only):
    """A command line promises and ends: the others hear of it."""
    import asyncpg

    from core import ring
    from core.database import close_database

    heard = []
    listener = await asyncpg.connect(house.settings.database)
    await listener.add_listener(ring.CHANNEL, lambda *_: heard.append(1))
    await marks.mark.later(name="last")
    await close_database()
    await until(lambda: _heard(heard), 5)
    await listener.close()
    from core.database import open_database

    await open_database(house.settings.database, ["core"])


async def _heard(heard):
    return heard
