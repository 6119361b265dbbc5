"""The database: opening it, the only `transaction()`, and short raw reads for hot pages.

`async with transaction():` is BEGIN IMMEDIATE on SQLite and joins an open one; nothing waits for the network
or computes for long inside. `rows(…)` reads (a reader of its own on SQLite, the open transaction inside one),
`write(…)` writes and returns what RETURNING gave. Both take `?` for parameters on either engine.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tortoise import Tortoise
from tortoise.backends.base.client import TransactionalDBClient
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.connection import get_connection
from tortoise.exceptions import IntegrityError

from core.clock import as_text
from core.settings import SettingsError, address_of
from core.tasks import remember_clean_context

__all__ = ["IntegrityError", "after_commit", "close_database", "copy", "dialect", "glance", "in_transaction",
           "later_by", "lock", "open_database", "rows", "savepoint", "the_time", "transaction", "write",
           "write_many", "write_rows"]  # fmt: skip

_hooks: ContextVar[list[Callable[[], None]] | None] = ContextVar("after_commit", default=None)
_dialect = "sqlite"
before_close: list[Callable[[], Awaitable[None]]] = []  # what still has something to send


def configuration(url: str, rooms: Iterable[str]) -> dict[str, Any]:
    """Tortoise's configuration: one app per room that has models; migrations beside them."""
    apps = {
        room: {
            "models": [f"{room}.models"],
            "default_connection": "default",
            "migrations": f"{room}.migrations",
        }
        for room in rooms
    }
    return {"connections": {"default": _connection(url)}, "apps": apps, "use_tz": True, "timezone": "UTC"}


def _connection(url: str) -> dict[str, Any]:
    if url.startswith("sqlite://"):
        path = url.removeprefix("sqlite://")
        return {"engine": "core.engines.sqlite", "credentials": {"file_path": path}}
    parts = address_of("The address of the database", url)
    asked = dict(parse_qsl(parts.query))  # as libpq has them; a host may be a socket's folder
    credentials: dict[str, Any] = {
        "host": parts.hostname or asked.get("host") or "localhost", "port": parts.port or int(asked.get("port", 5432)),
        "user": unquote(parts.username or asked.get("user") or "postgres"),
        "password": unquote(parts.password or asked.get("password") or "") or None,
        "database": unquote(parts.path.lstrip("/")) or "postgres",
        "minsize": 1, "maxsize": 12, "application_name": "engawa",
    }  # fmt: skip
    if "sslmode" in asked:  # its certificates: PGSSLROOTCERT, PGSSLCERT, PGSSLKEY
        credentials["ssl"] = asked["sslmode"]
    return {"engine": "core.engines.asyncpg", "credentials": credentials}


async def open_database(url: str, rooms: Iterable[str]) -> None:
    """Open `url` with the models of `rooms`. Migrations are not run here (core.migrating)."""
    global _dialect
    _dialect = "sqlite" if url.startswith("sqlite://") else "postgresql"
    if _dialect == "sqlite":
        Path(url.removeprefix("sqlite://")).parent.mkdir(parents=True, exist_ok=True)
    # Tortoise keeps each model's statements per connection name, in the dialect of whatever was open before.
    EXECUTOR_CACHE.clear()
    # Litestar starts handlers in contexts of their own, so the connections must be global (trap 11).
    await Tortoise.init(config=configuration(url, rooms), _enable_global_fallback=True)
    try:
        await rows("SELECT 1")
    except Exception as error:
        await Tortoise.close_connections()
        where = urlsplit(url)._replace(netloc=urlsplit(url).hostname or "", query="").geturl()
        raise SettingsError(f"The database {where} does not open: {error or type(error).__name__}") from error
    remember_clean_context()


async def close_database() -> None:
    for last in before_close:
        await last()
    await Tortoise.close_connections()


def dialect() -> str:
    """`sqlite` or `postgresql`."""
    return _dialect


def _client() -> Any:
    return get_connection("default")


def in_transaction() -> bool:
    return isinstance(_client(), TransactionalDBClient)


@asynccontextmanager
async def transaction() -> AsyncIterator[None]:
    """All or nothing. Inside an open transaction it joins that one."""
    if in_transaction():
        yield
        return
    hooks: list[Callable[[], None]] = []
    token = _hooks.set(hooks)
    try:
        async with _client()._in_transaction():
            yield
    finally:
        _hooks.reset(token)
    for hook in hooks:
        hook()


