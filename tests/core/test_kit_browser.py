"""The gallery in a real browser: axe, widths, both languages, dark, and without JavaScript."""

# ruff: noqa: E501
from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page

from browser import axe_violations, has_sideways_scroll, open_browser, open_page, screenshot, served, sticking_out
from kit_gallery import app

PAGES = [("parts", "member"), ("form", "nobody"), ("staff", "staff"), ("inbox", "staff"), ("list", "staff"),
         ("gate", "nobody"), ("missing", "member"), ("empty", "staff")]  # fmt: skip
pytestmark = pytest.mark.browser


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def base() -> AsyncIterator[str]:
    async with served(app) as address:
        yield address


async def test_every_part_passes_axe_at_every_width(base: str) -> None:
    complaints = []
    async with open_browser() as browser:
        for width in (1280, 390, 320):
            for dark, language in ((False, "ja"), (True, "en")):
                async with open_page(browser, width=width, dark=dark) as page:
                    for path, who in PAGES:
                        await page.goto(f"{base}/{path}?as={who}&lang={language}")
                        name = f"{path}-{width}-{language}{'-dark' if dark else ''}"
                        await screenshot(page, name)
                        if width != 320:
                            complaints += [f"{name}: {one}" for one in await axe_violations(page)]
                        if await has_sideways_scroll(page):
                            complaints.append(f"{name} scrolls sideways: {await sticking_out(page)}")
    assert complaints == []


async def test_without_javascript_everything_is_there(base: str) -> None:
    async with open_browser() as browser, open_page(browser, scripts=False) as page:
        await page.context.add_cookies([{"name": "language", "value": "en", "url": base}])
        await page.goto(f"{base}/form?as=member")
        await page.fill("#f-title", "abc")
        await page.click("text=質問を投稿する")
        assert "Write at least 2 more characters." in await page.content()
        assert await page.input_value("#f-title") == "abc"
        await page.goto(f"{base}/list?as=staff&lang=en")
        await page.click("text=Next")
        assert "after=" in page.url
        await page.goto(f"{base}/list?as=staff&lang=en&tier=high")
        await page.click(".chip")
        assert "tier" not in page.url
        assert not await page.is_visible("text=This page")


async def test_search_as_you_type_with_arrows_and_esc(base: str) -> None:
    async with open_browser() as browser, open_page(browser) as page:
        await page.goto(f"{base}/parts?as=member&lang=en")
        await page.keyboard.press("/")
        await page.keyboard.type("yukyu")
        await page.wait_for_selector(".top .suggest a")
        await page.keyboard.press("ArrowDown")
        assert await page.evaluate("document.activeElement.matches('.suggest a')")
        await page.keyboard.press("Escape")
        assert await page.evaluate("document.activeElement.matches('.top input[type=search]')")
        assert await page.text_content(".top .search > [role=status]") == "2 found"


async def test_keys_go_places_and_can_be_turned_off(base: str) -> None:
    async with open_browser() as browser, open_page(browser) as page:
        await page.goto(f"{base}/staff?as=staff&lang=en")
        await page.keyboard.press("?")
        assert await page.is_visible("#keys")
        await page.check("[data-keys-toggle]")
        await page.keyboard.press("Escape")
        await page.keyboard.press("?")
        assert not await page.is_visible("#keys")
        await page.evaluate("localStorage.clear()")
        await page.keyboard.press("g")
        await page.keyboard.press("c")
        await page.wait_for_url("**/list")


async def test_bulk_boxes_dialog_and_flash(base: str) -> None:
    async with open_browser() as browser, open_page(browser) as page:
        await page.goto(f"{base}/list?as=staff&lang=en")
        assert await page.is_disabled("button[value=tag]")
        await page.check("[data-all]")
        assert await page.locator("input.pick:checked").count() == 20
        await page.context.add_cookies([{"name": "as", "value": "staff", "url": base}, {"name": "language", "value": "en", "url": base}])  # fmt: skip
        await page.click("button[value=tag]")
        await page.wait_for_selector("[data-flash] >> text=tag: 20")
        await page.check("[name=all]")
        await page.click("button[value=archive]")
        await page.wait_for_selector("[data-flash] >> text=archive: 65")
        await page.goto(f"{base}/parts")
        await page.click("[data-dialog=gone]")
        assert await page.is_visible("dialog#gone[open]")
        await page.click("dialog#gone [data-close]")
        assert not await page.is_visible("dialog#gone")


async def test_a_draft_comes_back(base: str) -> None:
    async with open_browser() as browser, open_page(browser) as page:
        await page.goto(f"{base}/form?as=member&lang=en")
        await page.fill("#f-title", "Half a sentence")
        await page.wait_for_selector("[data-draft-said] >> text=Draft kept")
        await page.reload()
        assert await page.input_value("#f-title") == "Half a sentence"
        await _format(page)


async def _format(page: Page) -> None:
    await page.fill("#f-body", "word")
    await page.locator("#f-body").select_text()
    await page.click("[data-editor] button >> nth=0")
    assert await page.input_value("#f-body") == "**word**"
