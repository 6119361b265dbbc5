"""Rows of every table that refers to a person or an account, made from the models alone."""

from __future__ import annotations

import datetime
import random
import uuid
from typing import Any

from tortoise import Tortoise, fields

from app import rooms
from core.clock import now
from core.database import dialect, rows, write
from customers.trails import images

NEVER = {
    "audit_entry",
    "fact",
    "promise",
    "tick",
    "merge_log",
    "trail_part",
    "tortoise_migrations",
    "pace",
    "search_trust",
    "search_version",
}  # the last two have no id: what search knows of itself


def model_of(table: str) -> Any:
    rooms.load()
    return next(m for several in (Tortoise.apps or {}).values() for m in several.values() if m._meta.db_table == table)


def tables() -> list[str]:
    return sorted(m._meta.db_table for several in (Tortoise.apps or {}).values() for m in several.values())


async def fill(table: str, column: str, id: int, alike: str = "") -> int:
    """A row of `table` whose `column` is `id`. Rows of one `alike` say the same, so that they would stand twice."""
    meta = model_of(table)._meta
    elsewhere = meta.backward_fk_fields | meta.backward_o2o_fields | meta.m2m_fields
    together = {name for several in meta.unique_together if {column, column.removesuffix("_id")} & set(several)
                for name in several}  # fmt: skip
    is_unique = bool(column) and meta.fields_map[column].unique  # one to one: there may be one already
    if is_unique and (there := await rows(f'SELECT id FROM "{table}" WHERE "{column}" = ?', id)):
        return int(there[0][0])
    bound = {name for several in meta.unique_together for name in several}
    values: dict[str, Any] = {}
    for name, field in meta.fields_map.items():
        if field.pk or name in elsewhere:
            continue
        source = f"{name}_id" if name in meta.fk_fields | meta.o2o_fields else str(field.source_field or name)
        if source == column:
            values[column] = id
        elif name in meta.fk_fields | meta.o2o_fields:
            if not meta.fields_map[source].null:
                values[source] = await _parent(
                    field.related_model._meta.db_table,
                    name in meta.o2o_fields or (name in bound and not (alike and name in together)),
                )
        elif source not in values:
            values[source] = _value(field, alike if name in together else "")
    values = {name: value for name, value in values.items() if value is not None}
    names = ", ".join(f'"{name}"' for name in values)
    made = await write(f'INSERT INTO "{table}" ({names}) VALUES ({", ".join("?" * len(values))}) RETURNING id',
                       *values.values())  # fmt: skip
    return int(made[0][0])


def _value(field: Any, alike: str) -> Any:
    chance = random.Random(alike or None)
    if isinstance(field, fields.CharField | fields.TextField):
        return alike if alike else uuid.uuid4().hex[: min(getattr(field, "max_length", 12), 12)]
    if isinstance(field, fields.JSONField):
        return {"a": 1}
    if isinstance(field, fields.BooleanField):
        return True
    if isinstance(field, fields.DatetimeField):
        return None if field.null else now()
    if isinstance(field, fields.DateField):
        day = datetime.date(2026, 1, 1) + datetime.timedelta(days=chance.randrange(9000))
        return str(day) if dialect() == "sqlite" else day
    if isinstance(field, fields.BinaryField):
        return b"x"
    if isinstance(field, fields.FloatField):
        return 1.0
    return None if field.null else chance.randrange(1, 10**9 if not isinstance(field, fields.SmallIntField) else 9000)


async def _parent(table: str, is_new: bool = False) -> int:
    found = await rows(f'SELECT MIN(id) FROM "{table}"')
    return await fill(table, "", 0) if is_new or found[0][0] is None else int(found[0][0])


async def everything() -> dict[str, Any]:
    """Every row of every table; keys of the matcher without their ids, which are made anew."""
    found: dict[str, Any] = {}
    for table in tables():
        if table in NEVER:
            continue
        said = await images(table, "TRUE")
        found[table] = sorted((one["about"], one["key"], one["record_id"]) for one in said.values()) \
            if table == "match_key" else said  # fmt: skip
    return found