@asynccontextmanager
async def savepoint() -> AsyncIterator[None]:
    """A part that may fail alone: PostgreSQL aborts the whole transaction after an IntegrityError otherwise."""
    if not in_transaction():
        raise RuntimeError("savepoint() belongs inside transaction()")
    async with _client()._in_transaction():
        yield


def after_commit(hook: Callable[[], None]) -> None:
    """Call `hook` once the open transaction is committed; at once when there is none."""
    hooks = _hooks.get()
    if hooks is None or not in_transaction():
        hook()
    elif hook not in hooks:
        hooks.append(hook)


_mark = re.compile(r"'[^']*'|\?")


@lru_cache(maxsize=2048)
def _numbered(sql: str) -> str:
    count = 0

    def number(found: re.Match[str]) -> str:
        nonlocal count
        if found.group() != "?":
            return found.group()
        count += 1
        return f"${count}"

    return _mark.sub(number, sql)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC) if _dialect == "postgresql" else as_text(value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return value


def _prepared(sql: str, parameters: Sequence[Any]) -> tuple[str, list[Any]]:
    return (sql if _dialect == "sqlite" else _numbered(sql)), [_plain(value) for value in parameters]


async def rows(sql: str, *parameters: Any) -> list[Any]:
    """Read: rows that answer to position and to column name. Times are ISO text on SQLite: see `core.clock.when`."""
    client = _client()
    statement, values = _prepared(sql, parameters)
    if isinstance(client, TransactionalDBClient):
        return await client.fetch(statement, values)  # type: ignore[attr-defined, no-any-return]
    return await client.read(statement, values)  # type: ignore[no-any-return]


async def glance(sql: str, *parameters: Any) -> list[Any]:
    """`rows` for a few rows by an index, where thousands a second are asked: on SQLite without the way through the
    reader's thread, which costs ten times the statement. What scans or sorts would hold the loop: use `rows` there.
    """
    client = _client()
    if _dialect != "sqlite" or isinstance(client, TransactionalDBClient):
        return await rows(sql, *parameters)
    return await client.glance(*_prepared(sql, parameters))  # type: ignore[no-any-return]


async def write(sql: str, *parameters: Any) -> list[Any]:
    """Write one statement; returns the rows of RETURNING (compare-and-set: `RETURNING id`, then look at the length)."""
    client = _client()
    statement, values = _prepared(sql, parameters)
    return await client.fetch(statement, values)  # type: ignore[no-any-return]


async def write_many(sql: str, parameters: Sequence[Sequence[Any]], *, are_plain: bool = False) -> None:
    """One statement for many rows, inside the open transaction (or one of its own).

    `are_plain`: nothing among the parameters is a time, a list or a dict.
    """
    async with transaction():
        statement, _ = _prepared(sql, ())
        values = parameters if are_plain else [[_plain(value) for value in row] for row in parameters]
        await _client().execute_many(statement, values)


async def write_rows(insert: str, records: Sequence[Sequence[Any]], conflict: str = "") -> None:
    """SQLite's fast way for many rows, inside the open transaction; for both engines there is `core.bulk.insert_rows`.

    `insert` is `INSERT INTO … (…)`. Nothing among the values is a time, a list or a dict.
    """
    if not in_transaction():
        raise RuntimeError("write_rows() belongs inside transaction()")
    await _client().insert_rows(insert, records, conflict)


async def copy(table: str, columns: Sequence[str], records: Sequence[Sequence[Any]]) -> None:
    """PostgreSQL's COPY inside the open transaction; for both engines there is `core.bulk.insert_rows`."""
    if not in_transaction():
        raise RuntimeError("copy() belongs inside transaction()")
    await _client().copy(table, columns, records)


async def lock(name: str) -> None:
    """Hold an advisory lock until the transaction ends; on SQLite the transaction itself is one."""
    if not in_transaction():
        raise RuntimeError("lock() belongs inside transaction()")
    if _dialect == "postgresql":
        await write("SELECT pg_advisory_xact_lock(hashtextextended(?, 0))", name)


# Text as Python writes it, so that both compare; "now" stands still within a statement. SQLite's clock ends at the
# millisecond and Python's does not: its millisecond counts as over, or what was due "now" would not be due yet.
_TIME = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f999+00:00', 'now', ?)",
    "postgresql": "(clock_timestamp() + CAST(CAST(? AS text) AS interval))",
}


def the_time() -> str:
    """SQL for the database's own clock, on which processes agree; its one `?` is how much later: `later_by(delta)`."""
    return _TIME[_dialect]


def later_by(delta: timedelta = timedelta()) -> str:
    """The parameter of `the_time()`, to the millisecond."""
    return f"{delta.total_seconds():+.3f} seconds"
