"""The pages of watching and of privacy in a real browser: no violation, no sideways scroll, in both languages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from access.sessions import cookie_name, open_session
from browser import axe_violations, has_sideways_scroll, open_browser, open_page, screenshot, served, sticking_out
from core.clock import as_of, local_day, now
from core.context import Here, enter
from core.principal import SYSTEM
from customers import health, phases, pulses
from customers.models import Contract, HealthSnapshot
from customers.rules import PhaseRule, set_rule
from customers.tracking import Tracked, track_many
from factories import a_person, an_account, staff

pytestmark = [pytest.mark.anyio, pytest.mark.browser]


async def fill() -> int:
    """An account with a history, a fall, a pulse and a phase chosen by hand; its id."""
    csm = await staff("csm")
    account = await an_account("株式会社水面フーズ", csm_id=csm.id, tier="high", expected_ltv=12_000_000)
    person = await a_person(account=account)
    await Contract.create(account_id=account.id, product="つきみ勤怠", starts_on=local_day() - timedelta(days=500),
                          seats=4, amount=300_000, source="t", created_at=now(), updated_at=now())  # fmt: skip
    await track_many([Tracked(name="signed_in", person_id=person.id, at=now() - timedelta(days=n)) for n in range(3)])
    for day in range(40, 0, -1):
        reasons = [{"measure": "login_days", "of": 10, "points": 9.0, "facts": {"days": 11, "goal": 12}}]
        await HealthSnapshot.create(account_id=account.id, day=local_day() - timedelta(days=day), score=90 - day % 7,
                                    coverage=45 + day % 3, reasons=reasons)  # fmt: skip
    with as_of(now() - timedelta(days=80)):
        await pulses.give(account.id, "risk", "窓口の担当者が退職し、後任が決まっていない")
    await health.recompute([account.id])
    await set_rule("phases", PhaseRule(entry=phases.SUGGESTED, weights={"onboarding": {"login_days": 30}}))
    await phases.choose(account.id, "expansion", "二拠点目を検討中", local_day() + timedelta(days=30))
    await an_account("担当のいない会社", tier="high")
    return account.id


@pytest.mark.parametrize("house", ["sqlite"], indirect=True)
async def test_watching_reads_well(web: Any) -> None:
    enter(Here(principal=SYSTEM, language="ja"))
    id = await fill()
    pages = {"team": "team", "phases": "phases", "phase": "phases/renewal", "privacy": "privacy", "account": str(id),
             "account-phase": f"{id}/phase", "pulse": f"{id}/pulse"}  # fmt: skip
    async with served(web.application) as address, open_browser() as browser:
        for width, language in ((390, "ja"), (1280, "en")):
            token = await open_session((await staff("admin", locale=language)).id)
            async with open_page(browser, width=width, language=language) as page:
                await page.context.add_cookies([{"name": cookie_name(), "value": token, "url": address}])
                for name, path in pages.items():
                    await page.goto(f"{address}/staff/customers/{path}")
                    await screenshot(page, f"{name}-{width}")
                    assert await axe_violations(page) == [], path
                    assert not await has_sideways_scroll(page), await sticking_out(page)
