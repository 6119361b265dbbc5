"""The pages of matching in a real browser: two records beside each other, merges, a person's data; no violation."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from access.sessions import cookie_name, open_session
from browser import axe_violations, has_sideways_scroll, open_browser, open_page, screenshot, served, sticking_out
from core.clock import now
from core.context import Here, enter
from core.principal import SYSTEM
from customers import duplicates, merging
from customers.matching.stored import rekey
from customers.models import Review
from factories import a_person, an_account, staff

pytestmark = [pytest.mark.anyio, pytest.mark.browser]
LONG = "株式会社とても長い名前の会社で四十字になるまで続くつきみ勤怠管理システム研究所"


@pytest.mark.parametrize("house", ["sqlite"], indirect=True)
async def test_matching_reads_well(web: Any) -> None:
    enter(Here(principal=SYSTEM, language="ja"))
    same = {"address": "青波市港町2-4-1", "phone": "03-1234-5678"}
    ids = [(await an_account(name, **same)).id for name in (LONG, f"{LONG}ホールディングス")]
    await rekey("account", ids)
    await duplicates.seek("account", now() - timedelta(hours=1))
    person, twin = await a_person("髙橋", "花子"), await a_person("高橋", "花子")
    await merging.merge("person", person.id, twin.id, [["same_family_name", 4, "高橋"], ["same_phone", 6, "03"]])
    review = await Review.get()
    pages = {"review": f"reviews/{review.id}", "reviews": "reviews", "merges": "merges",
             "data": f"people/{person.id}/data"}  # fmt: skip
    async with served(web.application) as address, open_browser() as browser:
        for width, language in ((390, "ja"), (1280, "en")):
            token = await open_session((await staff("admin", locale=language)).id)
            async with open_page(browser, width=width, language=language) as page:
                await page.context.add_cookies([{"name": cookie_name(), "value": token, "url": address}])
                for name, path in pages.items():
                    await page.goto(f"{address}/staff/customers/{path}")
                    await screenshot(page, f"{name}-{width}")
                    assert await axe_violations(page) == []
                    assert not await has_sideways_scroll(page), await sticking_out(page)
