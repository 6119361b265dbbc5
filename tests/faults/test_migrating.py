"""Upgrading: two processes at once, and kill -9 in the middle, then again."""

from __future__ import annotations

import asyncio
import random
import sqlite3

import pytest

from faults.processes import Process, environment_of

EVERYTHING = "left 0"


@pytest.fixture
def upgrade(house, nothing, tmp_path):
    def begin(**more) -> Process:
        return Process("upgrade", environment_of(house.settings, nothing, **more), tmp_path)

    return begin


async def test_two_processes_upgrade_at_once(upgrade):
    both = [upgrade(), upgrade()]
    assert await asyncio.gather(*(process.end(within=90) for process in both)) == [0, 0]
    said = sorted(process.said()[-1] for process in both)
    assert all(line.endswith(EVERYTHING) for line in said)
    assert said[0] == f"applied 0 {EVERYTHING}"  # one did it all, the other found nothing left


async def test_killed_in_the_middle_and_run_again(upgrade):
    """Wherever it was killed, the next run finds a database that it can upgrade."""
    for word in ("apply_start core.0002", "apply_done search.0001"):
        process = await upgrade(FAULT_PAUSE=0.3).until(word, 60)
        await asyncio.sleep(random.random() * 0.3)
        process.kill()
    again = upgrade()
    assert await again.end(within=90) == 0, again.log.read_text()
    assert again.said()[-1].endswith(EVERYTHING)


async def test_an_upgrade_that_fails_leaves_the_database_as_it_was(house, nothing, sqlite_only, monkeypatch):
    from core.database import close_database, open_database, write
    from core.migrating import Executor, migrate

    path = nothing.removeprefix("sqlite://")

    def schema() -> list[tuple[str, ...]]:
        with sqlite3.connect(path) as eye:
            return sorted(eye.execute("SELECT type, name FROM sqlite_master"))

    await close_database()
    await open_database(nothing, ["core"])
    await migrate(nothing, ["core"])
    before = schema()
    await close_database()
    await open_database(nothing, ["core", "search", "channels"])

    def fails(_, event, key):
        if (event, key.app_label) == ("apply_done", "channels"):
            raise RuntimeError("power cut")

    monkeypatch.setattr(Executor, "_emit", staticmethod(fails))
    with pytest.raises(RuntimeError, match="power cut"):
        await migrate(nothing, ["core", "search", "channels"])
    assert schema() == before
    assert (await write("PRAGMA foreign_keys"))[0][0] == 1  # on the writer's connection
    monkeypatch.undo()
    assert await migrate(nothing, ["core", "search", "channels"])
    assert len(schema()) > len(before)
