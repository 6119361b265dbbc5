"""Records from other systems' programs, taken as an import's rows are: the same fields, matcher and reasons.

    outcomes = await upsert("people", "crm", [{"source_id": "7", "email": "hanako@example.jp", "family_name": "青波"}])

`kind` is one of imports.headings.KINDS, the fields are its FIELDS. Each row has exactly one outcome: created, updated,
unchanged, review (a question to a person, under 名寄せ) or refused (with its reason); `about_id` is the record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.context import current_principal
from core.database import lock, rows, transaction
from core.errors import Refused
from core.i18n import _
from core.policy import ensure
from core.tasks import in_thread
from customers import policy
from customers.imports.headings import FIELDS, REQUIRED
from customers.imports.rows import Given, Outcome, given
from customers.imports.run import IMPORTS
from customers.imports.sheets import LONGEST_CELL, Row

MOST = 1000  # rows at once


async def upsert(kind: str, source: str, records: Sequence[Mapping[str, Any]], *, dry: bool = False) -> list[Outcome]:
    """Take records in, in one transaction; `dry` only says what would happen. Raises Refused for what is no list of
    records of this kind."""
    ensure(policy.can_change_everything(current_principal()))
    if kind not in IMPORTS or not 0 < len(source) <= 60:
        raise Refused(_("Choose one of the list."))
    if len(records) > MOST:
        raise Refused(_("At most %(n)s records at once.", n=MOST))
    read: list[Given] = await in_thread(lambda: [read_record(kind, at, one) for at, one in enumerate(records, 1)])
    work = IMPORTS[kind](source)
    async with transaction():
        await lock(f"customers.upsert:{source}")  # of two that bring one new record the second finds it
        if hasattr(work, "survey"):
            if await rows("SELECT 1 FROM match_key WHERE about = ? LIMIT 1", work.kind):
                await work.survey(read)
            work.settle()
        outcomes: list[Outcome] = await work.plan(read)
        if not dry:
            await work.write(outcomes)
    return outcomes


async def _one(kind: str, source: str, fields: Mapping[str, Any]) -> Outcome:
    return (await upsert(kind, source, [fields]))[0]


async def upsert_account(source: str, **fields: Any) -> Outcome:
    """A company: `source_id`, `name` …"""
    return await _one("accounts", source, fields)


async def upsert_person(source: str, **fields: Any) -> Outcome:
    """Somebody: `source_id` or `email`, `family_name`, `account_id` (the source's own of the company) …"""
    return await _one("people", source, fields)


async def upsert_contract(source: str, **fields: Any) -> Outcome:
    """A contract: `source_id`, `account_id`, `starts_on`, `amount` a month …"""
    return await _one("contracts", source, fields)


async def record_purchase(source: str, **fields: Any) -> Outcome:
    """A purchase: `source_id` (the order), `email` or `person_id` or `account_id`, `paid`, `bought_on` …"""
    return await _one("purchases", source, fields)


def read_record(kind: str, number: int, record: Mapping[str, Any]) -> Given:
    """A record's values checked as a row's cells are. A field that the kind does not have refuses the record."""
    unknown = sorted(set(record) - set(FIELDS[kind]))
    if unknown:
        reason = _("There is no field “%(name)s”. The fields are: %(names)s.", name=unknown[0][:60],
                   names=", ".join(FIELDS[kind]))  # fmt: skip
        return Given(number, {}, refusal=reason)
    names = list(record)
    cells = [a_cell(record[name]) for name in names]
    broken = ""
    if any(cell is None for cell in cells):
        broken = _("%(field)s holds no single value.", field=names[cells.index(None)])
    elif any(len(cell or "") > LONGEST_CELL for cell in cells):
        broken = _("A cell has more than %(n)s characters.", n=LONGEST_CELL)
    row = Row(number, [(cell or "")[:LONGEST_CELL] for cell in cells], broken)
    return given(row, [(at, name) for at, name in enumerate(names)], REQUIRED[kind])


def a_cell(value: Any) -> str | None:
    """A value of JSON as a cell's text; None when it is no single value."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, list) and len(value) == 1:
        return a_cell(value[0])
    if isinstance(value, list | dict):
        return "" if not value else None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).encode("utf-8", "replace").decode()
