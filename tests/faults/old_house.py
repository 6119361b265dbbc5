"""What stands in a database, from its own catalogue, and rows for all of it: models may be newer than the tables."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Any

from core.clock import now
from core.database import dialect, rows, write

Columns = dict[str, dict[str, Any]]  # name → type, needed, parent, length
NOT_OURS = {"tortoise_migrations", "sqlite_sequence", "sqlite_stat1"}


async def schema() -> dict[str, Columns]:
    return await (_of_sqlite() if dialect() == "sqlite" else _of_postgres())


async def _of_sqlite() -> dict[str, Columns]:
    found: dict[str, Columns] = {}
    for (table,) in await rows("SELECT name FROM sqlite_master WHERE type = 'table'"):
        if table in NOT_OURS:
            continue
        parents = {row["from"]: row["table"] for row in await rows(f'PRAGMA foreign_key_list("{table}")')}
        found[table] = {row["name"]: {"type": row["type"].lower(), "needed": bool(row["notnull"]),
                                      "parent": parents.get(row["name"]), "length": _length(row["type"])}
                        for row in await rows(f'PRAGMA table_info("{table}")')}  # fmt: skip
    return found


def _length(type: str) -> int:
    return int(type.partition("(")[2].rstrip(")") or 0) if type.lower().startswith("varchar") else 0


async def _of_postgres() -> dict[str, Columns]:
    parents = {(row[0], row[1]): row[2] for row in await rows(
        "SELECT c.conrelid::regclass::text, a.attname, c.confrelid::regclass::text FROM pg_constraint c"
        " JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]"
        " WHERE c.contype = 'f'")}  # fmt: skip
    found: dict[str, Columns] = {}
    for row in await rows("SELECT table_name, column_name, data_type, is_nullable, character_maximum_length AS length"
                          " FROM information_schema.columns WHERE table_schema = current_schema()"):  # fmt: skip
        if row["table_name"] not in NOT_OURS:
            found.setdefault(row["table_name"], {})[row["column_name"]] = {
                "type": row["data_type"], "needed": row["is_nullable"] == "NO", "length": row["length"] or 0,
                "parent": parents.get((row["table_name"], row["column_name"])),
            }  # fmt: skip
    return found


async def indexes() -> set[tuple[str, tuple[str, ...]]]:
    """(table, its indexed columns) of every index over plain columns."""
    if dialect() == "postgresql":
        found = await rows(
            "SELECT i.indrelid::regclass::text,"
            " array_agg(a.attname ORDER BY array_position(i.indkey::int2[], a.attnum))"
            " FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid AND c.relnamespace = current_schema()::regnamespace"
            " JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)"
            " WHERE i.indexprs IS NULL GROUP BY i.indexrelid, i.indrelid"
        )  # fmt: skip
        return {(table, tuple(columns)) for table, columns in found if table not in NOT_OURS}
    kept = set()
    for table in await schema():
        for row in await rows(f'PRAGMA index_list("{table}")'):
            columns = [one["name"] for one in await rows(f'PRAGMA index_info("{row["name"]}")')]
            if None not in columns:
                kept.add((table, tuple(columns)))
    return kept


async def fill(known: dict[str, Columns], many: int) -> dict[str, list[dict[str, Any]]]:
    """`many` rows of every table, parents first; what they say, as the database tells it."""
    made: dict[str, list[int]] = {}
    for table in known:
        await _fill(table, known, many, made)
    return {table: [dict(row) for row in await rows(f'SELECT * FROM "{table}" ORDER BY id')] for table in known
            if "id" in known[table]}  # fmt: skip


async def _fill(table: str, known: dict[str, Columns], many: int, made: dict[str, list[int]]) -> None:
    if table in made:
        return
    made[table] = []
    for column in known[table].values():
        if column["parent"] and column["needed"]:
            await _fill(column["parent"], known, many, made)
    for number in range(many):
        values = {name: _value(column, number, made) for name, column in known[table].items() if name != "id"}
        values = {name: value for name, value in values.items() if value is not None}
        names = ", ".join(f'"{name}"' for name in values)
        into = f'INSERT INTO "{table}" ({names}) VALUES ({", ".join("?" * len(values))})'
        if "id" in known[table]:
            made[table].append(int((await write(into + " RETURNING id", *values.values()))[0][0]))
        else:
            await write(into, *values.values())


def _value(column: dict[str, Any], number: int, made: dict[str, list[int]]) -> Any:
    if column["parent"]:
        there = made.get(column["parent"]) or []
        return there[number] if number < len(there) else None
    kind = column["type"]
    if "char" in kind or kind == "text":
        return uuid.uuid4().hex[: column["length"] or 32]
    if "json" in kind:
        return '{"a": 1}'
    if "bool" in kind:
        return dialect() == "postgresql" or 1
    if "timestamp" in kind:
        return now()
    if kind == "date":
        day = date(2026, 1, 1) + timedelta(days=number)
        return day if dialect() == "postgresql" else str(day)
    if "blob" in kind or kind == "bytea":
        return b"x"
    if "real" in kind or "double" in kind or "numeric" in kind or "decimal" in kind:
        return 1.0
    if kind == "uuid":
        return uuid.uuid4()
    return number + 1
