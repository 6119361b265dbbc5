"""How long rows are kept. Nothing goes until somebody sets a period; then a job deletes by night, in slices.

A room says what can be let go in its `personal.py`:

    keeps("event", "received_at", lazy("Product events"), least=30, by="arrival")

`by="arrival"`: the time only grows with the id, so the end is found by halving ids and no index on the time is needed
(docs/decisions/retention.md). `by="time"`: the time is looked at row by row.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta
from typing import Any, Literal

import msgspec

from core.audit import audit
from core.clock import local_day, now, when
from core.context import current_principal
from core.database import rows, transaction, write
from core.errors import Refused
from core.i18n import _
from core.policy import ensure
from core.refs import Ref
from core.settings import settings
from customers import policy
from customers.days import as_day
from customers.rules import RetentionRule, rule, set_rule

SLICE = 5000  # rows in one transaction
MOST_DAYS = 36_500


class Keep(msgspec.Struct, frozen=True):
    """`column` is a moment, or a day with `is_day`; `where` says which rows can go at all; `least` days are kept."""

    table: str
    column: str
    label: Any
    least: int = 1
    by: Literal["arrival", "time"] = "time"
    where: str = "1 = 1"
    is_day: bool = False
    note: Any = ""


_kept: dict[str, Keep] = {}


def keeps(table: str, column: str, label: Any, **more: Any) -> None:
    """At import of a room's `personal.py`. Names are the room's own, never anything that somebody typed."""
    _kept[table] = Keep(table, column, label, **more)


def tables() -> list[Keep]:
    return list(_kept.values())


async def set_periods(periods: dict[str, int | None]) -> None:
    """table → days, None for ever. Raises Refused for a table that is not on the list or too short a period."""
    ensure(policy.can_change_everything(current_principal()))
    for table, days in periods.items():
        one = _kept.get(table)
        if one is None or (days is not None and not one.least <= days <= MOST_DAYS):
            raise Refused(_("“%(table)s” must be kept for at least %(days)s days.",
                            table=str(one.label) if one else table, days=one.least if one else 1))  # fmt: skip
    await set_rule("retention", RetentionRule({table: days for table, days in periods.items() if days is not None}))


async def would_go(table: str, days: int) -> int:
    """A dry run: how many rows the next night would delete if the period were `days`."""
    one = _kept[table]
    bound, parameters = await _bound(one, days)
    return int((await rows(f'SELECT COUNT(*) FROM "{one.table}" WHERE {bound}', *parameters))[0][0])


async def prune() -> dict[str, int]:
    """Delete what is older than its period, slice by slice, each slice a transaction; audited. table → rows."""
    given: RetentionRule = await rule("retention")
    done: dict[str, int] = {}
    for table, days in given.days.items():
        one = _kept.get(table)
        if one is None or days < one.least:
            continue
        await _remember(one, days)
        if gone := await _prune(one, days):
            done[table] = gone
    if done:
        async with transaction():
            await audit("retention.prune", Ref("rule", 0), after=done)
    return done


async def _prune(one: Keep, days: int) -> int:
    bound, parameters = await _bound(one, days)
    gone = 0
    while True:
        async with transaction():
            slice_of = f'SELECT id FROM "{one.table}" WHERE {bound} ORDER BY id LIMIT {SLICE}'
            found = await write(f'DELETE FROM "{one.table}" WHERE id IN ({slice_of}) RETURNING id', *parameters)
        gone += len(found)
        if len(found) < SLICE:
            return gone


async def _bound(one: Keep, days: int) -> tuple[str, list[Any]]:
    """What is too old, in SQL. A period ends at a midnight, so that days are whole or gone."""
    end: Any = _end(days)
    value = as_day(local_day() - timedelta(days=days)) if one.is_day else end
    if one.by == "time":
        return f'"{one.column}" < ? AND {one.where}', [value]
    return f'id <= ? AND "{one.column}" < ? AND {one.where}', [await _last_id_before(one, end), end]


def _end(days: int) -> datetime:
    return datetime.combine(local_day() - timedelta(days=days), time(), settings().zone).astimezone(UTC)


async def _last_id_before(one: Keep, end: datetime) -> int:
    """Halving: the highest id that arrived before `end`; 0 when there is none."""
    low = int((await rows(f'SELECT COALESCE(MIN(id), 0) FROM "{one.table}"'))[0][0]) - 1
    high = int((await rows(f'SELECT COALESCE(MAX(id), 0) FROM "{one.table}"'))[0][0])
    while low < high:
        middle = (low + high + 1) // 2
        found = await rows(
            f'SELECT id, "{one.column}" FROM "{one.table}" WHERE id <= ? ORDER BY id DESC LIMIT 1', middle
        )
        at = when(found[0][1]) if found else None
        if at is None or at < end:
            low = middle
        else:
            high = int(found[0][0]) - 1
    return max(0, low)


async def _remember(one: Keep, days: int) -> None:
    """Since which day this table is whole: counts that stand on it are not worked out anew for days before."""
    day = (local_day() - timedelta(days=days)).isoformat()
    await write("INSERT INTO note (name, value, changed_at) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
                " value = excluded.value, changed_at = excluded.changed_at",
                f"retention.{one.table}", json.dumps(day), now())  # fmt: skip


async def whole_since(table: str) -> str:
    """The first day (ISO) of which nothing was let go; '' when nothing ever was."""
    found = await rows("SELECT value FROM note WHERE name = ?", f"retention.{table}")
    return str(json.loads(found[0][0])) if found else ""
