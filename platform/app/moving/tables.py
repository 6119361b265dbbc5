"""What there is to carry: every room's tables, and each value in one form whatever the engine keeps it as."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

import msgspec
from tortoise import Tortoise, fields

from core.database import configuration

Row = tuple[Any, ...]


class Table(msgspec.Struct, frozen=True):
    """`kinds` says for each column how its values are read (see `plain`)."""

    name: str
    columns: tuple[str, ...]
    kinds: tuple[str, ...]

    @property
    def listed(self) -> str:
        return ", ".join(f'"{column}"' for column in self.columns)


async def all_tables(rooms: Iterable[str]) -> list[Table]:
    """Every model's table, by name."""
    await Tortoise.init(config=configuration("sqlite://:memory:", rooms), init_connections=False,
                        _enable_global_fallback=True)  # fmt: skip
    assert Tortoise.apps is not None
    found = [_table(model) for models in Tortoise.apps.values() for model in models.values()]
    return sorted(found, key=lambda table: table.name)


def _table(model: Any) -> Table:
    meta = model._meta
    pairs = [(column, _kind(meta.fields_map[name])) for name, column in meta.fields_db_projection.items()]
    return Table(meta.db_table, tuple(column for column, _ in pairs), tuple(kind for _, kind in pairs))


def _kind(field: Any) -> str:
    kinds = {fields.DatetimeField: "moment", fields.DateField: "day", fields.BooleanField: "truth",
             fields.JSONField: "json", fields.BinaryField: "bytes", fields.FloatField: "float"}  # fmt: skip
    return next((kind for type_, kind in kinds.items() if isinstance(field, type_)), "same")


def plain(kind: str) -> Callable[[Any], Any]:
    """From what either driver answers to one Python value; JSON becomes text with sorted keys."""
    return _READERS[kind]


def _moment(value: Any) -> datetime:
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _day(value: Any) -> date:
    return date.fromisoformat(value[:10]) if isinstance(value, str) else value


def _number(text: str) -> float:
    """PostgreSQL's jsonb answers 1e16 as 10000000000000000, so a whole number is one in either form."""
    found = float(text)
    return int(found) if found.is_integer() else found


def _json(value: Any) -> str:
    parsed = json.loads(value, parse_float=_number) if isinstance(value, str | bytes) else value
    return json.dumps(parsed, ensure_ascii=False, sort_keys=True)


_READERS: dict[str, Callable[[Any], Any]] = {
    "moment": _moment, "day": _day, "truth": bool, "json": _json, "bytes": bytes, "float": float,
    "same": lambda value: value,
}  # fmt: skip


def plain_rows(table: Table, found: Iterable[Sequence[Any]]) -> list[Row]:
    readers = [plain(kind) for kind in table.kinds]
    return [
        tuple(None if value is None else read(value) for read, value in zip(readers, row, strict=True)) for row in found
    ]


class Sum:
    """How many rows, and a digest of all of them that does not depend on their order."""

    def __init__(self) -> None:
        self.count, self._total = 0, 0

    def add(self, found: Iterable[Row]) -> None:
        for row in found:
            self.count += 1
            self._total += int.from_bytes(hashlib.sha256(repr(row).encode()).digest()[:16])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sum) and (self.count, self.digest) == (other.count, other.digest)

    __hash__ = None  # type: ignore[assignment]

    @property
    def digest(self) -> str:
        return f"{self._total % 2**128:032x}"
