"""Search as one types, in a real browser: the list follows every letter, is read and walked by keyboard."""

from __future__ import annotations

from typing import Any

from browser import open_browser, open_page, served


async def test_the_list_follows_the_letters_and_answers_are_read_in_it(web: Any, an_article: Any) -> None:
    await an_article(
        "有給休暇を翌年に繰り越す",
        "使い切らなかった有給休暇は、2年間有効です。" + "説明です。" * 60,
        "ゆうきゅう",
        slug="carry",
    )
    await an_article("有給の残りを見る", "残りは右上に出ます。", slug="left")
    async with served(web.application) as url, open_browser() as browser, open_page(browser) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url) if "/help/suggest" in request.url else None)
        await page.goto(f"{url}/help")
        field = page.locator(".search.big input")
        await field.press_sequentially("有給の")
        await page.wait_for_selector(".suggest li:has-text('残りを見る') p")
        assert await page.locator(".suggest mark").count() > 0
        lines = "el => el.getBoundingClientRect().height / parseFloat(getComputedStyle(el).lineHeight)"
        second = page.locator(".suggest li:has-text('翌年に') p")
        before = await second.evaluate(lines)
        while "翌年に" not in str(await page.evaluate("document.activeElement.textContent")):
            await page.keyboard.press("ArrowDown")
        assert await second.evaluate(lines) > before  # the one in focus is read as a whole
        await page.keyboard.type("残")  # a letter leads back to the field
        assert await field.input_value() == "有給の残"
        await page.keyboard.press("Escape")
        assert await page.locator(".suggest").is_hidden()
        count = len(asked)
        await page.keyboard.press("Backspace")  # asked before: kept
        await page.wait_for_selector(".suggest li")
        assert len(asked) == count
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Enter")
        await page.wait_for_url(lambda address: "/help/left" in address or "/help/carry" in address)


async def test_kana_that_are_being_composed_are_searched(web: Any, an_article: Any) -> None:
    await an_article("有給休暇を繰り越す", "2年間有効です。", "ゆうきゅう")
    async with served(web.application) as url, open_browser() as browser, open_page(browser) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url) if "/help/suggest" in request.url else None)
        await page.goto(f"{url}/help")
        await page.locator(".search.big input").focus()
        session = await page.context.new_cdp_session(page)
        for text in ("ゆ", "ゆう", "ゆうk", "ゆうき"):
            at = {"selectionStart": len(text), "selectionEnd": len(text)}
            await session.send("Input.imeSetComposition", {"text": text} | at)
        await page.wait_for_selector(".suggest li:has-text('有給休暇')")
        assert not any(one.endswith("k") for one in asked)  # half a kana is not asked
