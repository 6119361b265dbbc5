"""A database with the search room alone, on each engine: a test takes no longer to set up than to run."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.database import write
from search.scratch import prepared
from search_samples import empty
from servers import POSTGRES, engines, ensure_database


@pytest.fixture(scope="session")
async def sqlite_store(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> Path:
    path = tmp_path_factory.mktemp("search") / "template.sqlite3"
    async with prepared(f"sqlite://{path}"):
        await write("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture(scope="session")
async def postgresql_store(anyio_backend: str) -> str:
    """The suite's own database: what is missing in it is migrated when it is opened. Empty where there is none."""
    if POSTGRES:
        await ensure_database(POSTGRES)
    return POSTGRES


@pytest.fixture(params=engines())
async def store(
    request: pytest.FixtureRequest, tmp_path: Path, sqlite_store: Path, postgresql_store: str
) -> AsyncIterator[str]:
    """An open, empty database; its address."""
    url = postgresql_store
    if request.param == "sqlite":
        shutil.copy(sqlite_store, tmp_path / "search.sqlite3")
        url = f"sqlite://{tmp_path}/search.sqlite3"
    async with prepared(url):
        await empty()
        yield url
