"""The text part from the HTML: what a mail without one would lose."""

from __future__ import annotations

import re
from html.parser import HTMLParser

BREAKS = {"p", "div", "tr", "table", "h1", "h2", "h3", "h4", "ul", "ol", "blockquote"}
SILENT = {"style", "script", "title", "head"}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.silent = 0
        self.hrefs: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in SILENT:
            self.silent += 1
        elif tag == "br":
            self.parts.append("\n")
        elif tag == "li":
            self.parts.append("\n・")
        elif tag == "img" and given.get("alt"):
            self.parts.append(str(given["alt"]))
        elif tag == "a":
            self.hrefs.append(given.get("href") or "")
        elif tag in BREAKS:
            self.parts.append("\n\n" if tag != "tr" else "\n")
        if tag == "div" and "display:none" in (given.get("style") or "").replace(" ", ""):
            self.parts.append("\n\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in SILENT:
            self.silent = max(0, self.silent - 1)
        elif tag == "a" and self.hrefs:
            href = self.hrefs.pop()
            if href and not href.startswith("mailto:"):
                self.parts.append(f"\n{href}\n")
        elif tag in BREAKS:
            self.parts.append("\n\n" if tag != "tr" else "\n")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.parts.append(re.sub(r"\s+", " ", data))


def text_of(html: str) -> str:
    """Readable lines; an address stands on a line of its own below the words that led to it."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = [line.strip(" \t\u200b\u00a0") for line in "".join(reader.parts).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"
