"""Migrations: Tortoise's files and state, with an SQLite editor that loses nothing.

Tortoise's own rebuild of an SQLite table drops it with foreign keys on, so CASCADE children vanish, and forgets
its indexes (facts/reliability.md, trap 1). Here foreign keys are off for the whole run and checked after it, and
what sqlite_master held on the table (indexes, triggers) is made again. Before an SQLite upgrade the file is copied.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

from tortoise import Tortoise
from tortoise.connection import get_connection
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.migrations.executor import MigrationExecutor
from tortoise.migrations.operations import CreateModel
from tortoise.migrations.schema_editor import SqliteSchemaEditor

from core.clock import now
from core.database import configuration, dialect, lock, rows, transaction, write
from core.migration_states import empty_state

ENTRIES = (
    "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL AND type IN ('index', 'trigger')"
)


class SafeSqliteEditor(SqliteSchemaEditor):
    def _get_table_comment_sql(self, table: str, comment: str) -> str:
        # The editor splits statements at semicolons, also at those of a model's docstring.
        return ""

    async def _remake_table(self, model: Any, *arguments: Any, **named: Any) -> None:
        table = model._meta.db_table
        kept = await self.client.execute_query_dict(ENTRIES, [table])
        count = await self._count(table)
        await super()._remake_table(model, *arguments, **named)
        if await self._count(table) != count:
            raise RuntimeError(f"rebuilding {table} lost rows")
        present = {entry["name"] for entry in await self.client.execute_query_dict(ENTRIES, [table])}
        for entry in kept:
            if entry["name"] not in present:
                await self._again(entry["sql"])
        await self._unique_again(model)

    async def _unique_again(self, model: Any) -> None:
        """What is unique together was declared in CREATE TABLE, which the rebuild forgets."""
        table = model._meta.db_table
        for names in model._meta.unique_together:
            columns = tuple(self._resolve_fields_to_columns(model, names))
            if columns not in await self._uniques(table):
                await self.add_constraint(model, UniqueConstraint(fields=tuple(names)))

    async def remove_constraint(self, model: Any, constraint: Any) -> None:
        """A UNIQUE that CREATE TABLE declared is no index that can be dropped: the table is made without it."""
        table, kept = model._meta.db_table, model._meta.unique_together
        columns = tuple(self._resolve_fields_to_columns(model, constraint.fields))
        if (await self._uniques(table)).get(columns) != "u":
            await super().remove_constraint(model, constraint)
            return
        model._meta.unique_together = tuple(one for one in kept if tuple(one) != tuple(constraint.fields))
        try:
            await self._remake_table(model)
        finally:
            model._meta.unique_together = kept

    async def _uniques(self, table: str) -> dict[tuple[str, ...], str]:
        """Columns that are unique together → `u` by CREATE TABLE, `c` by an index of its own."""
        found = {}
        for index in await self.client.execute_query_dict(f'PRAGMA index_list("{table}")', []):
            if index["unique"]:
                held = await self.client.execute_query_dict(f'PRAGMA index_info("{index["name"]}")', [])
                found[tuple(one["name"] for one in held)] = index["origin"]
        return found

    async def _count(self, table: str) -> int:
        found = await self.client.execute_query_dict(f'SELECT COUNT(*) AS n FROM "{table}"', [])
        return int(found[0]["n"])

    async def _again(self, sql: str) -> None:
        try:
            await self.client.execute_query(sql)
        except Exception as error:
            # An index over a column that this migration removed goes with the column.
            if "no such column" not in str(error):
                raise


class Executor(MigrationExecutor):
    def _schema_editor(self, atomic: bool = True, collect_sql: bool = False) -> Any:
        if "sqlite" in self.connection.__class__.__module__:
            return SafeSqliteEditor(self.connection, atomic=atomic, collect_sql=collect_sql)
        return super()._schema_editor(atomic=atomic, collect_sql=collect_sql)

    async def _project_state(self, applied: Any, *, upto: Any = None) -> Any:
        """As Tortoise's, from a state that costs less."""
        state = empty_state(dict.fromkeys(self.loader.apps_config, "default"))
        for key in self._full_plan():
            if upto and key == upto:
                break
            if key in applied and (migration := self.loader.graph.nodes[key]) is not None:
                await migration.apply(state, dry_run=True, schema_editor=None)
        return state

    async def prepare(self) -> None:
        """Where applied migrations are written down; looking for it in vain would abort PostgreSQL's transaction."""
        await self.recorder.ensure_schema(self._schema_editor(atomic=False))


