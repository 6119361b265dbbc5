"""Trails: what a merge or an import did to which rows, so that all of it can be taken back.

Rows are kept as JSON images, whatever their table: `to_jsonb` and `jsonb_populate_record` on PostgreSQL, plain
columns on SQLite. Taking back touches only what is still as the trail left it: what people did since stays.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from core.database import dialect, rows, write, write_many
from customers.registry import references

PART = 2000  # rows in one part
Image = dict[str, Any]


async def images(table: str, where: str, *parameters: Any) -> dict[int, Image]:
    """The rows as they stand, by id."""
    if dialect() == "postgresql":
        found = await rows(f'SELECT to_jsonb(t) FROM "{table}" t WHERE {where} ORDER BY id', *parameters)
        said = [json.loads(row[0]) for row in found]
    else:
        said = [dict(row) for row in await rows(f'SELECT * FROM "{table}" t WHERE {where} ORDER BY id', *parameters)]
    return {one["id"]: one for one in said}


async def images_of(table: str, ids: Iterable[int]) -> dict[int, Image]:
    wanted = sorted(set(ids))
    found: dict[int, Image] = {}
    for at in range(0, len(wanted), PART // 4):
        part = wanted[at : at + PART // 4]
        found |= await images(table, f"t.id IN ({', '.join('?' * len(part))})", *part)
    return found


class Trail(msgspec.Struct):
    """The trail of one merge or one import; every method writes its part in the open transaction."""

    owner: str
    owner_id: int

    async def _keep(self, what: str, table: str, data: Any) -> None:
        await write("INSERT INTO trail_part (owner, owner_id, what, about_table, data) VALUES (?, ?, ?, ?, ?)",
                    self.owner, self.owner_id, what, table, data)  # fmt: skip

    async def added(self, table: str, ids: Iterable[int]) -> None:
        wanted = list(ids)
        for at in range(0, len(wanted), PART):
            await self._keep("added", table, wanted[at : at + PART])

    async def moved(self, table: str, column: str, ids: list[int], old: int, new: int) -> None:
        for at in range(0, len(ids), PART):
            await self._keep("moved", table, {"column": column, "old": old, "new": new, "ids": ids[at : at + PART]})

    async def dropped(self, table: str, gone: Iterable[Image]) -> None:
        wanted = list(gone)
        for at in range(0, len(wanted), PART):
            await self._keep("dropped", table, wanted[at : at + PART])

    async def set(self, table: str, row: Image, values: Image, sums: tuple[str, ...] = ()) -> None:
        """Give a row these values, and remember those it had."""
        await _set(table, row["id"], values)
        said = {"id": row["id"], "sums": list(sums), "before": {name: row[name] for name in values}}
        after = (await images_of(table, [row["id"]]))[row["id"]]
        await self._keep("changed", table, [said | {"after": {name: after[name] for name in values}}])

    @asynccontextmanager
    async def watching(self, table: str, ids: Iterable[int], sums: tuple[str, ...] = ()) -> AsyncIterator[None]:
        """What the block changes in these rows. `sums`: columns taken back by their difference, not their value."""
        before = await images_of(table, ids)
        yield
        after = await images_of(table, before)
        changed = [_difference(one, after[id], sums) for id, one in before.items() if one != after.get(id, one)]
        for at in range(0, len(changed), PART):
            await self._keep("changed", table, changed[at : at + PART])


def _difference(before: Image, after: Image, sums: tuple[str, ...]) -> dict[str, Any]:
    names = [column for column in before if before[column] != after[column]]
    return {"id": before["id"], "sums": list(sums), "before": {name: before[name] for name in names},
            "after": {name: after[name] for name in names}}  # fmt: skip


async def take_back(owner: str, owner_id: int) -> dict[str, list[int]]:
    """Undo a trail from its end to its beginning. Returns the added rows that stay because others use them now."""
    stayed: dict[str, list[int]] = {}
    last = await rows("SELECT MAX(id) FROM trail_part WHERE owner = ? AND owner_id = ?", owner, owner_id)
    at = (last[0][0] or 0) + 1
    while found := await rows("SELECT id, what, about_table, data FROM trail_part WHERE owner = ? AND owner_id = ?"
                              " AND id < ? ORDER BY id DESC LIMIT 1", owner, owner_id, at):  # fmt: skip
        at, what, table = found[0][0], found[0][1], found[0][2]
        data = json.loads(found[0][3])
        if what == "added":
            stayed.setdefault(table, []).extend(await _remove(table, data))
        else:
            await BACK[what](table, data)
    await write("DELETE FROM trail_part WHERE owner = ? AND owner_id = ?", owner, owner_id)
    return {table: sorted(ids) for table, ids in stayed.items() if ids}


async def _remove(table: str, ids: list[int]) -> list[int]:
    """Delete added rows; returns those that are in use."""
    used: set[int] = set()
    if table in {"account", "person"}:
        for one in references(table):
            if one.blocks and not one.is_derived:
                used |= {row[0] for row in await _where_in(one.table, one.column, ids, one.blocks_if)}
    free = [id for id in ids if id not in used]
    if table in {"account", "person"}:
        for one in references(table):
            if one.is_derived:
                await _delete_in(one.table, one.column, free)
    await _delete_in(table, "id", free)
    return sorted(used)


async def _where_in(table: str, column: str, ids: list[int], also: str = "") -> list[Any]:
    found: list[Any] = []
    for at in range(0, len(ids), 500):
        part = ids[at : at + 500]
        found += await rows(f'SELECT DISTINCT "{column}" FROM "{table}" WHERE "{column}" IN'
                            f" ({', '.join('?' * len(part))}){f' AND ({also})' if also else ''}", *part)  # fmt: skip
    return found


async def _delete_in(table: str, column: str, ids: list[int]) -> None:
    for at in range(0, len(ids), 500):
        part = ids[at : at + 500]
        await write(f'DELETE FROM "{table}" WHERE "{column}" IN ({", ".join("?" * len(part))})', *part)


async def _move_back(table: str, data: Mapping[str, Any]) -> None:
    column, ids = data["column"], data["ids"]
    for at in range(0, len(ids), 500):
        part = ids[at : at + 500]
        await write(f'UPDATE "{table}" SET "{column}" = ? WHERE "{column}" = ? AND id IN'
                    f" ({', '.join('?' * len(part))})", data["old"], data["new"], *part)  # fmt: skip


async def _change_back(table: str, data: list[dict[str, Any]]) -> None:
    now = await images_of(table, [one["id"] for one in data])
    for one in data:
        current = now.get(one["id"])
        if current is None:
            continue
        values = {c: v for c, v in one["before"].items() if c not in one["sums"] and current[c] == one["after"][c]}
        for column in one["sums"]:
            if column in one["before"]:
                values[column] = current[column] - (one["after"][column] - one["before"][column])
        await _set(table, one["id"], values)


async def _set(table: str, id: int, values: Image) -> None:
    if not values:
        return
    names = ", ".join(f'"{column}"' for column in values)
    if dialect() == "postgresql":
        await write(f'UPDATE "{table}" SET ({names}) = (SELECT {names} FROM jsonb_populate_record(NULL::"{table}",'
                    " CAST(? AS jsonb))) WHERE id = ?", values, id)  # fmt: skip
        return
    marks = ", ".join(f'"{column}" = ?' for column in values)
    await write(f'UPDATE "{table}" SET {marks} WHERE id = ?', *values.values(), id)


async def _put_back(table: str, gone: list[Image]) -> None:
    names = list(gone[0])
    listed = ", ".join(f'"{column}"' for column in names)
    if dialect() == "postgresql":
        await write_many(f'INSERT INTO "{table}" ({listed}) SELECT {listed} FROM jsonb_populate_record(NULL::"{table}",'
                         " CAST(? AS jsonb)) ON CONFLICT DO NOTHING", [[one] for one in gone])  # fmt: skip
        return
    await write_many(f'INSERT INTO "{table}" ({listed}) VALUES ({", ".join("?" * len(names))}) ON CONFLICT DO NOTHING',
                     [[one[column] for column in names] for one in gone])  # fmt: skip


BACK: dict[str, Callable[[str, Any], Awaitable[None]]] = {
    "moved": _move_back, "changed": _change_back, "dropped": _put_back,
}  # fmt: skip
