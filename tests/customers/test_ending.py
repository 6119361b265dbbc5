"""Why customers leave: every contract that ends has a day and a reason of one list, whoever says it."""

from __future__ import annotations

import importlib
from datetime import timedelta
from typing import Any

import pytest

from core.clock import local_day
from core.context import Here, enter
from core.database import _client, rows, write
from core.errors import Conflict, Forbidden, Refused
from core.i18n import speaking
from core.principal import MEMBER, SYSTEM
from customers import end_reasons, ending, upserts
from customers.models import Account, Contract
from factories import a_contract, an_account, staff
from wires import as_person

pytestmark = pytest.mark.anyio
S = "/staff/customers"
WRITER = MEMBER | {"customers.read", "customers.write"}
DAY = timedelta(days=1)


async def bring(kind: str, **fields: Any) -> Any:
    return (await upserts.upsert_many(kind, "crm", [fields]))[0]


async def test_a_contract_ends_with_a_reason_is_corrected_and_goes_on_after_all(
    web: Any, sign_in: Any, house: Any
) -> None:
    csm = await staff("csm")
    account, other = await an_account(csm_id=csm.id, tier="high", phase="adoption"), await an_account("他社")
    contract, foreign = await a_contract(account), await a_contract(other)
    await sign_in(csm)
    end = f"{S}/{account.id}/contracts/{contract.id}/end"
    assert "契約を終了する" in (await web.get(f"{S}/{account.id}")).text
    page = (await web.get(end)).text
    assert page.index("使いこなせなかった") < page.index("費用") < page.index("その他")  # the first is what we can help
    today = local_day()
    good = {"ended_on": str(today), "reason": "could_not_master", "note": "紙に<b>戻す</b>"}
    for wrong in ({"reason": ""}, {"reason": "whim"}, {"reason": "other", "note": " "}, {"ended_on": ""},
                  {"ended_on": str(contract.starts_on - DAY)}, {"ended_on": "9999-12-31"}):  # fmt: skip
        assert (await web.submit(end, good | wrong)).status_code == 422, wrong
    assert (await web.submit(f"{end}/withdrawal", {"why": "まだ"})).status_code == 409
    for place in (f"{S}/{other.id}/contracts/{foreign.id}/end", f"{S}/{account.id}/contracts/{foreign.id}/end"):
        assert (await web.submit(place, good)).status_code == 404
    assert (await web.submit(end, good)).status_code == 303
    contract = await Contract.get(id=contract.id)
    assert (contract.ended_on, contract.end_reason, contract.end_note) == (today, "could_not_master", "紙に<b>戻す</b>")
    assert (contract.end_source, contract.end_tier, contract.end_phase) == ("staff", "high", "adoption")
    account = await Account.get(id=account.id)
    assert (account.state, account.tier, account.expected_ltv) == ("churned", "tech", 0)
    for place in (f"{S}/{account.id}", f"{S}/{account.id}/timeline"):
        page = (await web.get(place)).text
        assert "使いこなせなかった" in page and "紙に&lt;b&gt;戻す" in page and "<b>戻す" not in page
    assert (await web.submit(end, good | {"reason": "cost", "ended_on": str(today + 9 * DAY)})).status_code == 303
    contract = await Contract.get(id=contract.id)
    assert (contract.end_reason, contract.end_tier) == ("cost", "high")  # as it stood when it ended, not now
    assert (await Account.get(id=account.id)).state == "active"  # until that day
    assert (await web.submit(f"{end}/withdrawal", {"why": ""})).status_code == 422
    assert (await web.submit(f"{end}/withdrawal", {"why": "予算が付いた"})).status_code == 303
    contract = await Contract.get(id=contract.id)
    assert (contract.ended_on, contract.end_reason, contract.end_note, contract.end_source) == (None, "", "", "")
    assert "予算が付いた" in (await web.get(f"{S}/{account.id}/timeline")).text
    said = await rows("SELECT action, reason FROM audit_entry WHERE target_kind = 'contract' ORDER BY id")
    assert [tuple(row) for row in said] == [
        ("contract.end", ""), ("contract.end", ""), ("contract.end_taken_back", "予算が付いた")]  # fmt: skip