def _executor(url: str, rooms: Iterable[str]) -> Executor:
    return Executor(get_connection("default"), configuration(url, rooms)["apps"])


async def pending(url: str, rooms: Iterable[str]) -> list[str]:
    """Names of the migrations that this database has not seen yet."""
    if not await _has_migrations_table():
        return ["everything"]
    executor = _executor(url, rooms)
    return [f"{step.migration.app_label}.{step.migration.name}" for step in await executor.plan()]


async def _has_migrations_table() -> bool:
    if dialect() == "sqlite":
        found = await rows("SELECT 1 FROM sqlite_master WHERE name = 'tortoise_migrations'")
    else:
        found = await rows("SELECT 1 FROM information_schema.tables WHERE table_name = 'tortoise_migrations'"
                           " AND table_schema = current_schema()")  # fmt: skip
    return bool(found)


async def migrate(url: str, rooms: Iterable[str]) -> list[str]:
    """Bring the open database up to date; returns what was applied.

    One process at a time, and all or nothing: every migration and its record are in one transaction, so that a
    process killed anywhere leaves the database as it was.
    """
    rooms = list(rooms)
    if not await pending(url, rooms):
        return []
    applied: list[str] = []

    def note(event: str, room: str, name: str) -> None:
        if event == "apply_done":
            applied.append(f"{room}.{name}")

    async with _foreign_keys_aside(), transaction():
        await lock("engawa.migrate")
        if dialect() == "sqlite" and await _has_migrations_table() and await pending(url, rooms):
            back_up_sqlite(Path(url.removeprefix("sqlite://")))
        executor = _executor(url, rooms)
        await executor.prepare()
        await executor.migrate(progress=note)
        if dialect() == "sqlite" and (broken := await rows("PRAGMA foreign_key_check")):
            raise RuntimeError(f"the migration left {len(broken)} rows without their parent: {tuple(broken[0])}")
    return applied


@contextlib.asynccontextmanager
async def _foreign_keys_aside() -> AsyncIterator[None]:
    """SQLite heeds these PRAGMAs only outside a transaction. Rebuilding a table would delete its children otherwise,
    and fail where a trigger of another table names it, which is not there while the new one is renamed."""
    if dialect() == "postgresql":
        yield
        return
    await write("PRAGMA foreign_keys = OFF")
    await write("PRAGMA legacy_alter_table = ON")
    try:
        yield
    finally:
        await write("PRAGMA legacy_alter_table = OFF")
        await write("PRAGMA foreign_keys = ON")


def back_up_sqlite(path: Path, target: Path | None = None) -> Path:
    """A consistent copy of a live SQLite file beside it, through SQLite's own backup."""
    target = target or path.with_name(f"{path.stem}-{now():%Y%m%d-%H%M%S}.backup.sqlite3")
    source, copy = sqlite3.connect(path), sqlite3.connect(target)
    try:
        source.backup(copy)
    finally:
        source.close()
        copy.close()
    return target


async def missing_migrations(rooms: Iterable[str]) -> list[str]:
    """Model changes without a migration, as `room.name`. Empty is good."""
    return [f"{writer.app_label}.{writer.name}" for writer in await _changes(rooms)]


async def make_migrations(rooms: Iterable[str]) -> list[str]:
    """Write the missing migrations, lower floors first, so that dependencies between rooms are right."""
    written: list[str] = []
    ordered = list(rooms)
    for room in ordered:
        for writer in await _changes(ordered):
            if writer.app_label == room:
                writer.operations = parents_first(writer.app_label, list(writer.operations))
                written.append(str(writer.write()))
    return written


def parents_first(room: str, operations: list[Any]) -> list[Any]:
    """Tortoise orders new tables by name; one that is made before its parent loses the column and its constraints."""
    creations = {op.name: op for op in operations if isinstance(op, CreateModel)}
    placed: list[Any] = []

    def place(op: Any, above: tuple[str, ...]) -> None:
        for _, field in op.fields:
            target = getattr(field, "model_name", "")
            parent = creations.get(target.partition(".")[2]) if isinstance(target, str) else None
            if parent is not None and parent.name not in above and parent not in placed:
                place(parent, (*above, parent.name))
        if op not in placed:
            placed.append(op)

    for op in creations.values():
        place(op, (op.name,))
    return placed + [op for op in operations if op not in placed]


async def _changes(rooms: Iterable[str]) -> list[Any]:
    found = configuration("sqlite://:memory:", rooms)
    await Tortoise.init(config=found, init_connections=False, _enable_global_fallback=True)
    assert Tortoise.apps is not None
    return await MigrationAutodetector(Tortoise.apps, found["apps"]).changes()
