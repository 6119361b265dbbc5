"""A database of its own for a measurement, with the real migrations, gone afterwards."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from core.database import close_database, open_database
from core.errors import Refused
from core.i18n import _
from core.migrating import migrate
from search import embeddings
from search.caches import forget_all

ROOMS = ("search",)


@asynccontextmanager
async def scratch_database(engine: str, server: str = "") -> AsyncIterator[str]:
    """Open an empty database of `engine`; yields its address. PostgreSQL is made on `server`, a database's address."""
    if engine == "sqlite":
        with tempfile.TemporaryDirectory(prefix="engawa-search-") as directory:
            async with prepared(f"sqlite://{Path(directory)}/scratch.sqlite3") as url:
                yield url
        return
    async with postgresql_scratch(server) as url, prepared(url):
        yield url


@asynccontextmanager
async def postgresql_scratch(server: str) -> AsyncIterator[str]:
    """A new database beside `server`, dropped at the end."""
    if not server.startswith(("postgresql://", "postgres://")):
        raise Refused(_("Set ENGAWA_DATABASE_URL to a PostgreSQL server to measure on it."))
    name = f"engawa_scratch_{secrets.token_hex(6)}"
    await _on(server, f"CREATE DATABASE {name}")
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    finally:
        await _on(server, f"DROP DATABASE {name} WITH (FORCE)")


@asynccontextmanager
async def prepared(url: str) -> AsyncIterator[str]:
    """Open a database with the search room's tables, made if they are not there."""
    await open_database(url, ROOMS)
    try:
        await migrate(url, ROOMS)
        forget_all()
        embeddings.turn_off(True)
        yield url
    finally:
        embeddings.turn_off(False)
        await close_database()
        forget_all()


async def _on(server: str, statement: str) -> None:
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
