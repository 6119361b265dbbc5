"""Pasting a picture into a question, in a real browser: sent, described, published, seen; and the page stands still."""

from __future__ import annotations

import base64
import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from access.sessions import cookie_name, open_session
from browser import axe_violations, has_sideways_scroll, in_pieces, open_browser, open_page, screenshot, served
from community import actions
from community_house import as_person
from core.database import rows
from core.settings import settings, use
from drawings import a_picture

pytestmark = [pytest.mark.anyio, pytest.mark.browser]
GIVE = """([data, kind, name, how]) => {
  const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
  const files = new DataTransfer();
  for (const n of name.split(' ')) files.items.add(new File([bytes], n, { type: kind }));
  const area = document.querySelector('textarea[name=body]');
  area.focus();
  const said = { bubbles: true, cancelable: true };
  area.dispatchEvent(how === 'paste' ? new ClipboardEvent('paste', { ...said, clipboardData: files })
    : new DragEvent('drop', { ...said, dataTransfer: files }));
}"""
# What moved while nobody pressed anything, and from where to where; a face of 32 px that the line beside it moves by a
# few (0.00004) does not count.
SHIFTS = """() => new Promise((done) => {
  const moved = [];
  const name = (node) => node ? node.nodeName + '.' + (node.className || node.textContent.trim()) : 'gone';
  const place = (at) => [at.x, at.y, at.width, at.height].map(Math.round).join(' ');
  const said = (at) => `${name(at.node)}: ${place(at.previousRect)} → ${place(at.currentRect)}`;
  new PerformanceObserver((list) => {
    for (const one of list.getEntries())
      if (one.value > 0.0001) moved.push([one.value, ...one.sources.map(said)].join('; '));
  }).observe({ type: 'layout-shift', buffered: true });
  setTimeout(() => done(moved), 600);
})"""


@contextlib.asynccontextmanager
async def of(person: Any, address: str, browser: Any, **how: Any) -> AsyncIterator[Any]:
    use(msgspec.structs.replace(settings(), url=address))  # the browser says where its forms come from
    async with open_page(browser, **how) as page:
        token = await open_session(person.id)
        await page.context.add_cookies([
            {"name": "language", "value": how.get("language", "ja"), "url": address},
            {"name": cookie_name(), "value": token, "url": address},
        ])  # fmt: skip
        yield page


async def give(page: Any, data: bytes, name: str, how: str = "paste", kind: str = "image/png") -> None:
    await page.evaluate(GIVE, [base64.b64encode(data).decode(), kind, name, how])


@pytest.mark.parametrize(("width", "language", "placeholder"), [(1280, "ja", "画像の説明"),
                                                                (390, "en", "describe the picture")])  # fmt: skip
async def test_a_picture_is_pasted_described_published_and_seen(
    house: Any, web: Any, board: Any, helper: Any, width: int, language: str, placeholder: str
) -> None:
    if house.engine != "sqlite":
        pytest.skip("faces do not depend on the database")
    async with served(web.application) as address, open_browser() as browser:
        async with of(helper, address, browser, width=width, language=language) as page:
            await page.goto(f"{address}/community/new")
            await page.fill("[name=title]", "締め日の欄が押せません")
            await page.fill("[name=body]", "設定を開いたところです。\n")
            await give(page, a_picture(size=(1600, 900)), "screen.png")
            await page.wait_for_function("() => document.querySelector('[name=body]').value.includes('](/media/')")
            assert await page.evaluate("getSelection().toString()") == placeholder
            await page.keyboard.type("灰色の締め日の欄")
            await give(page, a_picture(size=(600, 1300)), "one.png two.png", "drop")
            await page.wait_for_function(
                "() => document.querySelector('[name=body]').value.split('](/media/').length == 4"
            )
            await screenshot(page, f"pictures-written-{language}-{width}")
            assert await axe_violations(page) == []
            assert not await has_sideways_scroll(page)
            await page.click("main form[data-composer] .button.primary")
            await page.wait_for_url(re.compile(r"/community/\d+"))
            assert (await rows("SELECT COUNT(*) FROM media WHERE holder LIKE 'post:%'"))[0][0] == 3
        async with open_page(browser, width=width, language=language) as page:
            await page.goto(f"{address}/community/{(await rows('SELECT MAX(id) FROM thread'))[0][0]}")
            shown = page.locator(".prose img")
            for n in range(3):
                await shown.nth(n).scroll_into_view_if_needed()
                await page.wait_for_function("n => document.querySelectorAll('.prose img')[n].complete", arg=n)
            assert await page.evaluate("[...document.querySelectorAll('.prose img')].every(one => one.naturalWidth)")
            moved = await page.evaluate(SHIFTS)
            assert moved == [], moved
            assert await shown.first.get_attribute("alt") == "灰色の締め日の欄"
            await page.evaluate("scrollTo(0, 0)")
            await screenshot(page, f"pictures-read-{language}-{width}")
            assert await axe_violations(page) == []
            assert not await has_sideways_scroll(page)
            await shown.first.click()
            await page.wait_for_url("**/media/*.png")


