"""Ids for many new rows at once, so that one statement writes each table."""

from __future__ import annotations

from core.database import dialect, rows

TABLES = {"account", "person", "contract", "purchase", "review"}


async def next_ids(table: str, count: int) -> list[int]:
    """Ids that nobody else gets. Only inside a transaction (on SQLite it is what makes them ours)."""
    if table not in TABLES:
        raise ValueError(table)
    if count == 0:
        return []
    if dialect() == "postgresql":
        found = await rows(f"SELECT nextval(pg_get_serial_sequence('{table}', 'id')) FROM generate_series(1, ?)", count)
        return [int(row[0]) for row in found]
    found = await rows(
        f"SELECT MAX(COALESCE((SELECT seq FROM sqlite_sequence WHERE name = '{table}'), 0),"
        f" COALESCE((SELECT MAX(id) FROM {table}), 0))"
    )
    return list(range(int(found[0][0]) + 1, int(found[0][0]) + 1 + count))
