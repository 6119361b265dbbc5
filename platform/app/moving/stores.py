"""The two engines as places that rows are read from and written to, each in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol

import asyncpg

from app.moving.tables import Row, Table, plain_rows
from core.errors import Refused
from core.i18n import _
from customers import beginnings, headcount

BATCH = 2000
OUR_OWN = {"tortoise_migrations", "sqlite_sequence"} | headcount.TABLES | beginnings.TABLES


class Store(Protocol):
    """Open within `reading(…)` or `writing(…)`."""

    async def names(self) -> set[str]: ...
    async def count(self, name: str) -> int: ...
    def read(self, table: Table) -> AsyncIterator[list[Row]]: ...
    async def write(self, table: Table, rows: Sequence[Row]) -> None: ...
    async def clear(self, table: Table) -> None: ...
    async def settle(self, tables: Sequence[Table]) -> None: ...


def store_of(url: str) -> SqliteStore | PostgresStore:
    return SqliteStore(url.removeprefix("sqlite://")) if url.startswith("sqlite://") else PostgresStore(url)


class SqliteStore:
    def __init__(self, path: str) -> None:
        self.path = path

    @asynccontextmanager
    async def open(self, *, for_writing: bool) -> AsyncIterator[SqliteStore]:
        """A source is held by an open write, too: what somebody wrote meanwhile would be left behind."""
        Path(self.path).parent.mkdir(parents=True, exist_ok=True)
        self.link = sqlite3.connect(self.path, isolation_level=None, timeout=30)
        try:
            self.link.execute("PRAGMA foreign_keys = OFF")
            self.link.execute("BEGIN IMMEDIATE")
            yield self
            self.link.execute("COMMIT" if for_writing else "ROLLBACK")
        finally:
            self.link.close()

    async def names(self) -> set[str]:
        found = self.link.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        return {name for (name,) in found} - OUR_OWN

    async def count(self, name: str) -> int:
        return int(self.link.execute(f'SELECT COUNT(*) FROM "{name}"').fetchone()[0])

    async def read(self, table: Table) -> AsyncIterator[list[Row]]:
        found = self.link.execute(f'SELECT {table.listed} FROM "{table.name}"')
        while part := found.fetchmany(BATCH):
            yield plain_rows(table, part)

    async def write(self, table: Table, rows: Sequence[Row]) -> None:
        marks = ", ".join("?" * len(table.columns))
        self.link.executemany(f'INSERT INTO "{table.name}" ({table.listed}) VALUES ({marks})',
                              [tuple(map(_for_sqlite, row)) for row in rows])  # fmt: skip

    async def clear(self, table: Table) -> None:
        self.link.execute(f'DELETE FROM "{table.name}"')

    async def settle(self, tables: Sequence[Table]) -> None:
        if broken := self.link.execute("PRAGMA foreign_key_check").fetchone():
            raise Refused(_("A row of %(table)s has lost its parent.", table=broken[0]))


def _for_sqlite(value: Any) -> Any:
    """As Tortoise writes it."""
    return str(value) if isinstance(value, datetime | date) else value


class PostgresStore:
    def __init__(self, url: str) -> None:
        self.url = url

    @asynccontextmanager
    async def open(self, *, for_writing: bool) -> AsyncIterator[PostgresStore]:
        try:
            self.link: Any = await asyncpg.connect(self.url)
        except (OSError, asyncpg.PostgresError) as error:
            raise Refused(_("The database does not open: %(error)s", error=str(error))) from error
        try:
            isolation = "serializable" if for_writing else "repeatable_read"
            async with self.link.transaction(isolation=isolation, readonly=not for_writing):
                if for_writing:
                    await self._set_foreign_keys_aside()
                yield self
        finally:
            await self.link.close()

    async def _set_foreign_keys_aside(self) -> None:
        """Tables refer to each other in circles; only the owner's right is needed for this, and adding checks all."""
        self.keys = await self.link.fetch(
            "SELECT conrelid::regclass::text AS held, conname, pg_get_constraintdef(oid) AS text FROM pg_constraint"
            " WHERE contype = 'f' AND connamespace = current_schema()::regnamespace AND conparentid = 0"
        )
        for key in self.keys:
            await self.link.execute(f'ALTER TABLE {key["held"]} DROP CONSTRAINT "{key["conname"]}"')

    async def names(self) -> set[str]:
        found = await self.link.fetch("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        return {row[0] for row in found} - OUR_OWN

    async def count(self, name: str) -> int:
        return int(await self.link.fetchval(f'SELECT COUNT(*) FROM "{name}"'))

    async def read(self, table: Table) -> AsyncIterator[list[Row]]:
        cursor = await self.link.cursor(f'SELECT {table.listed} FROM "{table.name}"')
        while part := await cursor.fetch(BATCH):
            yield plain_rows(table, part)

    async def write(self, table: Table, rows: Sequence[Row]) -> None:
        try:
            await self.link.copy_records_to_table(table.name, records=rows, columns=list(table.columns))
        except asyncpg.PostgresError as error:
            raise Refused(_("PostgreSQL does not take a row of %(table)s: %(error)s", table=table.name,
                            error=str(error))) from error  # fmt: skip

    async def clear(self, table: Table) -> None:
        await self.link.execute(f'DELETE FROM "{table.name}"')

    async def settle(self, tables: Sequence[Table]) -> None:
        """The constraints again, and each sequence behind the highest id."""
        for key in self.keys:
            await self.link.execute(f'ALTER TABLE {key["held"]} ADD CONSTRAINT "{key["conname"]}" {key["text"]}')
        for table in tables:
            for column in table.columns:
                sequence = await self.link.fetchval("SELECT pg_get_serial_sequence($1, $2)", f'"{table.name}"', column)
                if sequence:
                    most = await self.link.fetchval(f'SELECT MAX("{column}") FROM "{table.name}"')
                    await self.link.execute("SELECT setval($1, $2, $3)", sequence, most or 1, most is not None)
