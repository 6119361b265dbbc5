"""Walks through every page that a person can reach by links, and holds each against what all pages must keep."""

from __future__ import annotations

import contextlib
import gettext
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

from playwright.async_api import Browser, Page

from browser import AXE, RULES, has_sideways_scroll, screenshot, sticking_out

WIDE, PHONE = (1280, 900), (390, 844)
SORTS = {"sort", "after", "before", "cursor", "page", "next", "q", "format", "export"}  # the same page with other rows
NOT_PAGES = re.compile(
    r"^/(api|static|media|schema|c|u|metrics|healthz|readyz|sitemap|robots|link|w)\b|\.(atom|json|csv)$|/content$|/source$"
)
LINK = re.compile(r'<a\b[^>]*?\bhref="([^"]*)"')
SEVERAL = 2  # pages of one address template for one person: with other queries, of other objects
KINDS = 4  # and for all of them together, while they are made of other parts
AXE_RUN = """async (only) => {
    const found = await axe.run(document, {runOnly: only, resultTypes: ['violations'], elementRef: false});
    return found.violations.map(one => `${one.id} (${one.impact}): `
        + one.nodes.slice(0, 3).map(n => n.target).join(' | ') + ` ${one.nodes[0].failureSummary}`);
}"""
# What a page is made of: two pages of one template with the same parts are looked at once.
PARTS = """() => [...new Set([...document.querySelectorAll('main, main *')].map(e =>
    e.tagName + '.' + e.getAttribute('class') + ':' + e.getAttributeNames().filter(n => n !== 'class').join())
)].sort().join('|')"""


