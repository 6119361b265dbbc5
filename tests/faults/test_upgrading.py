"""A house of the first release, every table filled, becomes today's: no row and no value of what stays is lost."""

from __future__ import annotations

import pytest
from tortoise.migrations.executor import MigrationTarget

from app import rooms
from core.database import close_database, open_database, rows, transaction
from core.migrating import _executor, _foreign_keys_aside, migrate
from faults.old_house import fill, indexes, schema

ROWS = 3
# Indexes that a later migration took away on purpose: customers.0004, 0011 and 0016 have wider or partial ones instead.
REPLACED = {
    ("event", ("account_id", "at")), ("person_metric", ("metric", "d30")), ("usage_day", ("account_id", "day")),
    ("usage_day", ("person_id", "name", "day")), ("membership", ("account_id",)),
    ("person", ("family_kana", "given_kana", "id")), ("account", ("normal_name",)),
}  # fmt: skip
# What a later migration put elsewhere: customers.0022 has a list of reasons, and keeps other words beside it.
MOVED = {("contract", "end_reason"): "end_note"}


async def first_release(url: str, several: list[str]) -> None:
    """Only every room's first migration."""
    async with _foreign_keys_aside(), transaction():
        executor = _executor(url, several)
        await executor.prepare()
        await executor.migrate([MigrationTarget(room, "0001_initial") for room in several])


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_a_populated_house_of_the_first_release_is_brought_up_to_date(nothing):
    rooms.load()
    several = rooms.with_models()
    await close_database()
    await open_database(nothing, several)
    await first_release(nothing, several)
    old, had = await schema(), await indexes()
    before = await fill(old, ROWS)
    assert len(before) > 80
    assert {table for table, found in before.items() if len(found) < ROWS} == set(), "every table is filled"
    assert await migrate(nothing, several)
    new = await schema()
    for table, found in before.items():
        if table not in new:
            continue
        kept = [column for column in old[table] if column in new[table]]
        there = {row["id"]: row for row in await rows(f'SELECT * FROM "{table}"')}
        for row in found:
            assert row["id"] in there, f"{table} lost a row"
            for column in kept:
                assert there[row["id"]][MOVED.get((table, column), column)] == row[column], f"{table}.{column}"
    gone = {one for one in had - await indexes() if one[0] in new and set(one[1]) <= set(new[one[0]])}
    assert gone <= REPLACED, "an index was lost"
