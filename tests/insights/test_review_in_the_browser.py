"""The sheets in a real browser: one part a sheet of paper, nothing cut on a phone, readable by everybody."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest

from access.sessions import cookie_name, open_session
from browser import axe_violations, has_sideways_scroll, open_browser, open_page, screenshot, served
from community_house import as_person
from customers.rules import HealthRule, set_rule
from factories import a_contract, a_person, an_account, staff
from insights.reviews import making
from insights.reviews.periods import Period
from insights.reviews.sections import SECTIONS
from review_parts import DAY, a_survey, answered, asked, at, scored, used

pytestmark = [pytest.mark.anyio, pytest.mark.browser]
FIRST, LAST = date(2024, 7, 1), date(2024, 9, 30)
NAME = "株式会社とても長い名前のつきみ計算舎ホールディングス東日本統括本部"


async def a_full_review(csm: Any) -> int:
    """With something in every part."""
    await set_rule("health", HealthRule(core_features=tuple(f"feature.number_{n}" for n in range(8))))
    account = await an_account(NAME, csm_id=csm.id)
    await a_contract(account, seats=100, amount=120_000, starts_on=FIRST - 90 * DAY, renews_on=LAST + 90 * DAY)
    for n in range(12):
        for day in (FIRST + n * DAY, LAST - n * DAY):
            await used(account, n + 1, day, *(f"feature.number_{k}" for k in range(8)))
    for n in range(6):
        other = await an_account()
        await a_contract(other, seats=90 + n, starts_on=FIRST - 90 * DAY)
        await scored(other, LAST, 50 + n, active=30 + n, seats=90 + n, days=10, core=(2, 4))
    for n in range(0, 92, 7):
        await scored(account, LAST - n * DAY, 70 - n // 7, active=60, seats=100, days=20, core=(3, 4))
    guide, person = await a_survey(), await a_person(account=account)
    for n in range(8):
        one = await a_person(account=account)
        await answered(guide, account, one, 3 + n, at(LAST - n * DAY), "画面がわかりやすくなりました。" * 9)
    await asked(account, at(LAST), first=at(LAST, 11), resolved=at(LAST, 12), score=5, person=person)
    await as_person(csm)
    review = await making.build(account.id, Period.of(FIRST, LAST, FIRST - 92 * DAY), language="ja")
    words = "- 静岡の2拠点が、2か月続けて3営業日以内に締めた\n" * 6
    await making.say(review, making.Words(NAME[:120], "ja", "よい四半期でした。" * 12, words, words), 1)
    for n in range(8):
        await making.add_action(review, f"{n}番目に行うこと、少し長めの説明をつけて", 0, "ours", None)
    return review.id


@pytest.mark.timeout(300)
@pytest.mark.parametrize("house", ["sqlite"], indirect=True)
async def test_each_part_is_one_sheet_of_paper_and_fits_a_phone(web: Any, house: Any) -> None:
    csm = await staff("csm")
    id = await a_full_review(csm)
    cookie = {"name": cookie_name(), "value": await open_session(csm.id)}
    async with served(web.application) as url, open_browser() as browser:
        for width, language in ((1280, "ja"), (390, "ja"), (390, "en")):
            async with open_page(browser, width=width, language=language) as page:
                await page.context.add_cookies([cookie | {"url": url}])
                await page.goto(f"{url}/staff/insights/reviews/{id}/sheets?audience=internal&language={language}")
                assert not await has_sideways_scroll(page), (width, language)
                assert await axe_violations(page) == []
                await screenshot(page, f"review-{width}-{language}")
                if width == 390:
                    continue
                sheets = await page.locator(".leaf").count()
                assert sheets >= len(SECTIONS) - 2, "all but goals, community and tasks, and the cover"
                paper = await page.pdf(prefer_css_page_size=True, print_background=True)
                assert len(re.findall(rb"/Type\s*/Page\b", paper)) == sheets
                assert b"/MediaBox [0 0 841" in paper, "A4, lying"
