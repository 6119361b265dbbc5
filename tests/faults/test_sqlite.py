"""SQLite under a crowd, and when the disk is full."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest

from faults.processes import Process, environment_of


async def crowded(start, seconds: float) -> list[dict]:
    both = [start("crowd", FAULT_SECONDS=seconds) for _ in range(2)]
    for process in both:
        assert await process.end(within=seconds + 60) == 0, process.log.read_text()
        assert "locked" not in process.log.read_text()
    return [json.loads(process.said()[-1]) for process in both]


async def test_two_crowds_of_fifty_writers_meet_no_lock(house, start, sqlite_only, record_property):
    found = await crowded(start, 3)
    record_property("crowds", found)
    assert all(one["written"] > 50 for one in found)


@pytest.mark.slow
async def test_readers_beside_two_crowds(house, start, sqlite_only, record_property):
    """The goal is p99 ≤50 ms on a quiet machine; `make bench` reports it. Here: nobody waits for a writer's queue."""
    found = await crowded(start, 15)
    record_property("crowds", found)
    assert all(one["p99_ms"] < 1000 for one in found), found


@pytest.fixture(params=["file limit", "tmpfs"])
def small_disk(request, house, sqlite_only, tmp_path):
    """(folder, how to limit it, how to make room)."""
    folder = tmp_path / "small"
    folder.mkdir()
    if request.param == "file limit":
        yield folder, {"FAULT_FILE_LIMIT": 600_000}, lambda: None
        return
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1500k", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip("no tmpfs can be mounted here")
    grown = ["mount", "-o", "remount,size=8000k", str(folder)]
    yield folder, {}, lambda: subprocess.run(grown, check=True)
    subprocess.run(["umount", "-l", folder], check=False)


async def test_a_full_disk_is_a_clear_error_and_corrupts_nothing(house, small_template, small_disk, tmp_path):
    folder, limits, make_room = small_disk
    path = folder / "engawa.sqlite3"
    shutil.copy(small_template, path)
    process = Process("filler", environment_of(house.settings, f"sqlite://{path}", **limits), tmp_path)
    await process.until("full after", 60)
    full = process.said()[-1]
    assert "Error" in full and ("disk" in full or "full" in full), full
    kept = int(full.split()[2].rstrip(":"))
    assert [name for (name,) in looked_at(path, "SELECT COUNT(*) FROM note")] == [kept]
    make_room()
    assert await process.stop(within=30) == 0, process.log.read_text()  # and it goes on without a restart
    assert looked_at(path, "PRAGMA integrity_check") == [("ok",)]
    assert looked_at(path, "SELECT COUNT(*) FROM note") == [(kept + 1,)]


def looked_at(path: Path, question: str) -> list[tuple]:
    eye = sqlite3.connect(path)
    try:
        return eye.execute(question).fetchall()
    finally:
        eye.close()


async def test_a_backup_of_a_crowded_file_is_whole(house, start, sqlite_only, tmp_path):
    from core.migrating import back_up_sqlite

    crowd = start("crowd", FAULT_SECONDS=3)
    await asyncio.sleep(2)
    path = Path(house.settings.database.removeprefix("sqlite://"))
    copy = await asyncio.to_thread(back_up_sqlite, path, tmp_path / "copy.sqlite3")
    assert looked_at(copy, "PRAGMA integrity_check") == [("ok",)]
    assert await crowd.end(within=60) == 0
    assert os.path.getsize(copy) > 0
