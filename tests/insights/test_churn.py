"""The numbers of churn are what a naive count of contracts gives, whatever they are, and open to their accounts."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.clock import local_day
from core.context import Here, enter
from core.principal import SYSTEM
from customers import end_reasons, ending, seeing
from customers.models import Account, Contract
from factories import a_contract, an_account, staff
from insights.spans import Span, chosen
from numbers_page import opened, shown, tabled

pytestmark = pytest.mark.anyio
DAY = timedelta(days=1)
REASONS = ["", *end_reasons.REASONS]
# Days before today: (began, ended or not), so that many begin and end on the edges of periods.
ago = st.sampled_from([0, 1, 5, 14, 27, 28, 29, 40, 55, 56, 57, 90, 120])
contract = st.tuples(ago, st.sampled_from([None, -9, 0, 1, 10, 20, 27, 28, 29, 50]), st.integers(0, 4),
                     st.sampled_from(REASONS),
                     st.sampled_from(["JPY", "JPY", "JPY", "USD"]), st.sampled_from(["", "high", "tech"]))  # fmt: skip
account = st.tuples(st.sampled_from(["high", "low", "tech"]), st.sampled_from(["active", "churned"]),
                    st.lists(contract, max_size=3))  # fmt: skip
worlds = st.lists(account, min_size=2, max_size=6)


async def make(world: Any, csm_id: int) -> None:
    await Account.all().delete()  # and their contracts
    today = local_day()
    for n, (tier, state, contracts) in enumerate(world):
        made = await an_account(tier=tier, state=state, csm_id=csm_id if n % 2 else None)
        for began, ended, amount, reason, currency, end_tier in contracts:
            starts = today - began * DAY
            ends = None if ended is None else max(starts, today - ended * DAY)
            await a_contract(made, starts_on=starts, ended_on=ends, amount=amount, currency=currency,
                             end_reason=reason if ends else "", end_tier=end_tier if ends else "")  # fmt: skip


def runs(one: Contract, day: date) -> bool:
    return one.starts_on <= day and (one.ended_on is None or one.ended_on > day)


def per_cent(part: int, whole: int) -> str:
    return f"{100 * part / whole + 0:.1f}" if whole else "–"


async def recounted(ids: set[int], first: date, last: date, currency: str) -> dict[str, Any]:
    """Naively: the sets behind the numbers."""
    contracts = [one for one in await Contract.all() if one.account_id in ids]

    def paid(id: int, day: date) -> int:
        return sum(
            one.amount for one in contracts if one.account_id == id and runs(one, day) and one.currency == currency
        )

    began = {one.account_id for one in contracts if runs(one, first - DAY)}
    stay = {one.account_id for one in contracts if runs(one, last)}
    before, after = {id: paid(id, first - DAY) for id in began}, {id: paid(id, last) for id in began}
    less = {id for id in began if after[id] < before[id]}
    ended = [one for one in contracts if one.ended_on and first <= one.ended_on <= last]
    return {"began": began, "gone": began - stay, "less": less, "lost": sum(before[id] - after[id] for id in less),
            "paid": sum(before.values()), "kept": sum(after.values()), "ended": ended,
            "unsaid": [one for one in ended if not one.end_reason]}  # fmt: skip


async def main_currency() -> str:
    found = Counter([one.currency for one in await Contract.all()])
    return min(found, key=lambda code: (-found[code], code)) if found else "JPY"


def figures(found: dict[str, Any]) -> dict[str, str]:
    return {
        "churn": per_cent(len(found["gone"]), len(found["began"])), "gone": str(len(found["gone"])),
        "ended": str(len(found["ended"])), "unsaid": str(len(found["unsaid"])), "lost": str(found["lost"]),
        "revenue_churn": per_cent(found["lost"], found["paid"]), "retention": per_cent(found["kept"], found["paid"]),
    }  # fmt: skip


def collected(count: int) -> list[Any]:
    found: list[Any] = []

    @settings(
        max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck), derandomize=True
    )
    @given(worlds)
    def collect(world: Any) -> None:
        found.append(world)

    collect()
    return found


async def test_the_page_says_what_a_recount_says(web: Any, sign_in: Any, house: Any) -> None:
    csm = await staff("csm", email="csm@example.com")
    admin = await staff("admin", email="admin@example.com")
    lost = 0
    for n, world in enumerate(collected(40)):
        await make(world, csm.id)
        who = csm if n % 4 == 3 else admin
        await sign_in(who)
        ids = {one.id for one in await (Account.filter(csm_id=csm.id) if who is csm else Account.all())}
        span, currency = chosen({"days": "28"}), await main_currency()
        found = await recounted(ids, span.first, span.last, currency)
        assert await shown(web, "churn") == figures(found), world
        reasons = await tabled(web, "churn", "reasons")
        assert sum(int(row["契約"]) for row in reasons) == len(found["ended"])
        assert sum(int(row["失った月額"]) for row in reasons) == sum(
            one.amount for one in found["ended"] if one.currency == currency)  # fmt: skip
        for table in ("tiers", "phases"):
            parts = await tabled(web, "churn", table)
            assert sum(int(row["初めの顧客"]) for row in parts) == len(found["began"])
            assert sum(int(row["失った数"]) for row in parts) == len(found["gone"])
            assert sum(int(row["失った月額"]) for row in parts) == found["lost"]
        lost += len(found["gone"])
        if n % 4:
            continue
        behind = {"gone": found["gone"], "lost": found["less"], "churn": found["began"], "ended": found["ended"],
                  "retention": found["began"], "unsaid": found["unsaid"]}  # fmt: skip
        for name, rows in behind.items():
            assert len(await opened(web, "churn", name)) == len(rows), (name, world)
        await months_agree(web, ids, currency)
    assert lost > 10


async def months_agree(web: Any, ids: set[int], currency: str) -> None:
    said = {row["月"]: row for row in await tabled(web, "churn", "months")}
    for span in [chosen({"month": f"{day:%Y-%m}"}) for day in (local_day(), local_day().replace(day=1) - DAY)]:
        found = await recounted(ids, span.first, span.last, currency)
        row = said.get(month(span))
        assert (row is None) == (not found["began"] and not found["ended"])
        if row:
            assert (int(row["初めの顧客"]), int(row["失った数"])) == (len(found["began"]), len(found["gone"]))
            assert int(row["終わった契約"]) == len(found["ended"])
            assert (row["解約率(%)"], int(row["失った月額"])) == (
                per_cent(len(found["gone"]), len(found["began"])).replace("–", ""),
                found["lost"],
            )


def month(span: Span) -> str:
    return f"{span.first.year}年{span.first.month}月"


async def test_reasons_are_ranked_by_what_they_cost_and_open_to_their_contracts(
    web: Any, sign_in: Any, house: Any
) -> None:
    admin = await staff("admin")
    today = local_day()
    for tier, amount, reason, note in (("high", 50_000, "could_not_master", ""), ("low", 9_000, "cost", "高い"),
                                       ("low", 8_000, "cost", "")):  # fmt: skip
        enter(Here(principal=SYSTEM, language="ja"))
        account = await an_account(tier=tier, phase="adoption", tier_source="manual")
        await ending.end(await a_contract(account, amount=amount), today, reason, note)
    stays = await an_account()
    await a_contract(stays)
    await a_contract(await an_account(), ended_on=today)
    await sign_in(admin)
    found = await tabled(web, "churn", "reasons")
    assert [(row["理由"], row["契約"], row["割合(%)"], row["失った月額"], row["金額の割合(%)"]) for row in found] == [
        ("使いこなせなかった", "1", "25.0", "50000", "64.9"), ("費用", "2", "50.0", "17000", "22.1"),
        ("理由の記録なし", "1", "25.0", "10000", "13.0")]  # fmt: skip
    rows = await opened(web, "churn", "ended", "days=28&reason=cost")
    assert sorted(row["お客さまの言葉"] for row in rows) == ["", "高い"] and {row["理由"] for row in rows} == {"費用"}
    assert len(await opened(web, "churn", "ended", "days=28&reason=unsaid")) == 1
    assert len(await opened(web, "churn", "gone", "days=28&tier=low&phase=adoption&reason=cost")) == 2
    tiers = {row["階層"]: row["解約率(%)"] for row in await tabled(web, "churn", "tiers")}
    assert tiers == {"ハイタッチ": "100.0", "ロータッチ": "100.0", "テックタッチ": "50.0"}
    page = (await web.get("/staff/insights/churn")).text
    assert "前の晩" in page and "<svg" in page  # the definition beside the number; a chart


async def test_who_may_not_see_money_sees_how_many(web: Any, sign_in: Any, house: Any) -> None:
    csm = await staff("csm")
    account = await an_account(csm_id=csm.id, health=10)
    await a_contract(account, amount=7_654_321, ended_on=local_day(), end_reason="cost")
    await a_contract(account, amount=7_654_321, renews_on=local_day() + 5 * DAY)
    await a_contract(await an_account(csm_id=csm.id), amount=7_654_321, ended_on=local_day())
    await seeing.hide({"account.money": ["csm"]})
    await sign_in(csm)
    assert set(await shown(web, "churn")) == {"churn", "gone", "ended", "unsaid"}
    places = ["churn", "customers",
              *(f"churn/rows/{name}" for name in ("gone", "lost", "retention", "ended", "unsaid")),
              *(f"customers/rows/{name}" for name in ("ended", "renewals", "renewals_at_risk"))]  # fmt: skip
    places += [f"churn?format={name}.csv" for name in ("months", "reasons", "tiers", "phases")]
    for place in (*places, "customers?format=renewals.csv", *(f"{one}?format=csv" for one in places if "rows" in one)):
        answer = await web.get(f"/staff/insights/{place}")
        assert answer.status_code == 200, place
        assert "7,654,321" not in answer.text and "7654321" not in answer.text, place
