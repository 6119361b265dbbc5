"""Fixtures of the fault runs: a small house (only `core`), processes on its database, and the trial's tables."""

from __future__ import annotations

import shutil
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.context import Here, enter
from core.database import close_database, open_database, rows, write
from core.migrating import migrate
from core.settings import read_settings, use
from faults import trial
from faults.processes import Process, environment_of
from servers import POSTGRES, REDIS, make_database

SECRET = "fault-secret-key-that-is-long-enough-0123456789"


class SmallHouse:
    def __init__(self, engine: str, settings: Any) -> None:
        self.engine, self.settings = engine, settings


@pytest.fixture(scope="session")
async def small_template(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> Path:
    path = tmp_path_factory.mktemp("small") / "engawa.sqlite3"
    await _migrated(f"sqlite://{path}")
    return path


@pytest.fixture(scope="session")
async def small_postgres(anyio_backend: str) -> str:
    """A database of our own beside the suite's, so that processes may live in it for as long as they like."""
    if not POSTGRES:
        return ""
    url = f"{POSTGRES}_faults"
    await make_database(url)
    await _migrated(url)
    return url


async def _migrated(url: str) -> None:
    use(read_settings({}, secret_key=SECRET, database_url=url))
    await open_database(url, ["core"])
    await migrate(url, ["core"])
    await close_database()


@pytest.fixture
async def nothing(house, tmp_path) -> str:
    """The address of a database without a single table."""
    if house.engine == "sqlite":
        return f"sqlite://{tmp_path}/new.sqlite3"
    url = f"{POSTGRES}_faults_new"
    await make_database(url)
    return url


@pytest.fixture(params=["sqlite", "postgresql"] if POSTGRES else ["sqlite"])
async def house(
    request: pytest.FixtureRequest, tmp_path: Path, small_template: Path, small_postgres: str
) -> AsyncIterator[SmallHouse]:
    """Open, migrated (only `core`), empty. Overrides the whole house of the other tests."""
    from core import runner

    url = small_postgres
    if request.param == "sqlite":
        shutil.copy(small_template, tmp_path / "engawa.sqlite3")
        url = f"sqlite://{tmp_path}/engawa.sqlite3"
    settings = use(read_settings({}, secret_key=SECRET, database_url=url, data_dir=str(tmp_path)))
    await open_database(url, ["core"])
    if request.param == "postgresql":
        for table in ("promise", "fact", "tick", "note"):
            await write(f"DELETE FROM {table}")
    runner._told.clear()
    enter(Here(language="ja"))
    yield SmallHouse(request.param, settings)
    await close_database()


@pytest.fixture
async def whole(house: SmallHouse, start: Callable[..., Process]) -> None:
    """Every room's tables, by the command line: for `serve` and `worker`."""
    assert await start("migrate").end(within=120) == 0
    assert await rows("SELECT 1 FROM tortoise_migrations WHERE app = 'customers'")


@pytest.fixture
def start(house: Any, tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """`start("runner", FAULT_LEASE=2)`: a process on the database of `house`, killed when the test ends."""
    running: list[Process] = []

    def begin(kind: str, **more: Any) -> Process:
        running.append(Process(kind, environment_of(house.settings, house.settings.database, **more), tmp_path))
        return running[-1]

    yield begin
    for process in running:
        if process.popen.poll() is None:
            process.signal(signal.SIGCONT)
            process.kill()


@pytest.fixture
async def marks(house: Any) -> AsyncIterator[Any]:
    """The trial's tables."""
    await trial.make_tables()
    yield trial
    await trial.drop_tables()


@pytest.fixture
def postgres_only(house: Any) -> None:
    if house.engine != "postgresql":
        pytest.skip("about PostgreSQL")


@pytest.fixture
def sqlite_only(house: Any) -> None:
    if house.engine != "sqlite":
        pytest.skip("about SQLite")


@pytest.fixture
def redis_url() -> str:
    if not REDIS:
        pytest.skip("ENGAWA_TEST_REDIS_URL is not set")
    return REDIS


@pytest.fixture
def run_small_jobs(house: SmallHouse) -> Callable[[], Any]:
    """Runs promises and facts until nothing is due."""
    from core.runner import Runner

    async def do() -> None:
        one = Runner()
        await one.start()
        try:
            await one.idle()
        finally:
            await one.stop()

    return do