class Recorder(gettext.NullTranslations):
    """Hears every sentence that has no translation."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: set[str] = set()

    def gettext(self, message: str) -> str:
        self.heard.add(message)
        return message

    def ngettext(self, one: str, many: str, n: int) -> str:
        self.heard.add(one)
        return one if n == 1 else many


@contextlib.contextmanager
def untranslated(language: str) -> Iterator[set[str]]:
    from core.i18n import translations

    recorder, known = Recorder(), translations(language)
    known._fallback = recorder  # type: ignore[attr-defined]
    try:
        yield recorder.heard
    finally:
        known._fallback = None  # type: ignore[attr-defined]


class Crawl:
    """`templates` are the application's addresses; `seen` counts the pages of each; `wrong` says what was found.

    Only what `holds` says of a template is held against everything; the other pages are opened for their links.
    """

    def __init__(self, browser: Browser, url: str, templates: list[str], holds: Callable[[str], bool]) -> None:
        self.browser, self.url, self.holds = browser, url, holds
        self.patterns = [(re.compile("^" + re.sub(r"\\{\w+\\}", "[^/]+", re.escape(one)) + "$"), one)
                         for one in sorted(templates, key=lambda one: one.count("{"))]  # fmt: skip
        self.seen: dict[str, int] = defaultdict(int)
        self.measured: dict[str, set[str]] = defaultdict(set)
        self.wrong: list[str] = []
        self.pages = self.looks = self.axes = 0

    def template_of(self, path: str) -> str:
        return next((template for pattern, template in self.patterns if pattern.match(path)), "")

    async def walk(self, who: str, cookies: dict[str, str], start: list[str]) -> None:
        """Everything that this person reaches from `start`, in Japanese; each page then in English too."""
        async with self._tab(cookies) as page:
            waiting, taken, count = list(start), set(), defaultdict(int)
            while waiting:
                key = self._key(waiting[0])
                address = waiting.pop(0)
                if key is None or key in taken or count[key[0]] >= SEVERAL:
                    continue
                taken.add(key)
                count[key[0]] += 1
                waiting += await self._look(page, who, address, key[0], count[key[0]])

    def _key(self, address: str) -> tuple[Any, ...] | None:
        parts = urlsplit(address)
        template = self.template_of(parts.path.rstrip("/") or "/")
        if not template or NOT_PAGES.search(parts.path) or template == "/{rest}":
            return None
        query = tuple(sorted((k, v if v.isalpha() else "") for k, v in parse_qsl(parts.query) if k not in SORTS))
        return template, query

    @contextlib.asynccontextmanager
    async def _tab(self, cookies: dict[str, str]) -> AsyncIterator[Page]:
        context = await self.browser.new_context(viewport={"width": WIDE[0], "height": WIDE[1]},
                                                 reduced_motion="reduce")  # fmt: skip
        await context.add_cookies([{"name": k, "value": v, "url": self.url} for k, v in cookies.items()])
        page = await context.new_page()
        page.on("console", lambda said: self._complain(page, said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self._complain(page, str(error)))
        yield page
        await context.close()

    def _complain(self, page: Page, text: str) -> None:
        self.wrong.append(f"{page.url}: {text}")

    async def _look(self, page: Page, who: str, address: str, template: str, number: int) -> list[str]:
        """Open it; where it is made of parts not seen yet, hold it in both languages and widths. Returns its links."""
        is_held = self.holds(template)
        landed, links = await (self._opened_for_links if is_held else self._read_for_links)(page, who, address)
        if not landed:
            return []
        parts_of = urlsplit(landed)
        if template != self.template_of(parts_of.path.rstrip("/") or "/"):
            return [parts_of._replace(scheme="", netloc="").geturl()]
        self.pages += 1
        self.seen[template] += 1
        if not is_held:
            return links
        parts = await page.evaluate(PARTS)
        if parts in self.measured[template] or len(self.measured[template]) >= KINDS:
            return links
        self.measured[template].add(parts)
        where = f"{who} {address}"
        await self._hold(page, where, "ja", (WIDE, PHONE), in_the_dark=True)
        if await self._opened(page, who, address, "en"):
            await self._hold(page, where, "en", (PHONE, WIDE))
        return links

    async def _opened(self, page: Page, who: str, address: str, language: str) -> bool:
        await page.context.add_cookies([{"name": "language", "value": language, "url": self.url}])
        await page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
        answer = await page.goto(self.url + address, wait_until="load")
        if answer is None or answer.status != 200:
            self.wrong.append(f"{who} {address}: {answer and answer.status}")
            return False
        return True

    async def _opened_for_links(self, page: Page, who: str, address: str) -> tuple[str, list[str]]:
        if not await self._opened(page, who, address, "ja"):
            return "", []
        found = await page.evaluate("() => [...document.querySelectorAll('a[href]')].map(a => a.href.split('#')[0])")
        return page.url, self._own(found)

    async def _read_for_links(self, page: Page, who: str, address: str) -> tuple[str, list[str]]:
        """Without drawing it: the other part's crawl does."""
        await page.context.add_cookies([{"name": "language", "value": "ja", "url": self.url}])
        answer = await page.context.request.get(self.url + address)
        if answer.status != 200:
            self.wrong.append(f"{who} {address}: {answer.status}")
            return "", []
        found = [urljoin(answer.url, unescape(one)).split("#")[0] for one in LINK.findall(await answer.text())]
        return answer.url, self._own(found)

    def _own(self, found: list[str]) -> list[str]:
        return [one.removeprefix(self.url) or "/" for one in found if one.startswith(self.url)]

    async def _hold(self, page: Page, where: str, language: str, sizes: Any, *, in_the_dark: bool = False) -> None:
        is_chosen = "language=" in where  # the address names one: sheets for a customer are in theirs
        if not is_chosen and await page.get_attribute("html", "lang") != language:
            self.wrong.append(f"{where}: the page does not say its language")
        await page.evaluate("document.querySelectorAll('main form details').forEach(d => d.open = true)")
        for width, height in sizes:
            await page.set_viewport_size({"width": width, "height": height})
            self.looks += 1
            if await has_sideways_scroll(page):
                self.wrong.append(f"{where} {language} {width}: sideways scroll: {await sticking_out(page)}")
            await screenshot(page, f"{where.replace('/', '.')}-{language}-{width}"[:150])
            # In English the phone is enough: the parts are the same, the words are longer.
            if language == "ja" or width == PHONE[0]:
                await self._axe(page, f"{where} {language} {width}", {"type": "tag", "values": RULES})
        if in_the_dark:
            await page.emulate_media(color_scheme="dark")
            await self._axe(page, f"{where} in the dark", {"type": "rule", "values": ["color-contrast"]})
            await page.emulate_media(color_scheme="light")

    async def _axe(self, page: Page, where: str, only: dict[str, Any]) -> None:
        self.axes += 1
        if not await page.evaluate("() => Boolean(window.axe)"):
            await page.evaluate(AXE.read_text())  # past the page's CSP, as the debugger does
        self.wrong += [f"{where}: {one}" for one in await page.evaluate(AXE_RUN, only)]
