"""The only transaction(): immediate, whole, safe under cancellation; readers never wait for a writer."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from core.database import (
    IntegrityError,
    after_commit,
    close_database,
    configuration,
    dialect,
    glance,
    in_transaction,
    open_database,
    rows,
    savepoint,
    transaction,
    write,
)
from core.models import Note
from core.settings import SettingsError
from core.tasks import spawn
from servers import rooms_with_models

PUT = "INSERT INTO note (name, value, changed_at) VALUES (?, '1', CURRENT_TIMESTAMP)"


async def count() -> int:
    return int((await rows("SELECT COUNT(*) FROM note"))[0][0])


async def test_all_or_nothing(house):
    with pytest.raises(RuntimeError):
        async with transaction():
            await write(PUT, "a")
            raise RuntimeError
    assert await count() == 0
    async with transaction():
        await write(PUT, "a")
        async with transaction():  # joins
            await write(PUT, "b")
        assert await count() == 2
    assert await count() == 2 and not in_transaction()


async def test_a_savepoint_may_fail_alone(house):
    async with transaction():
        await write(PUT, "a")
        with pytest.raises(IntegrityError):
            async with savepoint():
                await Note.create(name="a", value=1, changed_at="2026-01-01T00:00:00+00:00")
        await write(PUT, "b")
    assert await count() == 2


async def test_hooks_run_after_the_commit_and_never_after_a_rollback(house):
    heard: list[str] = []
    async with transaction():
        after_commit(lambda: heard.append("kept"))
        assert heard == []
    with pytest.raises(RuntimeError):
        async with transaction():
            after_commit(lambda: heard.append("lost"))
            raise RuntimeError
    assert heard == ["kept"]


async def test_hundreds_of_cancellations_leave_no_lock_and_no_connection(house):
    async def one(n: int) -> None:
        async with transaction():
            await write(PUT, f"c{n}")
            await asyncio.sleep(random.random() * 0.002)
            await rows("SELECT COUNT(*) FROM note")

    for batch in range(20):
        tasks = [asyncio.ensure_future(one(batch * 100 + n)) for n in range(30)]
        for task in tasks:
            await asyncio.sleep(random.random() * 0.0005)
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    async with asyncio.timeout(10):
        before = await count()
        async with transaction():
            await write(PUT, "after")
        assert await count() == before + 1
    if dialect() == "postgresql":
        busy = await rows("SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = 'engawa'"
                          " AND datname = current_database() AND state LIKE 'idle in transaction%'")  # fmt: skip
        assert busy[0][0] == 0


async def test_a_reader_does_not_wait_for_an_open_writer(house):
    held = asyncio.Event()
    done = asyncio.Event()

    async def hold() -> None:
        async with transaction():
            await write(PUT, "held")
            held.set()
            await done.wait()

    holder = asyncio.ensure_future(hold())
    await held.wait()
    began = time.perf_counter()
    assert await Note.all().count() == 0
    assert await count() == 0
    assert time.perf_counter() - began < 0.5
    done.set()
    await holder
    assert await count() == 1


def of_sqlite() -> set[threading.Thread]:
    """aiosqlite names its threads after what they run."""
    return {one for one in threading.enumerate() if "_connection_worker_thread" in one.name}


@pytest.mark.parametrize("house", ["sqlite"], indirect=True)
async def test_who_still_works_when_the_house_closes_fails_and_leaves_no_thread(house):
    from core.database import _client

    client, before = _client(), of_sqlite()
    reading = [asyncio.ensure_future(rows("SELECT COUNT(*) FROM note")) for _ in range(20)]
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await close_database()
        assert all(isinstance(one, list | Exception) for one in await asyncio.gather(*reading, return_exceptions=True))
        for late in (client.read("SELECT 1"), client._in_transaction().__aenter__()):
            with pytest.raises(ConnectionError):
                await late
    for thread in before:  # what it was asked last is done; the thread itself may still be leaving
        thread.join(5)
    assert len(before) >= 3 and not before & of_sqlite()
    await open_database(house.settings.database, ["core"])


WRITER = """
import asyncio, sys
from core.settings import read_settings, use
from core.database import open_database, close_database, transaction, rows, write
use(read_settings({}, secret_key="x" * 40))
async def one(n):
    async with transaction():
        await rows("SELECT COUNT(*) FROM note")
        put = "INSERT INTO note (name, value, changed_at) VALUES (?, '1', CURRENT_TIMESTAMP)"
        await write(put, f"{sys.argv[2]}-{n}")
