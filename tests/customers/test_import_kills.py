"""kill -9 in the middle of an import of .xlsx or vCard: it goes on where it was, and nobody comes twice."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from bench.house import answered, free_port
from core.context import Here, enter
from core.database import rows, transaction
from core.principal import SYSTEM
from customers import jobs
from customers.imports import run
from customers.models import ImportBatch
from faults.processes import Process, environment_of, until

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
PEOPLE = 3200


def workbook() -> bytes:
    made = Workbook(write_only=True)
    sheet = made.create_sheet()
    sheet.append(["人ID", "姓", "名", "メール", "会社名"])
    for n in range(PEOPLE):
        sheet.append([f"P-{n}", f"田辺{n}", "りょう", f"p{n}@example.jp", f"会社{n % 50}"])
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def cards() -> bytes:
    return "".join(
        f"BEGIN:VCARD\r\nVERSION:3.0\r\nN:田辺{n};りょう;;;\r\nFN:田辺{n} りょう\r\nORG:会社{n % 50}\r\n"
        f"EMAIL:p{n}@example.jp\r\nEND:VCARD\r\n" for n in range(PEOPLE)
    ).encode()  # fmt: skip


async def queued(content: bytes, name: str) -> ImportBatch:
    batch = await run.take(content, file_name=name, source="kills", kind="people")
    await run.preview(batch)
    async with transaction():
        await ImportBatch.filter(id=batch.id).update(state="queued", done=0)
        await jobs.apply_import.later(batch_id=batch.id, key=f"apply:{batch.id}")
    return batch


@pytest.mark.parametrize(("made", "name"), [(workbook, "people.xlsx"), (cards, "people.vcf")])
async def test_an_import_that_is_killed_goes_on_and_doubles_nobody(
    house: Any, tmp_path: Path, made: Any, name: str
) -> None:
    enter(Here(principal=SYSTEM))
    batch = await queued(made(), name)
    environment = environment_of(house.settings, house.settings.database, FAULT_LEASE=2)
    stopped_at: list[int] = []

    async def further() -> bool:
        done = await rows("SELECT done, state FROM import_batch WHERE id = ?", batch.id)
        return done[0]["done"] > (stopped_at[-1] if stopped_at else 0) and done[0]["state"] == "applying"

    for _kill in range(2):
        port = free_port()
        server = Process("serve", environment | {"ENGAWA_PORT": str(port)}, tmp_path)
        try:
            await until(further, 90, 0.005)
        finally:
            server.kill()
        stopped_at.append(int((await rows("SELECT done FROM import_batch WHERE id = ?", batch.id))[0][0]))
        counted = await rows("SELECT COUNT(*) FROM import_row WHERE batch_id = ?", batch.id)
        assert counted[0][0] == stopped_at[-1], "the ledger and the people are of one transaction"
        people = await rows("SELECT COUNT(*) FROM person WHERE email LIKE 'p%@example.jp'")
        assert people[0][0] == stopped_at[-1] < PEOPLE
    assert stopped_at[0] < stopped_at[1], "it went on"

    port = free_port()
    server = Process("serve", environment | {"ENGAWA_PORT": str(port)}, tmp_path)
    try:
        await answered(port)

        async def is_applied() -> bool:
            return bool(await ImportBatch.filter(id=batch.id, state="applied").exists())

        await until(is_applied, 120)
    finally:
        server.kill()
    found = await ImportBatch.get(id=batch.id)
    assert (found.counts["created"], found.done) == (PEOPLE, PEOPLE)
    for table in ("person_source", "identity", "import_row"):
        held = await rows(f"SELECT COUNT(*) FROM {table}")
        assert held[0][0] == PEOPLE, table
    emails = await rows("SELECT COUNT(*), COUNT(DISTINCT email) FROM person WHERE kind = 'customer'")
    assert tuple(emails[0]) == (PEOPLE, PEOPLE)
    told = await rows("SELECT body FROM fact WHERE name = 'customers.PeopleAdded'")
    ids = [id for row in told for id in json.loads(row[0])["person_ids"]]
    assert len(ids) == len(set(ids)) == PEOPLE, "each newcomer is told once"
    again = await run.apply(await run.take(made(), file_name=name, source="kills", kind="people"))
    assert {outcome: n for outcome, n in again.items() if n} == {"unchanged": PEOPLE}
