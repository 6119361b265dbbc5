"""What a person does in a browser: open, fill a form, press; and what they find in their mail."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin

from playwright.async_api import Browser, Locator, Page


class Walker:
    """One person at one browser of their own."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.complaints: list[str] = []
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    async def open(self, path: str, status: int = 200) -> None:
        answer = await self.page.goto(path if path.startswith("http") else self.url + path)
        assert answer is not None and answer.status == status, (path, answer and answer.status, await self.text())

    async def text(self) -> str:
        return await self.page.inner_text("body")

    async def whole_text(self, path: str) -> str:
        """Of a list, over all its pages."""
        text = ""
        while path:
            await self.open(path)
            text += await self.text()
            following = self.page.locator("a[rel=next]")
            found = await following.first.get_attribute("href") if await following.count() else ""
            path = urljoin(self.page.url, found) if found else ""
        return text

    async def press(self, action: str, method: str = "") -> None:
        """The one button of a form, wherever it stands; a menu is opened first."""
        form = self.page.locator(f'form[action="{action}"]')
        if method:
            form = form.filter(has=self.page.locator(f'input[name="_method"][value="{method}"]'))
        await self._submit(form.first)

    async def send(self, action: str, **values: Any) -> None:
        """Fill a form by the names of its fields, and press its button."""
        form = self.page.locator(f'form[action="{action}"]')
        for name in list(values)[:1]:
            form = form.filter(has=self.page.locator(f'[name="{name}"]'))
        form = form.last
        for name, value in values.items():
            await self._fill(form, name, value)
        await self._submit(form)

    async def send_where(self, selector: str, **values: Any) -> None:
        """As `send`, for a form whose address holds more than its path."""
        form = self.page.locator("form", has=self.page.locator(selector)).last
        for name, value in values.items():
            await self._fill(form, name, value)
        await self._submit(form)

    async def _fill(self, form: Locator, name: str, value: Any) -> None:
        field = form.locator(f'[name="{name}"]')
        kind = await field.first.evaluate("e => e.type || e.tagName.toLowerCase()")
        if kind == "radio":
            await form.locator(f'[name="{name}"][value="{value}"]').check()
        elif kind == "checkbox":
            for one in value if isinstance(value, list) else [value]:
                await form.locator(f'[name="{name}"]' + (f'[value="{one}"]' if isinstance(one, str) else "")).check()
        elif kind.startswith("select"):
            await field.first.select_option(str(value))
        elif kind == "file":
            await field.first.set_input_files(value)
        else:
            await field.first.fill(str(value))

    async def _submit(self, form: Locator) -> None:
        await form.evaluate("f => f.closest('details')?.setAttribute('open', '')")
        button = form.locator("button:not([type=button]):not([tabindex='-1'])").last
        async with self.page.expect_navigation():
            await button.click()
        assert "/sign-in?" not in self.page.url, "signed out on the way"

    async def follow(self, selector: str) -> None:
        async with self.page.expect_navigation():
            await self.page.locator(selector).first.click()

    async def href(self, selector: str) -> str:
        return str(await self.page.locator(selector).first.get_attribute("href"))


async def someone(browser: Browser, url: str, *, language: str = "ja", width: int = 1280) -> Walker:
    context = await browser.new_context(
        viewport={"width": width, "height": 900}, locale=language, reduced_motion="reduce"
    )
    context.set_default_timeout(15_000)
    return Walker(await context.new_page(), url)


async def until(found: Callable[[], Any], seconds: float = 20, said: str = "") -> Any:
    """What `found` returns once it is true; polls, because jobs run elsewhere."""
    async with asyncio.timeout(seconds):
        while True:
            value = found()
            if hasattr(value, "__await__"):
                value = await value
            if value:
                return value
            await asyncio.sleep(0.05)


async def until_shown(walker: Walker, path: str, words: str, seconds: float = 20) -> None:
    """Open a page again until it shows `words`: what jobs add appears a moment later."""
    text = ""
    for _ in range(int(seconds * 5)):
        await walker.open(path)
        text = await walker.text()
        if words in text:
            return
        await asyncio.sleep(0.2)
    raise AssertionError(f"{path} never showed {words!r}:\n{text[:1500]}")


def body_of(message: Any) -> str:
    """The text part of a mail that the fake server took."""
    part = message.parsed.get_body(preferencelist=("plain", "html"))
    return str(part.get_content())


def link_in(text: str, pattern: str) -> str:
    found = re.search(pattern, text)
    assert found, (pattern, text)
    return found.group()