async def main():
    await open_database(sys.argv[1], ["core"])
    try:
        await asyncio.gather(*[one(n) for n in range(50)])
    finally:
        await close_database()
asyncio.run(main())
"""


@pytest.mark.parametrize("house", ["sqlite"], indirect=True)
async def test_two_processes_of_fifty_writers_never_meet_a_lock(house, tmp_path: Path):
    script = tmp_path / "writer.py"
    script.write_text(textwrap.dedent(WRITER))
    running = [
        subprocess.Popen([sys.executable, script, house.settings.database, str(n)], stderr=subprocess.PIPE, text=True)
        for n in range(2)
    ]
    said = [await asyncio.to_thread(process.communicate, timeout=60) for process in running]
    assert [process.returncode for process in running] == [0, 0], said
    assert await count() == 100


async def test_a_glance_sees_what_is_committed_and_in_a_transaction_its_own(house):
    async def there() -> list:
        return [row["name"] for row in await glance("SELECT name FROM note WHERE name = ?", "a")]

    began, go = asyncio.Event(), asyncio.Event()

    async def writer() -> None:
        async with transaction():
            await write(PUT, "a")
            assert await there() == ["a"]
            began.set()
            await go.wait()

    task = spawn(writer())
    await began.wait()
    assert await there() == []
    go.set()
    await task
    assert await there() == ["a"]


async def test_a_glance_that_would_wait_for_a_lock_does_not_hold_the_loop(tmp_path):
    """With a journal of the old kind readers do wait for a writer; in WAL mode they never do."""
    from core.engines.sqlite import Client

    client = Client(str(tmp_path / "old.sqlite3"), connection_name="old")
    client.pragmas["journal_mode"] = "DELETE"
    await client.create_connection(True)
    other = sqlite3.connect(client.filename, isolation_level=None)
    try:
        await client._connection.execute("CREATE TABLE one (id)")
        assert (await client.glance("SELECT COUNT(*) FROM one", []))[0][0] == 0
        other.execute("BEGIN EXCLUSIVE")
        asked = spawn(client.glance("SELECT COUNT(*) FROM one", []))
        began, longest = time.perf_counter(), 0.0
        while time.perf_counter() - began < 0.3:
            before = time.perf_counter()
            await asyncio.sleep(0.01)
            longest = max(longest, time.perf_counter() - before)
        assert not asked.done() and longest < 0.2
        other.execute("COMMIT")
        assert (await asked)[0][0] == 0
    finally:
        other.close()
        await client.close()


def test_an_address_says_how_to_reach_postgresql_as_libpq_reads_it():
    def credentials(url: str) -> dict:
        return configuration(url, [])["connections"]["default"]["credentials"]

    found = credentials("postgresql://eng%40wa:p%23ss%2Fw%25rd@db.internal:6543/eng%20awa?sslmode=verify-full")
    assert (found["user"], found["password"], found["database"]) == ("eng@wa", "p#ss/w%rd", "eng awa")
    assert (found["host"], found["port"], found["ssl"]) == ("db.internal", 6543, "verify-full")
    assert credentials("postgresql:///engawa?host=/var/run/postgresql&user=me")["host"] == "/var/run/postgresql"
    assert "ssl" not in credentials("postgres://db/engawa") and credentials("postgres://db/engawa")["password"] is None


@pytest.mark.parametrize("house", ["postgresql"], indirect=True)
async def test_a_wish_for_a_proven_server_is_not_overheard(house):
    """The test's server has no certificate for its address: who asks for one must not get a plain connection."""
    url = house.settings.database
    await close_database()
    try:
        with pytest.raises(SettingsError):
            await open_database(f"{url}?sslmode=verify-full", rooms_with_models())
        await open_database(f"{url}?sslmode=disable", rooms_with_models())
        assert (await rows("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"))[0][0] is False
    finally:
        await close_database()
        await open_database(url, rooms_with_models())
