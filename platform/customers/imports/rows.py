"""Rows on their way: read from cells, given an outcome, kept in the ledger."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import msgspec

from core.database import rows, write_many
from core.i18n import _
from customers.ids import next_ids
from customers.imports.headings import FIELD_LABELS
from customers.imports.sheets import AN_ERROR, NO_VALUE, Row
from customers.imports.values import Mistake, value_of

OUTCOMES = ("created", "updated", "unchanged", "review", "refused")
SLICE = 900


class Given(msgspec.Struct):
    """What a row says: values by field (nothing empty), its digest, or why it cannot be read."""

    number: int
    values: dict[str, Any]
    digest: str = ""
    refusal: str = ""
    raw: dict[str, str] = {}


class Outcome(msgspec.Struct):
    """What became of a row."""

    number: int
    outcome: str
    reason: str = ""
    raw: dict[str, str] = {}
    about_kind: str = ""
    about_id: int | None = None
    before: dict[str, Any] | None = None


def given(row: Row, columns: Sequence[tuple[int, str]], required: Sequence[str] = ()) -> Given:
    """Read a row's mapped cells (index, field). The first mistake becomes the refusal."""
    raw = {
        field: row.cells[at][:300].strip(AN_ERROR + NO_VALUE)
        for at, field in columns
        if at < len(row.cells) and row.cells[at].strip()
    }
    if row.broken:
        return Given(row.number, {}, refusal=row.broken, raw=raw)
    values: dict[str, Any] = {}
    for at, field in columns:
        try:
            found = value_of(field, row.cells[at])
        except Mistake as mistake:
            reason = _("%(field)s: %(reason)s", field=str(FIELD_LABELS[field]), reason=str(mistake))
            return Given(row.number, {}, refusal=reason, raw=raw)
        if found != "":
            values[field] = found
    for field in required:
        if field not in values:
            return Given(row.number, {}, refusal=_("%(field)s is missing.", field=str(FIELD_LABELS[field])), raw=raw)
    return Given(row.number, values, digest_of(values), raw=raw)


def twice(one: Given, before: tuple[int, str]) -> Outcome:
    """A row whose id stood in the file before: the same again, or a contradiction."""
    if before[1] == one.digest:
        return Outcome(one.number, "unchanged", _("The same as row %(row)s.", row=before[0]))
    reason = _("The id stands in row %(row)s already, with other values.", row=before[0])
    return Outcome(one.number, "refused", reason, one.raw)


def created(one: Given, kind: str, note: str = "") -> Outcome:
    return Outcome(one.number, "created", note, one.raw, kind)


def unchanged(one: Given, kind: str, id: int) -> Outcome:
    return Outcome(one.number, "unchanged", "", {}, kind, id)


def updated(one: Given, kind: str, known: Any, values: dict[str, Any], reason: str = "") -> Outcome:
    """With what stood before in the fields of `values`, for taking the import back."""
    before = {field: known.values.get(field) for field in values}
    return Outcome(one.number, "updated", reason or ", ".join(values), one.raw, kind, known.id, before)


async def give_ids(kind: str, new: Sequence[Any], outcomes: Sequence[Outcome]) -> None:
    """Give the new rows of a chunk their ids, and the ledger too. In the open transaction."""
    by_number = {outcome.number: outcome for outcome in outcomes}
    for one, id in zip(new, await next_ids(kind, len(new)), strict=True):
        one.id = by_number[one.given.number].about_id = id


def digest_of(values: dict[str, Any]) -> str:
    """The same values give the same digest, in whatever order the columns stand."""
    said = json.dumps(values, sort_keys=True, ensure_ascii=False, default=_plain)
    return hashlib.sha256(said.encode()).hexdigest()


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def slices(values: Iterable[Any]) -> Iterable[list[Any]]:
    """Distinct values, as many at a time as a statement may have parameters."""
    distinct = list(dict.fromkeys(values))
    return (distinct[at : at + SLICE] for at in range(0, len(distinct), SLICE))


async def select_in(sql: str, values: Iterable[Any], *first: Any) -> list[Any]:
    """`sql` with `{marks}` for the list, over slices."""
    found: list[Any] = []
    for part in slices(values):
        found += await rows(sql.format(marks=", ".join("?" * len(part))), *first, *part)
    return found


async def keep(batch_id: int, outcomes: Sequence[Outcome]) -> None:
    """Write the ledger."""
    await write_many(
        "INSERT INTO import_row (batch_id, number, outcome, reason, data, about_kind, about_id, before)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [[batch_id, one.number, one.outcome, one.reason[:300], one.raw, one.about_kind, one.about_id,
          None if one.before is None else json.dumps(one.before, ensure_ascii=False, default=str)]
         for one in outcomes],
    )  # fmt: skip
