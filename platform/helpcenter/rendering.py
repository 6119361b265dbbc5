"""An article's Markdown as safe HTML with anchors, its contents, its first words, and its plain text for search."""

from __future__ import annotations

import html
import re

import msgspec

from core.markdown import markdown
from core.tasks import in_thread

PART = 7_000  # characters: the kit's Markdown takes 32 KB at most, so long articles are rendered in parts
LONGEST_BODY = 200_000
EXCERPT = 160
_fence = re.compile(r"^ {0,3}(```|~~~)")
_heading = re.compile(r"<h2>(.*?)</h2>", re.DOTALL)
_tag = re.compile(r"<[^>]*>")
_space = re.compile(r"\s+")
_code = re.compile(r"^ {0,3}(```|~~~).*?^ {0,3}\1", re.MULTILINE | re.DOTALL)
_title_heading = re.compile(r"^# ", re.MULTILINE)


class Rendered(msgspec.Struct, frozen=True):
    html: str
    toc: list[list[str]]
    excerpt: str
    text: str


async def render(body: str) -> Rendered:
    return await in_thread(render_now, body)  # type: ignore[no-any-return]


def render_now(body: str) -> Rendered:
    """Headings of the first level get anchors `s-1`, `s-2`, … (nothing of the writer's becomes an attribute)."""
    toc: list[list[str]] = []

    def anchored(found: re.Match[str]) -> str:
        anchor = f"s-{len(toc) + 1}"
        toc.append([anchor, text_of(found.group(1))])
        return f'<h2 id="{anchor}">{found.group(1)}</h2>'

    # A heading is one level below the page's h1, whether the writer began with # or ##.
    shift = 1 if _title_heading.search(_code.sub("", body)) else 0
    made = "".join(str(markdown(part, shift)) for part in _parts(body[:LONGEST_BODY]))
    text = text_of(made)
    excerpt = text if len(text) <= EXCERPT else text[: EXCERPT - 1].rstrip() + "…"
    return Rendered(_heading.sub(anchored, made), toc, excerpt, text)


def text_of(made: str) -> str:
    """The words of cleaned HTML."""
    return _space.sub(" ", html.unescape(_tag.sub(" ", made)).replace("\0", "")).strip()


def _parts(body: str) -> list[str]:
    """Cut at blank lines outside of code, so that each part is a document of its own."""
    if len(body) <= PART:
        return [body]
    parts, lines, size, fence = [], [], 0, ""
    for line in body.split("\n"):
        if found := _fence.match(line):
            fence = "" if fence == found.group(1) else (fence or found.group(1))
        if not fence and not line.strip() and size > PART // 2:
            parts.append("\n".join(lines))
            lines, size = [], 0
            continue
        lines.append(line)
        size += len(line) + 1
    return [*parts, "\n".join(lines)]
