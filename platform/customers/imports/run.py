"""One file on its way in: mapping, preview, apply; counted, kept in a ledger, resumable."""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import count, islice
from pathlib import Path
from typing import Any

from core.clock import now
from core.context import current_principal
from core.database import rows, transaction, write
from core.errors import Conflict, NotFound, Refused
from core.events import announce
from core.i18n import _
from core.tasks import in_thread
from customers import timeline
from customers.events import ImportApplied
from customers.imports.accounts import AccountsImport
from customers.imports.contracts import ContractsImport
from customers.imports.headings import FIELDS, KINDS, REQUIRED, detect_kind, guess_mapping, plain_heading
from customers.imports.people import PeopleImport
from customers.imports.purchases import PurchasesImport
from customers.imports.reading import Row, Sheet, read_sheet
from customers.imports.rows import OUTCOMES, Given, Outcome, given, keep
from customers.imports.spool import Spool, spooled
from customers.models import ImportBatch, ImportFile
from customers.trails import Trail

CHUNK = 1000
IMPORTS: dict[str, Callable[[str], Any]] = {
    "accounts": AccountsImport, "people": PeopleImport, "contracts": ContractsImport,
    "purchases": PurchasesImport,
}  # fmt: skip


def kind_of(sheet: Sheet) -> str:
    """The kind that the headings (and some values under 会社名 / name) speak for."""
    at = next((i for i, heading in enumerate(sheet.headings) if plain_heading(heading) in {"name", "会社名"}), None)
    names = [row.cells[at] for row in islice(sheet.rows(), 50) if at is not None and not row.broken]
    return detect_kind(sheet.headings, names)


def checked_mapping(kind: str, headings: Sequence[str], asked: dict[str, str]) -> dict[str, str]:
    """The guessed mapping with what was asked for put over it. A field "-" leaves the column out. Raises Refused."""
    mapping = guess_mapping(kind, headings)
    for heading, field in asked.items():
        if heading not in headings:
            raise Refused(_("There is no column “%(name)s”. The columns are: %(names)s.", name=heading,
                            names=", ".join(headings)[:300]))  # fmt: skip
        if field in {"-", ""}:
            mapping.pop(heading, None)
            continue
        if field not in FIELDS[kind]:
            raise Refused(_("There is no field “%(name)s”. The fields are: %(names)s.", name=field,
                            names=", ".join(FIELDS[kind])))  # fmt: skip
        mapping = {h: f for h, f in mapping.items() if f != field} | {heading: field}
    missing = [field for field in REQUIRED[kind] if field not in mapping.values()]
    if missing:
        raise Refused(_("No column is mapped to %(fields)s. Say which with --map COLUMN=%(first)s.",
                        fields=", ".join(missing), first=missing[0]))  # fmt: skip
    return mapping


def columns_of(headings: Sequence[str], mapping: dict[str, str]) -> list[tuple[int, str]]:
    """(index, field); of two columns with one heading the first."""
    return [(headings.index(heading), field) for heading, field in mapping.items()]


async def start(
    content: bytes | Path,
    *,
    file_name: str = "",
    source: str = "csv",
    kind: str = "",
    mapping: dict[str, str] | None = None,
    is_complete: bool = True,
) -> ImportBatch:
    """Take a file in. Raises Refused with a sentence when it is no table or a column is unknown."""
    if kind and kind not in KINDS:
        raise Refused(_("Choose one of the list."))
    source = source.strip() or "csv"
    if len(source) > 60:
        raise Refused(_("The name of a source has at most 60 characters."))
    file: Spool = await in_thread(spooled, content)
    sheet = await in_thread(read_sheet, file)
    kind = kind or await in_thread(kind_of, sheet)
    remembered = await _remembered(source, kind, sheet.headings)
    if is_complete:
        found = checked_mapping(kind, sheet.headings, remembered | (mapping or {}))
    else:
        found = {h: f for h, f in remembered.items() if f != "-"} or guess_mapping(kind, sheet.headings)
    total = await in_thread(_count, sheet)
    async with transaction():
        batch = await ImportBatch.create(
            kind=kind,
            source=source,
            file_name=file_name[-200:],
            digest=file.digest,
            mapping=found,
            headings=sheet.headings,
            encoding=sheet.encoding,
            total=total,
            created_by_id=current_principal().person_id,
            created_at=now(),
        )
        parts = file.packed()
        for at in count():
            if (part := await in_thread(next, parts, None)) is None:
                break
            await ImportFile.create(batch_id=batch.id, part=at, content=part)
    file.close()
    return batch


