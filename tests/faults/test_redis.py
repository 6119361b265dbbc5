"""arq and Redis only ring: flushed, killed and started again while promises are written, Redis loses nothing."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import time

import pytest

from core.database import rows
from faults.processes import percentile, until

pytestmark = pytest.mark.slow


class Redis:
    """A redis-server of our own, without memory of what was before."""

    def __init__(self, folder) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        options = ["--port", str(self.port), "--save", "", "--appendonly", "no", "--bind", "127.0.0.1"]
        self.server = subprocess.Popen([shutil.which("redis-server"), *options], cwd=self.folder,
                                       stdout=subprocess.DEVNULL)  # fmt: skip
        deadline = time.monotonic() + 20
        while not self.answers():
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def flush(self) -> None:
        with socket.create_connection(("127.0.0.1", self.port)) as line:
            line.sendall(b"FLUSHALL\r\n")
            assert line.recv(10).startswith(b"+OK")

    def kill(self) -> None:
        self.server.kill()
        self.server.wait()


@pytest.fixture
def redis(tmp_path):
    if not shutil.which("redis-server"):
        pytest.skip("there is no redis-server")
    server = Redis(tmp_path)
    server.start()
    yield server
    server.kill()


async def test_redis_flushed_and_killed_loses_no_promise(
    house, postgres_only, redis, marks, start, whole, record_property
):
    worker = await start("worker", ENGAWA_REDIS_URL=redis.url).until("is ready", 90)
    writer = await start("writer", ENGAWA_REDIS_URL=redis.url, FAULT_RATE=20, FAULT_COUNT=400).until("ready")
    await asyncio.sleep(3)
    for _ in range(10):
        redis.flush()
        await asyncio.sleep(0.2)
    redis.kill()
    await asyncio.sleep(4)
    redis.start()
    restarted = time.time()
    committed = await until(lambda: _committed(writer, 400), 90)
    await until(lambda: _all_kept(), 30, every=0.2)
    begun = {key: at for key, _, at in await marks.starts()}
    assert begun.keys() == committed.keys()
    assert worker.popen.poll() is None, "the worker went down with Redis"
    waits = {phase: [begun[key] - at for key, at in committed.items() if is_in(at)] for phase, is_in in {
        "before": lambda at: at < restarted - 7, "away": lambda at: restarted - 4 < at < restarted,
        "after": lambda at: at > restarted + 3}.items()}  # fmt: skip
    for phase, found in waits.items():
        record_property(f"p50_ms_{phase}", round(1000 * percentile(found, 0.5)) if found else None)
    assert percentile(waits["after"], 0.5) < 0.3, "the bell did not come back"
    assert await worker.stop(within=25) == 0


async def _committed(writer, count):
    found = dict(line.split() for line in writer.said() if line != "ready")
    return {key: float(at) for key, at in found.items()} if len(found) >= count else None


async def _all_kept():
    left = await rows("SELECT COUNT(*) FROM promise WHERE state IN ('waiting', 'running') AND name LIKE 'faults.%'")
    return not left[0][0]


async def test_a_job_starts_soon_through_arq(house, postgres_only, redis, marks, start, whole, record_property):
    await start("worker", ENGAWA_REDIS_URL=redis.url).until("is ready", 90)
    await asyncio.sleep(2)
    writer = start("writer", ENGAWA_REDIS_URL=redis.url, FAULT_RATE=15, FAULT_COUNT=60)
    committed = await until(lambda: _committed(writer, 60), 60)
    await until(lambda: _all_kept(), 30)
    waits = [at - committed[key] for key, _, at in await marks.starts() if key in committed]
    record_property("p50_ms", round(1000 * percentile(waits, 0.5)))
    record_property("p95_ms", round(1000 * percentile(waits, 0.95)))
    assert percentile(waits, 0.5) < 0.25, waits
