"""The contact page in a real browser: a visitor writes without a reload, also while the line is gone."""

from __future__ import annotations

import re
from contextlib import AsyncExitStack
from typing import Any

import pytest

from browser import axe_violations, has_sideways_scroll, open_browser, open_page, screenshot, served
from core.context import Here, enter
from core.principal import SYSTEM
from core.settings import settings, use
from factories import staff
from inbox.actions import ownership, replies
from inbox.models import Conversation, Message
from wires import *  # noqa: F403
from wires import as_person

pytestmark = pytest.mark.browser


@pytest.fixture
async def stage(web: Any) -> Any:
    import msgspec

    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(served(web.application))
        use(msgspec.structs.replace(settings(), url=url))
        yield url, await stack.enter_async_context(open_browser())


@pytest.mark.parametrize(("width", "dark", "language"), [(390, True, "en"), (1280, False, "ja")])
async def test_a_visitor_writes_and_is_answered_without_a_reload(stage, run_jobs, faq, width, dark, language):
    url, browser = stage
    async with open_page(browser, width=width, dark=dark, language=language) as page:
        await page.goto(f"{url}/contact")
        await page.fill("#chat textarea", "宇宙船の操縦桿が重いです")
        await page.click("#chat button")
        await page.wait_for_selector(".talk li[data-from=customer]:has-text('宇宙船') .muted")
        await run_jobs()
        await page.wait_for_selector(".talk li[data-from=bot]")
        await page.evaluate("window.stays = true")
        as_person(await staff("admin"))
        conversation = await Conversation.get()
        await replies.reply(conversation.id, "重くする設定があります。", key="r-1")
        await page.wait_for_selector(".talk li[data-from=us]:has-text('重くする')")
        await page.fill("#chat textarea", "ありがとうございます、見つかりました")
        await page.press("#chat textarea", "Control+Enter")
        await page.wait_for_selector("[data-part=talk] li[data-from=customer]:has-text('見つかりました')")
        assert await page.locator("[data-pending] li").count() == 0
        assert await page.evaluate("window.stays"), "nothing was loaded anew"
        for _ in range(100):
            if (await Conversation.get()).customer_read >= 4:
                break
            await page.wait_for_timeout(30)
        assert (await Conversation.get()).customer_read >= 4
        assert await axe_violations(page) == []
        assert not await has_sideways_scroll(page)
        await screenshot(page, f"contact-{width}-{language}")
        enter(Here(principal=SYSTEM))
        await ownership.resolve(conversation.id)
        await page.reload()
        await page.wait_for_selector("input[name=score]")
        assert await axe_violations(page) == []
        await screenshot(page, f"contact-rating-{width}-{language}")


async def test_what_is_written_without_a_line_is_sent_once_and_in_order(stage):
    url, browser = stage
    context = await browser.new_context(locale="ja")
    page = await context.new_page()
    await page.goto(f"{url}/contact")
    await page.fill("#chat textarea", "一つ目")
    await page.click("#chat button")
    await page.wait_for_selector("[data-part=talk] li:has-text('一つ目')")
    await page.route(re.compile("/contact/messages"), lambda route: route.abort())
    for words in ("二つ目", "三つ目"):
        await page.fill("#chat textarea", words)
        await page.click("#chat button")
    await page.wait_for_selector("[data-pending] li:nth-child(2) >> text=オフラインです")
    await page.unroute(re.compile("/contact/messages"))
    await page.reload()
    await page.wait_for_selector("[data-part=talk] li:nth-child(3)")
    assert [one.body for one in await Message.filter(sender="person").order_by("number")] == [
        "一つ目",
        "二つ目",
        "三つ目",
    ]
    await context.close()
