"""SQLite as the house needs it: immediate transactions that survive cancellation, and readers of their own.

Tortoise alone begins deferred (two processes that read then write get `database is locked` at once), never
releases its lock when a task is cancelled while entering, and has one connection, so that every reader waits
behind an open transaction. facts/reliability.md, traps 2 and 3.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from itertools import chain
from typing import Any

import aiosqlite
from tortoise.backends.base.client import NestedTransactionContext, TransactionContext
from tortoise.backends.sqlite.client import SqliteClient, SqliteTransactionWrapper, translate_exceptions
from tortoise.connection import get_connections

from core.clock import as_text
from core.tasks import finish

READERS = 2
TOGETHER = (256, 64, 16, 4, 1)  # rows of one INSERT; SQLite takes 32,766 values
PRAGMAS = {"journal_mode": "WAL", "synchronous": "FULL", "foreign_keys": "ON", "busy_timeout": 30_000,
           "journal_size_limit": 67_108_864, "wal_autocheckpoint": 8_000, "cache_size": -32_000,
           "temp_store": "MEMORY"}  # fmt: skip

# After Tortoise's own, which leaves a time in the zone it came in: then text would not sort as time does.
sqlite3.register_adapter(datetime, as_text)


class Immediate(TransactionContext):
    """BEGIN IMMEDIATE … COMMIT on the writer; whatever is cancelled, the lock and the connection come back."""

    def __init__(self, client: Client) -> None:
        self.client: Any = client
        self.connection_name = client.connection_name
        self.wrapper: SqliteTransactionWrapper | None = None

    async def __aenter__(self) -> Any:
        parent = self.client
        await parent._lock.acquire()
        try:
            if not parent._connection:
                await finish(parent.create_connection(with_db=True))
            await finish(parent._connection.execute("BEGIN IMMEDIATE"))
        except BaseException:
            try:
                await finish(_rollback(parent._connection))
            finally:
                parent._lock.release()
            raise
        self.wrapper = Wrapper(parent)
        self.token = get_connections().set(self.connection_name, self.wrapper)
        return self.wrapper

    async def __aexit__(self, kind: Any, error: Any, trace: Any) -> None:
        assert self.wrapper is not None
        try:
            if kind is None:
                try:
                    await finish(self.wrapper._connection.commit())
                except sqlite3.Error:
                    await finish(_rollback(self.wrapper._connection))
                    raise
            else:
                await finish(_rollback(self.wrapper._connection))
        finally:
            self.wrapper._finalized = True
            get_connections().reset(self.token)
            self.client._lock.release()


async def _rollback(connection: aiosqlite.Connection | None) -> None:
    if connection is not None and connection.in_transaction:
        await connection.rollback()


class Wrapper(SqliteTransactionWrapper):
    def _in_transaction(self) -> TransactionContext:
        return NestedTransactionContext(Wrapper(self))

    @translate_exceptions
    async def execute_script(self, query: str) -> None:
        """Statement by statement: `executescript` of the standard library commits what is open first."""
        async with self._lock:
            for statement in statements(query):
                await self._connection.execute_fetchall(statement)

    async def fetch(self, sql: str, values: Sequence[Any]) -> list[Any]:
        async with self._lock:
            return list(await self._connection.execute_fetchall(sql, values))

    @translate_exceptions
    async def insert_rows(self, insert: str, records: Sequence[Sequence[Any]], conflict: str) -> None:
        async with self._lock:
            await self._connection._execute(  # type: ignore[no-untyped-call]
                _insert, self._connection._conn, insert, records, conflict
            )


def _insert(connection: sqlite3.Connection, insert: str, records: Sequence[Sequence[Any]], conflict: str) -> None:
    """In the connection's thread. Many rows a statement, because the driver gives up Python's lock at each step of
    one: row by row it would wait for the lock a thousand times, which costs more than SQLite's work. Of a few sizes,
    so that the driver finds them prepared.
    """
    at, width = 0, len(records[0])
    for size in TOGETHER:
        sql = _of_rows(insert, width, size, conflict)
        while len(records) - at >= size:
            connection.execute(sql, tuple(chain.from_iterable(records[at : at + size]))).close()
            at += size


@lru_cache(maxsize=256)
def _of_rows(insert: str, width: int, size: int, conflict: str) -> str:
    row = f"({', '.join('?' * width)})"
    return f"{insert} VALUES {', '.join([row] * size)} {conflict}"


class Client(SqliteClient):
    """Writes go to one connection; SELECTs outside a transaction to a few read-only ones."""

    def __init__(self, file_path: str, **kwargs: Any) -> None:
        super().__init__(file_path, **kwargs)
        self.pragmas = dict(PRAGMAS)
        self._closed = False
        self._readers: list[aiosqlite.Connection] = []
        self._free: asyncio.LifoQueue[aiosqlite.Connection] = asyncio.LifoQueue()
        self._glancing: sqlite3.Connection | None = None

    async def create_connection(self, with_db: bool) -> None:
        if self._closed:
            # A task that outlived the house must not open it again: its threads would hold the process for ever.
            raise ConnectionError("The database is closed.")
        if self._connection:
            return
        await super().create_connection(with_db)
        for _ in range(READERS):
            reader = await aiosqlite.connect(self.filename, isolation_level=None)
            self._readers.append(reader)
            reader._conn.row_factory = sqlite3.Row
            for pragma in ("query_only=ON", "busy_timeout=30000", "cache_size=-16000"):
                await (await reader.execute(f"PRAGMA {pragma}")).close()
            self._free.put_nowait(reader)
        self._glancing = _at_once(self.filename)
        if self._closed:
            await self.close()
            raise ConnectionError("The database was closed meanwhile.")

    async def close(self) -> None:
        """For good. Who still waits for a reader is given a closed one, and fails instead of waiting for ever."""
        self._closed = True
        readers, self._readers = self._readers, []
        for reader in readers:
            await finish(reader.close())
        if self._glancing is not None:
            self._glancing.close()
        await finish(super().close())

    def _in_transaction(self) -> TransactionContext:
        return Immediate(self)

    async def read(self, sql: str, values: Sequence[Any] | None = None) -> list[Any]:
        if not self._connection:
            async with self._lock:
                await finish(self.create_connection(with_db=True))
        reader = await self._free.get()
        try:
            # Cancelled here, the thread still ends the statement before it takes the next one.
            return list(await reader.execute_fetchall(sql, values))
        finally:
            self._free.put_nowait(reader)

    async def glance(self, sql: str, values: Sequence[Any]) -> list[Any]:
        """In the loop's own thread. In WAL mode a reader waits for nobody; who would have to, goes the long way."""
        if self._glancing is None or self._closed:
            return await self.read(sql, values)
        try:
            return self._glancing.execute(sql, values).fetchall()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise
            return await self.read(sql, values)

    async def fetch(self, sql: str, values: Sequence[Any]) -> list[Any]:
        async with self.acquire_connection() as connection:
            return list(await connection.execute_fetchall(sql, values))

    @translate_exceptions
    async def execute_query(self, query: str, values: list[Any] | None = None) -> tuple[int, Sequence[Any]]:
        if _reads(query):
            rows = await self.read(query, values)
            return len(rows), rows
        return await super().execute_query(query, values)  # type: ignore[no-any-return]

    @translate_exceptions
    async def execute_query_dict(self, query: str, values: list[Any] | None = None) -> list[dict[str, Any]]:
        if _reads(query):
            return [dict(row) for row in await self.read(query, values)]
        return await super().execute_query_dict(query, values)  # type: ignore[no-any-return]

    @translate_exceptions
    async def execute_many(self, query: str, values: list[list[Any]]) -> None:
        async with Immediate(self) as wrapper:
            await wrapper.execute_many(query, values)


def _at_once(filename: str) -> sqlite3.Connection:
    """A connection that reads, and that never waits for a lock."""
    made = sqlite3.connect(filename, isolation_level=None, timeout=0, check_same_thread=False)
    made.row_factory = sqlite3.Row
    for pragma in ("query_only=ON", "cache_size=-8000"):
        made.execute(f"PRAGMA {pragma}").close()
    return made


def statements(script: str) -> list[str]:
    """The statements of a script; a semicolon inside a trigger or a string ends none."""
    found, part = [], ""
    for piece in script.split(";"):
        part += piece + ";"
        if sqlite3.complete_statement(part):
            found.append(part)
            part = ""
    return [statement for statement in found if statement.strip(" \n;")]


def _reads(sql: str) -> bool:
    return sql.lstrip()[:6].upper() == "SELECT" and "\x00" not in sql


client_class = Client
