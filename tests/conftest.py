"""The house for tests: real databases, the whole application, jobs that run.

`house` runs a test on SQLite and, where ENGAWA_TEST_POSTGRES_URL is set, on PostgreSQL. ENGAWA_TEST_REQUIRE=1 makes
what would be left out a failure.
"""

from __future__ import annotations

import os
import pickle
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from core.context import Here, enter
from core.database import close_database, open_database, rows, transaction, write
from core.migrating import migrate
from core.runner import Runner
from core.settings import Settings, read_settings, use
from lingering import end_or_name_the_threads
from models_once import keep
from servers import POSTGRES, comment_of, comment_on, engines, make_database, remembered, rooms_with_models

# Tests run at any hour, also when nobody may be written to; tests/customers/test_attention.py sets its own.
NEVER_QUIET = """INSERT INTO note (name, value, changed_at) VALUES ('customers.quiet',
 '{"quiet_from": "00:00", "quiet_until": "00:00"}', CURRENT_TIMESTAMP)"""
# The bot of the web chat has passed its pilot (tests/bots/test_pilot.py takes it back).
TRUSTED = """INSERT INTO pilot (about_kind, about_id, revision, group_name, people, state, started_at, verdict_at,
 verdict_note) SELECT 'bot_web', id, 'answers', name, '[]', 'passed', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP, 'x'
 FROM brand"""
keep()
SECRET = "test-secret-key-that-is-long-enough-0123456789"


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


class House:
    """An open, migrated, empty installation."""

    def __init__(self, engine: str, settings: Settings) -> None:
        self.engine = engine
        self.settings = settings
        self.url = settings.url


async def furnish() -> None:
    for sql in (NEVER_QUIET, TRUSTED):
        await write(sql)