async def _remembered(source: str, kind: str, headings: Sequence[str]) -> dict[str, str]:
    """What the columns became when this source last sent a file with just these headings; "-" is left out."""
    found = await rows("SELECT mapping, headings FROM import_batch WHERE source = ? AND kind = ?"
                       " AND state IN ('applied', 'undone') ORDER BY id DESC LIMIT 5", source, kind)  # fmt: skip
    for row in found:
        if json.loads(row[1] or "[]") == list(headings):
            mapping: dict[str, str] = json.loads(row[0])
            return dict.fromkeys(headings, "-") | mapping
    return {}


def _count(sheet: Sheet) -> int:
    return sum(1 for _row in sheet.rows())


async def sheet_of(batch: ImportBatch) -> Sheet:
    """The batch's file, read again. Raises NotFound once it was applied and thrown away."""
    file = Spool()
    for at in count():
        found = await ImportFile.get_or_none(batch_id=batch.id, part=at)
        if found is None:
            break
        file.add(await in_thread(zlib.decompress, found.content))
    if not file.size:
        raise NotFound(_("The file of this import is no longer here."))
    sheet: Sheet = await in_thread(read_sheet, file)
    return sheet


async def preview(batch: ImportBatch) -> Counter[str]:
    """What would become of every row; the ledger shows it, nothing else is written."""
    counts = await _walk(batch, apply=False)
    await write(
        "UPDATE import_batch SET state = 'preview', counts = ?, done = total WHERE id = ?", dict(counts), batch.id
    )
    return counts


async def apply(batch: ImportBatch, *, atomic: bool = True) -> Counter[str]:
    """Carry the import out. `atomic`: in one transaction. Otherwise chunk by chunk, and a second call goes on."""
    if batch.state == "applied":
        raise Conflict(_("This import is done already."))
    if not atomic:
        return await _applied(batch)
    async with transaction():
        return await _applied(batch)


async def _applied(batch: ImportBatch) -> Counter[str]:
    counts = await _walk(batch, apply=True)
    async with transaction():
        await write("UPDATE import_batch SET state = 'applied', counts = ?, finished_at = ? WHERE id = ?",
                    dict(counts), now(), batch.id)  # fmt: skip
        await ImportFile.filter(batch_id=batch.id).delete()
        await timeline.record(
            None, "customers.imported", channel="staff", key=f"import:{batch.id}", **dict[str, Any](counts)
        )
        await announce(ImportApplied(batch_id=batch.id))
    return counts


async def _walk(batch: ImportBatch, *, apply: bool) -> Counter[str]:
    sheet = await sheet_of(batch)
    columns = columns_of(sheet.headings, batch.mapping)
    work = IMPORTS[batch.kind](batch.source)
    work.trail = Trail("import", batch.id)
    counts = await _begin(batch, apply)
    await _survey(work, sheet, columns)
    done = 0
    source = iter(sheet.rows())
    while chunk := await in_thread(_read, source, columns, work.required):
        done += len(chunk)
        if apply and done <= batch.done and batch.state == "applying":
            for one in chunk:  # done before the stop: only remembered, so that a second occurrence is seen
                work.seen.remember(_key(work, one), one.number, one.digest)
            continue
        async with transaction():
            outcomes = await work.plan(chunk)
            if apply:
                await work.write(outcomes)
            await keep(batch.id, outcomes)
            counts.update(one.outcome for one in outcomes)
            await write("UPDATE import_batch SET done = ?, counts = ? WHERE id = ?", done, dict(counts), batch.id)
    return Counter({name: counts[name] for name in OUTCOMES})


async def _survey(work: Any, sheet: Sheet, columns: list[tuple[int, str]]) -> None:
    """Let the matcher see the whole file before the first row is decided, so that their order decides nothing."""
    if not hasattr(work, "survey"):
        return
    if await rows("SELECT 1 FROM match_key WHERE about = ? LIMIT 1", work.kind):
        source = iter(sheet.rows())
        while chunk := await in_thread(_read, source, columns, work.required):
            await work.survey(chunk)
    work.settle()


