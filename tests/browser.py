"""A real Chromium for tests: opening it, axe, screenshots, and questions that every page is asked.

Without a Chromium the test is skipped, or fails where ENGAWA_TEST_REQUIRE=1 (CI). ENGAWA_TEST_SCREENS names a folder
for pictures.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest
import uvicorn
from playwright.async_api import Browser, Page, async_playwright

from app.cli import IDLE

ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync"]  # fmt: skip
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def chromium() -> str:
    """The path of the browser; skips the test, or fails it, without one."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not found:
        if os.environ.get("ENGAWA_TEST_REQUIRE") == "1":
            pytest.fail("There is no Chromium, and ENGAWA_TEST_REQUIRE=1 asks for one.")
        pytest.skip("There is no Chromium here.")
    return found


@contextlib.asynccontextmanager
async def open_browser() -> AsyncIterator[Browser]:
    path = chromium()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


@contextlib.asynccontextmanager
async def served(app: Any) -> AsyncIterator[str]:
    """Serve an ASGI app on a free port of this machine; yields its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    quiet = {"log_level": "warning", "lifespan": "on", "timeout_keep_alive": IDLE, "timeout_graceful_shutdown": 1}
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, **quiet))  # type: ignore[arg-type]
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(server.serve)
        while not server.started:
            await anyio.sleep(0.02)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True


def in_pieces(app: Any, size: int = 400, wait: float = 0.03) -> Any:
    """The app over a slow line: its pages come `size` bytes at a time, and the browser paints in between."""

    async def on_the_line(scope: Any, receive: Any, send: Any) -> None:
        is_page = False

        async def slowly(message: Any) -> None:
            nonlocal is_page
            if message["type"] == "http.response.start":
                is_page = any(name.lower() == b"content-type" and b"html" in said for name, said in message["headers"])
            body = message.get("body", b"") if is_page else b""
            for at in range(0, len(body), size):
                await send({"type": "http.response.body", "body": body[at : at + size], "more_body": True})
                await anyio.sleep(wait)
            await send(message | {"body": b""} if body else message)

        if scope["type"] == "http":  # what is packed would come in few pieces
            scope = scope | {"headers": [one for one in scope["headers"] if one[0] != b"accept-encoding"]}
        await app(scope, receive, slowly)

    return on_the_line


@contextlib.asynccontextmanager
async def open_page(browser: Browser, *, width: int = 1280, height: int = 900, dark: bool = False,
                    scripts: bool = True, language: str = "ja") -> AsyncIterator[Page]:  # fmt: skip
    """A fresh context and page; what the console or the CSP complains of fails the test at the end."""
    context = await browser.new_context(
        viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light",
        java_script_enabled=scripts, locale=language, reduced_motion="reduce",
    )  # fmt: skip
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    try:
        yield page
        assert [one for one in complaints if "status of 4" not in one] == []
    finally:
        await context.close()


async def axe_violations(page: Page, *rules: str) -> list[str]:
    """One line for each violation: rule, impact, first places. Empty is good."""
    # evaluate() goes past the page's CSP, as the debugger does
    await page.evaluate(AXE.read_text())
    options = {"runOnly": {"type": "rule", "values": list(rules)} if rules else {"type": "tag", "values": RULES}}
    found = await page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{one['id']} ({one['impact']}): {[n['target'] for n in one['nodes'][:4]]} {one['nodes'][0]['failureSummary']}"
        for one in found["violations"]
    ]


async def has_sideways_scroll(page: Page) -> bool:
    return bool(await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


async def sticking_out(page: Page) -> list[str]:
    """Which elements reach over the right edge, for the message of a failing test."""
    return list(
        await page.evaluate("""() => [...document.querySelectorAll('body *')]
        .filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1
            && !e.closest('.scroll, .tabs, .hidden, .skip, pre'))
        .slice(0, 6).map(e => e.tagName + '.' + e.className + ' ' + e.textContent.slice(0, 30))""")
    )


async def covered(page: Page) -> list[str]:
    """Buttons and fields of `main` that cannot be pressed, because something else lies above their middle."""
    return list(
        await page.evaluate("""() => [...document.querySelectorAll('main :is(button, input, select, summary)')]
        .filter(e => e.checkVisibility({visibilityProperty: true}) && e.getClientRects().length && e.type != 'hidden')
        .filter(e => {
            e.scrollIntoView({block: 'center', inline: 'center'})
            const box = e.getBoundingClientRect()
            const above = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2)
            return above && !e.contains(above) && !above.contains(e) && !e.closest('label')?.contains(above)
        }).map(e => e.outerHTML.slice(0, 90))""")
    )


async def screenshot(page: Page, name: str, *, whole: bool = True) -> Path | None:
    """A picture in ENGAWA_TEST_SCREENS, when that is set."""
    folder = os.environ.get("ENGAWA_TEST_SCREENS")
    if not folder:
        return None
    path = Path(folder) / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=path, full_page=whole)
    return path
