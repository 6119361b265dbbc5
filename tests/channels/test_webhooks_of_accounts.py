"""Other systems are told how it stands with accounts: health, tier, phase, contracts, surveys; ids only, and once."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from app.webhooks import contracts_ended
from channels import webhooks
from core.clock import as_of, local_day, now
from core.context import Here, enter
from core.database import rows
from core.principal import SYSTEM
from customers import alerts, phases, tiers
from customers.models import Account, Contract, HealthAlert, HealthSnapshot
from factories import an_account
from fakes.receiver import Receiver
from guides_parts import Page, a_product, a_user, an_author, live


async def told(other: Receiver) -> list[tuple[str, dict[str, Any]]]:
    said = [json.loads(one[0]) for one in other.received]
    return [(one["type"], one["data"]) for one in said]


async def scored(account: Account, score: int, day: int = 0) -> None:
    with as_of(now() + timedelta(days=day)):
        reasons = [{"measure": "login_days", "of": 10, "points": score / 10, "facts": {}}]
        await HealthSnapshot.update_or_create({"score": score, "coverage": 50, "reasons": reasons},
                                              account_id=account.id, day=local_day())  # fmt: skip
        await alerts.watch({account.id: (score, reasons)})


@pytest.fixture
async def other(house: Any, run_jobs: Any) -> Any:
    await run_jobs()
    enter(Here(principal=SYSTEM))
    async with Receiver() as receiver:
        kinds = ["health.fell", "tier.changed", "phase.changed", "contract.ended", "survey.answered"]
        await webhooks.subscribe("CRM", receiver.url, kinds, by=SYSTEM)
        yield receiver


async def test_a_fall_of_health_is_told_once(other: Any, run_jobs: Any) -> None:
    account = await an_account()
    for day, score in ((-2, 80), (-1, 78), (0, 60)):
        await scored(account, score, day)
    await scored(account, 60)
    await run_jobs()
    alert = await HealthAlert.get()
    assert await told(other) == [("health.fell", {"account_id": account.id, "alert_id": alert.id})]


async def test_a_new_tier_and_a_new_phase_are_told_each_time(other: Any, run_jobs: Any) -> None:
    account = await an_account()
    await tiers.override(account.id, "high", "取締役会の取引先")
    await phases.choose(account.id, "expansion", "二拠点目を検討中")
    await tiers.override(account.id, "high", "理由を書き直しました")  # no other tier
    await phases.choose(account.id, "adoption", "まだ早かった")
    await phases.choose(account.id, "expansion", "やはり二拠点目")
    await run_jobs()
    assert sorted(await told(other), key=str) == sorted([
        ("tier.changed", {"account_id": account.id, "tier": "high"}),
        *(("phase.changed", {"account_id": account.id, "phase": one})
          for one in ("expansion", "adoption", "expansion")),
    ], key=str)  # fmt: skip


async def test_a_contract_is_told_of_on_the_day_it_ends_and_once(other: Any, run_jobs: Any) -> None:
    account, today = await an_account(), local_day()

    async def a_contract(ended: int | None) -> Contract:
        return await Contract.create(
            account_id=account.id, product="勤怠", starts_on=today - timedelta(days=400), source="t",
            ended_on=None if ended is None else today + timedelta(days=ended), created_at=now(), updated_at=now(),
        )  # fmt: skip

    gone, late, history, coming, running = [await a_contract(n) for n in (0, -3, -30, 2, None)]
    for _again in range(2):
        await contracts_ended()
        await run_jobs()
    found = sorted(await told(other), key=lambda one: int(one[1]["contract_id"]))  # they leave side by side
    assert found == [
        ("contract.ended", {"contract_id": one.id, "account_id": account.id, "ended_on": str(one.ended_on)})
        for one in (gone, late)
    ]
    assert {history.id, coming.id, running.id}.isdisjoint(data["contract_id"] for _kind, data in await told(other))
    with as_of(now() + timedelta(days=2)):
        assert await contracts_ended() == 1
    last = (await rows("SELECT body FROM webhook_delivery ORDER BY id DESC LIMIT 1"))[0][0]
    assert json.loads(last)["data"]["contract_id"] == coming.id


async def test_an_answered_survey_is_told_without_what_was_said(web: Any, other: Any, run_jobs: Any) -> None:
    await an_author()
    made = await a_product(gap_hours=0)
    await a_user()
    survey = await live("survey", "おすすめしますか", every_days=180)
    page = Page(web, made)
    await page.post("happenings", view=await page.shown(survey), what="answered", score=2, comment="使いにくい")
    await run_jobs()
    answer = (await rows("SELECT id, person_id, account_id FROM guide_answer"))[0]
    assert await told(other) == [("survey.answered", {"survey_id": survey.id, "answer_id": answer[0],
                                                      "person_id": answer[1], "account_id": answer[2]})]  # fmt: skip