def _key(work: Any, one: Given) -> str:
    from customers.imports import accounts, contracts, people, purchases

    if one.refusal:
        return f"refused:{one.number}"
    return {"account": accounts.key_of, "person": people.key_of, "contract": contracts.key_of,
            "purchase": purchases.key_of}[work.kind](one)  # fmt: skip


async def _begin(batch: ImportBatch, apply: bool) -> Counter[str]:
    """A fresh ledger, or the one that an interrupted run left."""
    if apply and batch.state == "applying":
        return Counter(batch.counts)
    async with transaction():
        await write("DELETE FROM import_row WHERE batch_id = ?", batch.id)
        await write("UPDATE import_batch SET state = ?, done = 0, counts = '{}' WHERE id = ?",
                    "applying" if apply else "previewing", batch.id)  # fmt: skip
    return Counter()


def _read(source: Iterable[Row], columns: list[tuple[int, str]], required: Sequence[str]) -> list[Given]:
    """The next rows, read and checked (in a thread: no database here)."""
    return [given(row, columns, required) for row in islice(source, CHUNK)]


async def take(content: bytes | Path, *, file_name: str, source: str, kind: str) -> ImportBatch:
    """A file whose columns a person will look at: what cannot be guessed may be missing still."""
    return await start(content, file_name=file_name, source=source, kind=kind, is_complete=False)


async def change_kind(batch: ImportBatch, kind: str) -> None:
    """Read the file as another kind; the columns are guessed again."""
    if batch.state != "mapping":
        raise Conflict(_("This import has begun already."))
    sheet = await sheet_of(batch)
    batch.kind, batch.mapping = kind, guess_mapping(kind, sheet.headings)
    await batch.save(update_fields=["kind", "mapping"])


async def back_to_mapping(batch_id: int) -> None:
    won = await write(
        "UPDATE import_batch SET state = 'mapping' WHERE id = ? AND state = 'preview' RETURNING id", batch_id
    )
    if not won:
        raise Conflict(_("This import has begun already."))


async def remap(batch_id: int, kind: str, source: str, mapping: dict[str, str]) -> ImportBatch:
    """Another mapping before the import is applied."""
    batch = await batch_of(batch_id)
    if batch.state not in {"mapping", "preview", "failed"}:
        raise Conflict(_("This import has begun already."))
    sheet = await sheet_of(batch)
    asked = dict.fromkeys(sheet.headings, "-") | mapping
    found = checked_mapping(kind, sheet.headings, asked)
    batch.kind, batch.mapping, batch.source, batch.state = kind, found, source.strip()[:60] or "csv", "mapping"
    await batch.save(update_fields=["kind", "mapping", "source", "state"])
    return batch


async def batch_of(batch_id: int) -> ImportBatch:
    batch = await ImportBatch.get_or_none(id=batch_id)
    if batch is None:
        raise NotFound(_("There is no such import."))
    return batch


async def samples(batch: ImportBatch, most: int = 3) -> dict[str, list[str]]:
    """Some values of every column, for the page that maps them."""
    sheet = await sheet_of(batch)
    found: dict[str, list[str]] = {heading: [] for heading in sheet.headings}
    for row in islice(sheet.rows(), 50):
        for heading, cell in zip(sheet.headings, row.cells, strict=False):
            if cell.strip() and len(found[heading]) < most and cell[:60] not in found[heading]:
                found[heading].append(cell[:60])
    return found


async def outcome_counts(batch_id: int) -> dict[str, int]:
    found = await rows("SELECT outcome, COUNT(*) FROM import_row WHERE batch_id = ? GROUP BY outcome", batch_id)
    said = {row[0]: int(row[1]) for row in found}
    return {name: said.get(name, 0) for name in OUTCOMES}


__all__ = [
    "Outcome",
    "apply",
    "batch_of",
    "checked_mapping",
    "kind_of",
    "outcome_counts",
    "preview",
    "remap",
    "samples",
    "sheet_of",
    "start",
]
