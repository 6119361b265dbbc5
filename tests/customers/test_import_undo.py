"""A whole import is taken back: everything as before, except what somebody has changed or used since."""

from __future__ import annotations

from typing import Any

import pytest

from core.context import Here, enter
from core.database import rows
from core.errors import Conflict
from core.principal import SYSTEM
from customers import accounts, merging
from customers.imports import run, trailing
from customers.models import Account, Person
from factories import staff
from record_filling import everything

pytestmark = pytest.mark.anyio
LEDGER = {"import_batch", "import_row", "consent_proof", "touchpoint"}
FIRST = """id,会社名,法人番号,住所,メール,姓,メルマガ同意
A1,株式会社青葉渡工業,2990701001237,青波市港町2-4-1,info@aoba.example,青葉,はい
A2,千舟ロジ㈱,,帆立市埠頭3-18,,,
"""
SECOND = """id,会社名,法人番号,住所,業種,別名,メール,姓,役職,メルマガ同意
x1,青葉渡工業㈱,2990701001237,青波市港町2-4-1,製造,アオバト,info@aoba.example,青葉,部長,いいえ
x2,岬商会,,遠い市1,小売,,misaki@misaki.example,岬,,はい
x3,千舟ロジ,,別の市9,,,,,,
"""


async def take(text: str, source: str, kind: str = "") -> Any:
    enter(Here(principal=SYSTEM, language="ja"))
    batch = await run.start(text.encode(), source=source, kind=kind)
    counts = {name: count for name, count in (await run.apply(batch)).items() if count}
    return batch.id, counts


async def back(batch_id: int) -> dict[str, int]:
    await trailing.begin_undo(batch_id)
    return await trailing.undo(batch_id)


async def state() -> dict[str, Any]:
    return {table: said for table, said in (await everything()).items() if table not in LEDGER}


async def test_import_then_undo_is_the_identity(house: Any) -> None:
    first, _counts = await take(FIRST, "crm")
    before = await state()
    second, counts = await take(SECOND, "sfa")
    assert counts == {"created": 1, "updated": 1, "review": 1}
    assert await back(second) == {}
    after = await state()
    assert {table for table in before if before[table] != after[table]} == set()
    with pytest.raises(Conflict):
        await trailing.begin_undo(second)

    assert (await take(SECOND, "sfa"))[1] == counts
    assert await back(first) != {}  # the address is known to the other source, too


async def test_contracts_come_and_go_with_their_tiers(house: Any) -> None:
    await take(FIRST, "crm")
    before = await state()
    contracts, counts = await take("契約ID,顧客ID,プロダクト,月額,開始日\nC1,A1,つきみ勤怠,500000,2024-04-01\n", "crm")
    assert counts == {"created": 1}
    assert (await Account.get(name="株式会社青葉渡工業")).tier == "high"
    await back(contracts)
    assert (await Account.get(name="株式会社青葉渡工業")).tier == "tech"
    after = await state()
    assert {table for table in before if before[table] != after[table]} <= {"account", "fact"}


async def test_what_somebody_has_changed_or_used_stays(house: Any) -> None:
    batch, _counts = await take(FIRST, "crm")
    aoba = await Account.get(name="株式会社青葉渡工業")
    await accounts.write_note("大事なお客様", account_id=aoba.id)
    assert await back(batch) == {"account": 1}
    assert [account.name for account in await Account.all()] == ["株式会社青葉渡工業"]
    assert await Person.filter(kind="customer").count() == 0


async def test_merges_are_undone_first(house: Any) -> None:
    batch, _counts = await take(FIRST, "crm")
    one, other = [account.id for account in await Account.all().order_by("id")]
    log = await merging.merge("account", one, other)
    with pytest.raises(Conflict):
        await trailing.begin_undo(batch)
    await merging.undo(log.id)
    assert await back(batch) == {}
    assert await rows("SELECT 1 FROM account") == []


async def test_staff_undo_an_import_on_its_page(web: Any, sign_in: Any) -> None:
    batch, _counts = await take(FIRST, "crm")
    await sign_in(await staff("admin"))
    place = f"/staff/customers/import/{batch}"
    assert "この取り込みを元に戻す" in (await web.get(place)).text
    assert (await web.submit(f"{place}/undoing")).status_code == 303
    assert "元に戻しました" in (await web.get(place)).text
    assert await Account.all().count() == 0
    assert (await web.submit(f"{place}/undoing")).status_code == 409
