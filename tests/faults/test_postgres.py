"""PostgreSQL goes down, gently and hard, while promises are written and kept: nothing committed is lost."""

from __future__ import annotations

import asyncio
import glob
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from core.context import Here, enter
from core.database import close_database, open_database, rows
from core.migrating import migrate
from core.settings import read_settings, use
from faults import trial
from faults.conftest import SECRET, SmallHouse
from faults.processes import Process, environment_of, until

pytestmark = pytest.mark.slow
GAPS = (("fast", 0.5), ("immediate", 0.5), ("immediate", 4.0), ("fast", 1.0))  # how it goes down, and for how long


class Cluster:
    """A server of our own, run by somebody other than root, whom PostgreSQL refuses."""

    def __init__(self, programs: str) -> None:
        self.programs = programs
        self.owner = "postgres" if os.getuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix="engawa-cluster-"))
        if self.owner:
            shutil.chown(self.folder, self.owner)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"postgresql://engawa@127.0.0.1:{self.port}/postgres"
        self.run("initdb", "-U", "engawa", "--auth=trust", "-E", "UTF8", "--no-locale")

    def run(self, program: str, *options: str) -> None:
        done = subprocess.run([f"{self.programs}/{program}", "-D", str(self.folder / "data"), *options], text=True,
                              user=self.owner, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.STDOUT, timeout=60, check=False)  # fmt: skip
        assert done.returncode == 0, (self.folder / "log").read_text()[-2000:] if program == "pg_ctl" else program

    def start(self) -> None:
        self.run("pg_ctl", "start", "-w", "-l", str(self.folder / "log"), "-o",
                 f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''")  # fmt: skip

    def stop(self, mode: str) -> None:
        self.run("pg_ctl", "stop", "-w", "-m", mode)


@pytest.fixture
def cluster():
    found = shutil.which("initdb") or next(iter(sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))[::-1]), None)
    if not found:
        (pytest.fail if os.environ.get("ENGAWA_TEST_REQUIRE") else pytest.skip)("there is no PostgreSQL to start")
    made = Cluster(str(Path(found).parent))
    made.start()
    yield made
    made.stop("immediate")
    shutil.rmtree(made.folder)


@pytest.fixture
async def house(cluster, tmp_path):
    settings = use(read_settings({}, secret_key=SECRET, database_url=cluster.url, data_dir=str(tmp_path)))
    await open_database(cluster.url, ["core"])
    await migrate(cluster.url, ["core"])
    await trial.make_tables()
    enter(Here(language="ja"))
    yield SmallHouse("postgresql", settings)
    await close_database()


async def test_postgresql_restarted_and_crashed_loses_no_promise(house, cluster, start, record_property):
    writer: Process = await start("writer", FAULT_RATE=40, FAULT_STUBBORN=1).until("ready")
    runners = [await start("runner", FAULT_LEASE=2).until("ready") for _ in range(2)]
    for mode, gap in GAPS:
        await asyncio.sleep(1.5)
        await asyncio.to_thread(cluster.stop, mode)
        await asyncio.sleep(gap)
        await asyncio.to_thread(cluster.start)
    before = len(writer.said())
    await until(lambda: _more(writer, before + 40), 30)  # it writes again, and within 15 s everything is kept
    writer.signal(signal.SIGSTOP)
    said = {line.split()[0] for line in writer.said() if line != "ready"}
    await until(_all_kept, 15, every=0.2)
    effects, begun = set(await trial.effects()), await trial.starts()
    assert said <= effects, f"lost: {len(said - effects)}"
    assert len(effects - said) <= len(GAPS) + 1, "only a commit whose answer was lost may be unknown to its writer"
    record_property("promises", len(said))
    record_property("started_twice", len(begun) - len(effects))
    for runner in runners:
        assert runner.popen.poll() is None, "a runner went down with PostgreSQL"
        assert await runner.stop(within=25) == 0


async def _more(writer: Process, count: int) -> bool:
    return len(writer.said()) >= count


async def _all_kept() -> bool:
    return not (await rows("SELECT COUNT(*) FROM promise WHERE state IN ('waiting', 'running')"))[0][0]


async def test_the_house_answers_again_after_a_crash_of_its_database(cluster, tmp_path):
    """`serve` says that it is not ready while PostgreSQL is away, and serves once it is back, without a restart."""
    import httpx

    from bench.house import free_port

    settings = use(read_settings({}, secret_key=SECRET, database_url=cluster.url, data_dir=str(tmp_path)))
    assert await Process("migrate", environment_of(settings, cluster.url), tmp_path).end(within=120) == 0
    port = free_port()
    web = Process("serve", environment_of(settings, cluster.url, ENGAWA_PORT=port), tmp_path)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as client:

            async def status(path: str) -> int:
                try:
                    return (await client.get(path)).status_code
                except httpx.TransportError:
                    return 0

            async def is_ready() -> bool:
                return await status("/readyz") == 200

            await until(is_ready, 60, every=0.1)
            assert await status("/community") == 200
            await asyncio.to_thread(cluster.stop, "immediate")
            assert await status("/readyz") == 503
            assert await status("/healthz") == 200
            assert await status("/community") in (500, 503)
            await asyncio.to_thread(cluster.start)
            await until(is_ready, 15, every=0.1)
            for path in ("/", "/help", "/community"):
                assert await status(path) == 200
        assert web.popen.poll() is None
        assert await web.stop(within=30) == 0
    finally:
        if web.popen.poll() is None:
            web.kill()