async def test_only_who_may_change_the_account_ends_its_contract(house: Any) -> None:
    csm, other = await staff("csm"), await staff("csm", "別", "人")
    account = await an_account(csm_id=csm.id)
    contract = await a_contract(account)
    as_person(other, all_accounts=False, capabilities=WRITER)
    for verb in (ending.end(contract, local_day(), "cost", ""), ending.take_back(contract, "x")):
        with pytest.raises(Forbidden):
            await verb
    as_person(csm, capabilities=WRITER)
    for day, reason in ((local_day(), ""), (contract.starts_on - DAY, "cost")):
        with pytest.raises(Refused):
            await ending.end(contract, day, reason, "")
    with pytest.raises(Conflict):
        await ending.take_back(contract, "始まってもいない")
    assert not await rows("SELECT 1 FROM audit_entry WHERE target_kind = 'contract'")


async def test_what_a_source_says_is_one_of_the_list_or_stays_in_its_words(house: Any) -> None:
    enter(Here(principal=SYSTEM, language="ja"))
    await bring("accounts", source_id="A1", name="株式会社あ")
    for text, note, expected in (
        ("使いこなせなかった", "", ("could_not_master", "")), ("Moved to a competitor", "", ("competitor", "")),
        ("ＣＯＳＴ", "月額", ("cost", "月額")), ("business_ended", "", ("business_ended", "")),
        ("担当者の交代。", "", ("contact_changed", "")), ("その他", "引っ越し", ("other", "引っ越し")),
        ("社長の一存", "", ("other", "社長の一存")), ("社長の一存", "春から", ("other", "社長の一存 – 春から")),
        ("", "", ("", "")),
    ):  # fmt: skip
        fields = {"source_id": f"{text}{note}", "account_id": "A1", "starts_on": "2024-01-01", "ended_on": "2025-01-01"}
        made = await bring("contracts", **fields, end_reason=text, end_note=note)
        contract = await Contract.get(id=made.about_id)
        assert (contract.end_reason, contract.end_note) == expected
        again = await bring("contracts", **fields, end_reason=text, end_note=note)
        assert again.outcome == "unchanged"


def test_the_words_of_the_list_are_read_in_both_languages(house: Any) -> None:
    for language in ("ja", "en"):
        with speaking(language):
            assert [end_reasons.read(end_reasons.said(code)) for code in end_reasons.REASONS] == [
                (code, "") for code in end_reasons.REASONS]  # fmt: skip


async def test_what_staff_wrote_of_an_end_stands_against_imports(house: Any) -> None:
    enter(Here(principal=SYSTEM, language="ja"))
    account = (await bring("accounts", source_id="A1", name="株式会社あ")).about_id
    await write("UPDATE account SET tier = 'low', tier_source = 'manual' WHERE id = ?", account)
    row = {"source_id": "C1", "account_id": "A1", "starts_on": "2024-01-01", "amount": "100"}
    made = await bring("contracts", **row)
    await bring("contracts", **row, ended_on="2025-01-01")
    contract = await Contract.get(id=made.about_id)
    assert (contract.end_tier, contract.end_phase, contract.end_source) == ("low", "onboarding", "")
    await ending.end(contract, local_day(), "missing_features", "打刻の丸め")
    await bring("contracts", **row | {"amount": "200"}, ended_on="2025-02-02", end_reason="費用")
    contract = await Contract.get(id=contract.id)
    assert (contract.amount, contract.ended_on) == (200, local_day())
    assert (contract.end_reason, contract.end_note) == ("missing_features", "打刻の丸め")
    await ending.take_back(contract, "続ける")
    await bring("contracts", **row | {"amount": "300"}, ended_on="2025-03-03", end_reason="費用")
    assert (await Contract.get(id=contract.id)).end_reason == "cost"  # taken back, so that sources speak again


async def test_the_free_texts_of_before_are_carried_over(house: Any) -> None:
    account = await an_account()
    for text in ("社長の一存", "費用", "other", "", "Cost"):
        await a_contract(account, end_reason=text, source_id=text or "none")
    migration = importlib.import_module("customers.migrations.0022_why_contracts_end")

    class Editor:
        client = _client()

    await migration.forward(None, Editor)
    found = {one.source_id: (one.end_reason, one.end_note) for one in await Contract.all()}
    assert found == {"社長の一存": ("other", "社長の一存"), "費用": ("cost", ""), "other": ("other", ""),
                     "none": ("", ""), "Cost": ("cost", "")}  # fmt: skip