@pytest.mark.parametrize(("width", "language"), [(1280, "ja"), (390, "en")])
async def test_a_page_that_comes_in_pieces_stands_still(
    house: Any, web: Any, board: Any, helper: Any, width: int, language: str
) -> None:
    """The parts of the top bar stand at its right edge: each that came pushed those before it aside."""
    if house.engine != "sqlite":
        pytest.skip("faces do not depend on the database")
    thread = await actions.publish(await as_person(helper), board.id, "締め日を変えたい", "手順を知りたいのです。" * 40)
    async with served(in_pieces(web.application)) as address, open_browser() as browser:
        async with open_page(browser, width=width, language=language) as page:
            await page.goto(f"{address}/community/{thread.id}")
            moved = await page.evaluate(SHIFTS)
            assert moved == [], moved
            assert await page.locator(".top .own a:visible").count() > 0


async def test_what_cannot_be_sent_is_said_and_the_text_waits_for_what_is_under_way(
    house: Any, web: Any, board: Any, helper: Any
) -> None:
    if house.engine != "sqlite":
        pytest.skip("faces do not depend on the database")
    async with served(web.application) as address, open_browser() as browser:
        async with of(helper, address, browser, width=390) as page:
            await page.goto(f"{address}/community/new")
            await give(page, b"<svg/>", "図.svg", kind="image/svg+xml")
            said = page.locator(".field .error[role=status]")
            await said.wait_for()
            assert "PNG、JPEG、GIF、WebPのどれか" in str(await said.text_content())
            assert await page.input_value("[name=body]") == ""
            await screenshot(page, "pictures-refused-ja-390")

            held: list[Any] = []
            await page.route("**/media", lambda route: held.append(route))
            await page.fill("[name=title]", "締め日の欄が押せません")
            await page.fill("[name=body]", "設定を開いたところです。\n")
            await give(page, a_picture(), "screen.png")
            await page.click("main form[data-composer] .button.primary")
            assert "画像を送っています" in str(await page.locator(".field [role=status]").text_content())
            assert page.url.endswith("/community/new")
            await held[0].continue_()
            await page.wait_for_function("() => document.querySelector('[name=body]').value.includes('](/media/')")
            await page.click("main form[data-composer] .button.primary")
            await page.wait_for_url(re.compile(r"/community/\d+"))


async def test_without_scripts_a_file_is_chosen(house: Any, web: Any, board: Any, helper: Any, tmp_path: Path) -> None:
    if house.engine != "sqlite":
        pytest.skip("faces do not depend on the database")
    file = tmp_path / "締め日の画面.png"
    file.write_bytes(a_picture(size=(1600, 900)))
    async with served(web.application) as address, open_browser() as browser:
        async with of(helper, address, browser, width=390, scripts=False) as page:
            await page.goto(f"{address}/community/new")
            await page.fill("[name=title]", "締め日の欄が押せません")
            await page.fill("[name=body]", "設定を開いたところです。")
            await page.set_input_files("[name=pictures]", file)
            await screenshot(page, "pictures-without-scripts-ja-390")
            await page.click("main form[data-composer] .button.primary")
            await page.wait_for_url(re.compile(r"/community/\d+"))
            assert await page.locator(".prose img").get_attribute("alt") == "締め日の画面"
