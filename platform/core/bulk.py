"""Many rows in one statement: `insert_rows` adds them, `given` makes them a table that a statement joins or inserts.

Names of tables, columns and types are the caller's own, never anything that somebody typed.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Any

import msgspec

from core.clock import as_text
from core.database import copy, dialect, write, write_many

Types = Sequence[tuple[str, str]]


async def insert_rows(table: str, columns: Sequence[str], records: Sequence[Sequence[Any]]) -> None:
    """Add rows as fast as the engine can, inside the open transaction (COPY on PostgreSQL). JSON is given as text."""
    if not records:
        return
    if dialect() == "postgresql":
        await copy(table, columns, records)
        return
    marks = ", ".join("?" * len(columns))
    await write_many(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", records, are_plain=True)


async def merge_rows(table: str, columns: Types, records: Sequence[Sequence[Any]], conflict: str) -> None:
    """Add rows, or what `conflict` (`ON CONFLICT … DO …`) says of those that are there. No two may be the same row."""
    if not records:
        return
    names = ", ".join(name for name, _kind in columns)
    if dialect() == "postgresql":
        sql, parameters = given(columns, records)
        await write(f"INSERT INTO {table} ({names}) SELECT * FROM {sql} AS v {conflict}", *parameters)
        return
    # A prepared statement for each row: SQLite reads a row of JSON again for each of its columns.
    marks = ", ".join("?" * len(columns))
    await write_many(f"INSERT INTO {table} ({names}) VALUES ({marks}) {conflict}", records, are_plain=True)


def given(columns: Types, records: Sequence[Sequence[Any]]) -> tuple[str, list[Any]]:
    """`(SELECT …)` of the rows, to be named by the caller, and its parameters.

    `columns` are (name, PostgreSQL type): bigint, text, date, timestamptz.
    """
    if dialect() == "postgresql":
        arrays = ", ".join(f"CAST(? AS {kind}[])" for _name, kind in columns)
        names = ", ".join(name for name, _kind in columns)
        by_column = list(zip(*records, strict=True)) if records else [()] * len(columns)
        return f"(SELECT * FROM unnest({arrays}) AS u({names}))", by_column
    picked = ", ".join(f"json_extract(value, '$[{at}]') AS {name}" for at, (name, _kind) in enumerate(columns))
    moments = {at for at, (_name, kind) in enumerate(columns) if kind == "timestamptz"}  # days are JSON as they are
    return f"(SELECT {picked} FROM json_each(?))", [_json(_plainly(records, moments))]


def listed(kind: str, values: Sequence[Any]) -> tuple[str, list[Any]]:
    """`(SELECT …)` of one column, for `IN`: one parameter however many values there are."""
    if dialect() == "postgresql":
        return f"(SELECT unnest(CAST(? AS {kind}[])))", [tuple(values)]
    return "(SELECT value FROM json_each(?))", [_json(values)]


def _json(values: Any) -> str:
    return msgspec.json.encode(values).decode()


def _plainly(records: Sequence[Sequence[Any]], moments: Set[int]) -> Sequence[Sequence[Any]]:
    """With the moments in these columns as SQLite holds them, for JSON. By columns, since most have none."""
    if not records or not moments:
        return records
    columns = list(zip(*records, strict=True))
    for at in moments:
        columns[at] = tuple(None if value is None else as_text(value) for value in columns[at])
    return list(zip(*columns, strict=True))