@pytest.fixture(scope="session")
async def sqlite_template(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> Path:
    """A migrated, empty file. Kept beside the temporary files until a migration changes: making one costs seconds."""
    kept = remembered("sqlite3")
    if not kept.exists():
        path = tmp_path_factory.mktemp("template") / "engawa.sqlite3"
        use(read_settings({}, secret_key=SECRET, data_dir=str(path.parent)))
        await open_database(f"sqlite://{path}", rooms_with_models())
        await migrate(f"sqlite://{path}", rooms_with_models())
        await furnish()
        await write("PRAGMA wal_checkpoint(TRUNCATE)")
        await close_database()
        part = kept.with_suffix(f".{os.getpid()}")
        shutil.copy(path, part)
        part.replace(kept)
    return kept


@pytest.fixture(scope="session")
async def postgres_seeds(
    tmp_path_factory: pytest.TempPathFactory, anyio_backend: str
) -> dict[str, list[tuple[Any, ...]]]:
    """Migrates from nothing (unless the last run left it so), and remembers the rows that migrations put there."""
    if not POSTGRES:
        return {}
    kept = remembered(f"{urlsplit(POSTGRES).path.strip('/')}.seeds")
    if kept.exists() and await comment_of(POSTGRES) == kept.name:
        return pickle.loads(kept.read_bytes())
    await make_database(POSTGRES)
    use(read_settings({}, secret_key=SECRET, data_dir=str(tmp_path_factory.mktemp("pg")), database_url=POSTGRES))
    await open_database(POSTGRES, rooms_with_models())
    await migrate(POSTGRES, rooms_with_models())
    await furnish()
    seeded = {}
    for table in await _tables():
        found = [tuple(row.values()) for row in await rows(f'SELECT * FROM "{table}"')]
        if found:
            seeded[table] = found
    await close_database()
    kept.write_bytes(pickle.dumps(seeded))
    await comment_on(POSTGRES, kept.name)
    return seeded


async def _tables() -> list[str]:
    found = await rows(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'tortoise_migrations'"
    )
    return [row[0] for row in found]


async def _empty_postgres(seeded: dict[str, list[tuple[Any, ...]]]) -> None:
    # Deleting few rows is far cheaper than TRUNCATE, which makes new files, and cascades over most of the schema.
    each = (f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM \"{table}\")" for table in await _tables())
    filled = [row[0] for row in await rows(" UNION ALL ".join(each))]
    async with transaction():
        await write("SET LOCAL session_replication_role = replica")
        for table in filled:
            await write(f'DELETE FROM "{table}"')
        used = await rows(
            "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL"
            " AND sequencename <> 'tortoise_migrations_id_seq'"
        )
        for (name,) in used:
            await write(f"SELECT setval('\"{name}\"', 1, false)")
    for table, found in seeded.items():
        for row in found:
            await write(f'INSERT INTO "{table}" VALUES ({", ".join("?" * len(row))})', *row)
        await write(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT MAX(id) FROM \"{table}\"))")


@pytest.fixture(params=engines())
async def house(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    sqlite_template: Path,
    postgres_seeds: dict[str, list[tuple[Any, ...]]],
) -> AsyncIterator[House]:
    overrides: dict[str, Any] = {"secret_key": SECRET, "data_dir": str(tmp_path), "url": "http://127.0.0.1:8000"}
    if request.param == "postgresql":
        settings = use(read_settings({}, database_url=POSTGRES, **overrides))
        await open_database(POSTGRES, rooms_with_models())
        await _empty_postgres(postgres_seeds)
    else:
        shutil.copy(sqlite_template, tmp_path / "engawa.sqlite3")
        settings = use(read_settings({}, **overrides))
        await open_database(settings.database, rooms_with_models())
    _forget_caches()
    enter(Here(language="ja"))
    try:
        yield House(request.param, settings)
    finally:
        await close_database()


def _forget_caches() -> None:
    """A room with a cache per process empties it in `<room>/caches.py`: `forget_all()`."""
    import importlib
    from importlib.util import find_spec

    from app import rooms
    from core import runner

    runner._told.clear()
    for room in rooms.present():
        if find_spec(f"{room}.caches"):
            importlib.import_module(f"{room}.caches").forget_all()


@cache
def _application(url: str, max_upload: int) -> Any:
    """Built once for all tests of one kind: it keeps nothing between requests, and building it costs half a second."""
    from app.web import make_app

    application = make_app(with_runner=False)
    # The database is open already, in this context; the application must not open it again.
    application.app.on_startup.clear()
    application.app.on_shutdown.clear()
    return application


@pytest.fixture
async def web(house: House) -> AsyncIterator[httpx.AsyncClient]:
    """The whole application, asked over ASGI, on this loop; forms need `csrf` (see `Browser.post_form`)."""
    from app import rooms
    from core.pages import configure_templates

    application = _application(house.settings.url, house.settings.max_upload)
    configure_templates(rooms.present())
    transport = httpx.ASGITransport(app=application, raise_app_exceptions=False)
    async with Visitor(
        transport=transport, base_url=house.url, headers={"origin": house.url, "accept": "text/html"}
    ) as client:
        client.application = application
        yield client


class Visitor(httpx.AsyncClient):
    """A browser without a screen: keeps cookies, and sends the CSRF token with every form."""

    application: Any = None

    async def submit(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> httpx.Response:
        """POST a form as a browser would, with the token of a page got before."""
        token = next((value for name, value in self.cookies.items() if name.endswith("csrf")), None)
        if token is None:
            await self.get("/healthz")
            token = next(value for name, value in self.cookies.items() if name.endswith("csrf"))
        return await self.post(path, data={"_csrf_token": token} | (data or {}), **more)

    def another(self) -> Visitor:
        """A second browser on the same application."""
        return Visitor(transport=httpx.ASGITransport(app=self.application, raise_app_exceptions=False),
                       base_url=self.base_url, headers=dict(self.headers))  # fmt: skip


@pytest.fixture
def sign_in(web: Visitor) -> Callable[..., Awaitable[Visitor]]:
    """`await sign_in(person)` makes `web` that person; `await sign_in(person, web.another())` another browser."""

    async def do(person: Any, browser: Visitor | None = None) -> Visitor:
        from access.sessions import cookie_name, open_session

        browser = browser or web
        browser.cookies.set(cookie_name(), await open_session(person.id), domain="127.0.0.1")
        return browser

    return do


@pytest.fixture
async def run_jobs(house: House) -> Callable[[], Awaitable[None]]:
    """Runs promises and facts until nothing is due."""

    async def do(timeout: float = 30.0) -> None:
        runner = Runner()
        await runner.start()
        try:
            await runner.idle(timeout)
        finally:
            await runner.stop()

    return do


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Any:
    """What failed may hold half a character, which a worker of pytest-xdist could not tell."""
    return _whole((yield))


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    return [_whole(item) for item in value] if isinstance(value, list | tuple) else value


def pytest_unconfigure() -> None:
    end_or_name_the_threads()
