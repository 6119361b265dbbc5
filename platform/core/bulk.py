"""Many rows in one statement: `insert_rows` adds them, `given` makes them a table that a statement joins or inserts.

Names of tables, columns and types are the caller's own, never anything that somebody typed.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Any

import msgspec

from core.clock import as_text
from core.database import copy, dialect, rows, write, write_rows

Types = Sequence[tuple[str, str]]
BETWEEN = "\x1f"  # what stands between the texts of a column: the separator that ASCII has for it
NOBODY = "\\N"  # as COPY writes NULL


async def insert_rows(table: str, columns: Sequence[str], records: Sequence[Sequence[Any]]) -> None:
    """Add rows as fast as the engine can, inside the open transaction (COPY on PostgreSQL). JSON is given as text."""
    if not records:
        return
    if dialect() == "postgresql":
        await copy(table, columns, records)
        return
    await write_rows(f"INSERT INTO {table} ({', '.join(columns)})", records)


async def merge_rows(
    table: str, columns: Types, records: Sequence[Sequence[Any]], conflict: str, looked_up: tuple[str, str] = ("", "")
) -> None:
    """Add rows, or what `conflict` (`ON CONFLICT … DO …`) says of those that are there. No two may be the same row.

    `looked_up`: one more column, and SQL for it over a row `v`, where a trigger would put it afterwards. PostgreSQL
    writes such a row twice then, with all its indexes; SQLite is not given it.
    """
    if not records:
        return
    names = ", ".join(name for name, _kind in columns)
    if dialect() == "postgresql":
        sql, parameters = given(columns, records)
        also, value = (f", {looked_up[0]}", f", {looked_up[1]}") if looked_up[0] else ("", "")
        await write(f"INSERT INTO {table} ({names}{also}) SELECT v.*{value} FROM {sql} AS v {conflict}", *parameters)
        return
    # As plain rows: SQLite reads a row of JSON again for each of its columns.
    await write_rows(f"INSERT INTO {table} ({names})", records, conflict)


async def add_missing(table: str, columns: Types, records: Sequence[Sequence[Any]], unique: str) -> list[Any]:
    """Add those rows whose `unique` columns are not there yet; returns these as (id, *columns), in any order.

    Only inside a transaction, and into a table that counts its own ids up. No two may be the same row.
    """
    if not records:
        return []
    names = [name for name, _kind in columns]
    into = f"INSERT INTO {table} ({', '.join(names)})"
    conflict = f"ON CONFLICT ({unique}) DO NOTHING"
    if dialect() == "postgresql":
        sql, parameters = given(columns, records)
        return await write(f"{into} SELECT * FROM {sql} AS v {conflict} RETURNING id, {', '.join(names)}", *parameters)
    # Nobody else writes meanwhile, so the new ones are those with higher ids. RETURNING would be a step for each row.
    [[last]] = await rows(f"SELECT COALESCE(MAX(id), 0) FROM {table}")
    await write_rows(into, records, conflict)
    return list(await gathered(("id", *names), f"FROM {table} WHERE id > ?", last))


def given(columns: Types, records: Sequence[Sequence[Any]]) -> tuple[str, list[Any]]:
    """`(SELECT …)` of the rows, to be named by the caller, and its parameters.

    `columns` are (name, PostgreSQL type): bigint, text, date, timestamptz.
    """
    if dialect() == "postgresql":
        names = ", ".join(name for name, _kind in columns)
        by_column = list(zip(*records, strict=True)) if records else [()] * len(columns)
        found = [_array(kind, values) for (_name, kind), values in zip(columns, by_column, strict=True)]
        arrays = ", ".join(sql for sql, _value in found)
        return f"(SELECT * FROM unnest({arrays}) AS u({names}))", [value for _sql, value in found]
    picked = ", ".join(f"json_extract(value, '$[{at}]') AS {name}" for at, (name, _kind) in enumerate(columns))
    moments = {at for at, (_name, kind) in enumerate(columns) if kind == "timestamptz"}  # days are JSON as they are
    return f"(SELECT {picked} FROM json_each(?))", [_json(_plainly(records, moments))]


def listed(kind: str, values: Sequence[Any]) -> tuple[str, list[Any]]:
    """`(SELECT …)` of one column, for `IN`: one parameter however many values there are."""
    if dialect() == "postgresql":
        sql, value = _array(kind, tuple(values))
        return f"(SELECT unnest({sql}))", [value]
    return "(SELECT value FROM json_each(?))", [_json(values)]


async def gathered(columns: Sequence[str], rest: str, *parameters: Any) -> Sequence[Sequence[Any]]:
    """`SELECT columns rest` where many rows are expected. Numbers and texts only.

    On SQLite as one row of JSON: its driver gives up Python's lock at each row, and under load waits to get it back.
    """
    if dialect() == "postgresql":
        return await rows(f"SELECT {', '.join(columns)} {rest}", *parameters)
    [[found]] = await rows(f"SELECT json_group_array(json_array({', '.join(columns)})) {rest}", *parameters)
    return msgspec.json.decode(found)  # type: ignore[no-any-return]


def _array(kind: str, values: Sequence[Any]) -> tuple[str, Any]:
    """An array for PostgreSQL and its parameter: one text where the values allow it.

    The driver asks of each member of an array whether it is an array too, which costs more than the server's work.
    """
    if values and kind in {"bigint", "date", "timestamptz"}:
        joined = ",".join([NOBODY if value is None else str(value) for value in values])
        return f"CAST(string_to_array(?, ',', '{NOBODY}') AS {kind}[])", joined
    if len(values) > 1 and kind == "text" and None not in values:
        joined = BETWEEN.join(values)
        if joined.count(BETWEEN) == len(values) - 1:
            return f"string_to_array(?, '{BETWEEN}')", joined
    return f"CAST(? AS {kind}[])", values


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
