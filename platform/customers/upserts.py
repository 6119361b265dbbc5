"""Records from other systems' programs, as the rows of an import bring them: same fields, matcher, precedence, doubts.

    outcomes = await upsert_many("people", "crm", [{"source_id": "7", "email": "hanako@example.jp"}])

`kind` and fields are those of imports.headings. Each record has one outcome: created, updated, unchanged, review (a
person decides, under 名寄せ) or refused, with its reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.audit import audit
from core.context import current_principal
from core.database import lock, transaction
from core.errors import Invalid, Refused, Wrong
from core.i18n import _
from core.policy import ensure
from core.refs import Ref
from core.tasks import in_thread
from customers import policy
from customers.imports.headings import FIELDS, REQUIRED
from customers.imports.rows import Given, Outcome, digest_of, given
from customers.imports.run import IMPORTS
from customers.imports.sheets import LONGEST_CELL, Row
from customers.imports.values import Mistake, value_of

MOST = 1000  # records at once


async def upsert(kind: str, source: str, source_id: str, fields: Mapping[str, str]) -> Outcome:
    """One record by its source's own id. Raises Invalid for values that cannot be read, Refused for what an import
    would refuse."""
    ensure(policy.can_change_everything(current_principal()))
    one = _given(kind, source_id, fields)
    async with transaction():
        [found] = await _taken(kind, source, [one])
        if found.outcome == "refused":
            raise Refused(found.reason)
        if found.outcome in ("created", "updated"):
            after = {"source": source, "source_id": source_id, "fields": sorted(one.values)}
            about = Ref(found.about_kind, found.about_id or 0)
            await audit("api.upsert", about, before=found.before, after=after)
    return found


async def upsert_many(
    kind: str, source: str, records: Sequence[Mapping[str, Any]], *, dry: bool = False
) -> list[Outcome]:
    """Records with values as JSON has them, in one transaction; `dry` only says what would become of them. Raises
    Refused for a kind that there is not, or too many."""
    ensure(policy.can_change_everything(current_principal()))
    if kind not in IMPORTS or not 0 < len(source) <= 60:
        raise Refused(_("Choose one of the list."))
    if len(records) > MOST:
        raise Refused(_("At most %(n)s records at once.", n=MOST))
    read: list[Given] = await in_thread(lambda: [read_record(kind, at, one) for at, one in enumerate(records, 1)])
    return await _taken(kind, source, read, dry=dry)


async def _taken(kind: str, source: str, read: list[Given], *, dry: bool = False) -> list[Outcome]:
    work = IMPORTS[kind](source)
    async with transaction():
        await lock(f"upsert:{kind}")  # two of one id, or of one company, at the same moment: one after the other
        if hasattr(work, "survey"):
            await work.survey(read)
            work.settle()
        outcomes: list[Outcome] = await work.plan(read)
        if not dry:
            await work.write(outcomes)
    return outcomes


# Reading --------------------------------------------------------------------------------------------------------


def _given(kind: str, source_id: str, fields: Mapping[str, str]) -> Given:
    wrong: list[Wrong] = []
    values = {}
    for name, text in {**fields, "source_id": source_id}.items():
        try:
            found = value_of(name, text)
        except Mistake as mistake:
            wrong.append(Wrong(f"#/{name}", str(mistake)))
            continue
        if found != "":
            values[name] = found
    wrong += [Wrong(f"#/{name}", _("Fill this in.")) for name in REQUIRED[kind] if name not in values and not wrong]
    if wrong:
        raise Invalid(wrong)
    return Given(1, {name: value for name, value in values.items() if name in FIELDS[kind]}, digest_of(values))


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
    if None in cells:
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
