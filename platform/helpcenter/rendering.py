"""An article's Markdown as safe HTML with anchors, its contents, its first words, and its plain text for search."""

from __future__ import annotations

import re

import msgspec

from core.markdown import Pictures, markdown, words_of
from core.tasks import in_thread

PART = 7_000  # characters: the kit's Markdown takes 32 KB at most, so long articles are rendered in parts
LONGEST_BODY = 200_000
EXCERPT = 160
_fence = re.compile(r"^ {0,3}(```|~~~)")
_heading = re.compile(r"<h2>(.*?)</h2>", re.DOTALL)
_paragraph = re.compile(r"<p>(.*?)</p>", re.DOTALL)
_code = re.compile(r"^ {0,3}(```|~~~).*?^ {0,3}\1", re.MULTILINE | re.DOTALL)
_marks = re.compile(r"^ {0,3}(#{1,6})[ \t]", re.MULTILINE)


class Rendered(msgspec.Struct, frozen=True):
    html: str
    toc: list[list[str]]
    excerpt: str
    text: str


async def render(body: str, pictures: Pictures = Pictures()) -> Rendered:
    return await in_thread(render_now, body, pictures)  # type: ignore[no-any-return]


def render_now(body: str, pictures: Pictures = Pictures()) -> Rendered:
    """Headings of the first level get anchors `s-1`, `s-2`, … (nothing of the writer's becomes an attribute)."""
    toc: list[list[str]] = []

    def anchored(found: re.Match[str]) -> str:
        anchor = f"s-{len(toc) + 1}"
        toc.append([anchor, words_of(found.group(1))])
        return f'<h2 id="{anchor}">{found.group(1)}</h2>'

    parts = _parts(body[:LONGEST_BODY])
    level = min((len(marks) for marks in _marks.findall(_code.sub("", body))), default=1)
    made = "".join(_html(part, level if len(parts) > 1 else 0, pictures) for part in parts)
    text = words_of(made)
    excerpt = _first_words(made) or text
    excerpt = excerpt if len(excerpt) <= EXCERPT else excerpt[: EXCERPT - 1].rstrip() + "…"
    return Rendered(_heading.sub(anchored, made), toc, excerpt, text)


def _html(part: str, level: int, pictures: Pictures) -> str:
    """One part. The kit makes the highest heading it meets an h2, so each part begins with one of the article's
    highest level, which is taken off again."""
    if not level:
        return str(markdown(part, pictures=pictures))
    made = str(markdown(f"{'#' * level} x\n\n{part}", pictures=pictures))
    return _heading.sub("", made, count=1).lstrip("\n")


def _first_words(made: str) -> str:
    """The first paragraph: what a result or a preview of the page says."""
    found = _paragraph.search(made)
    return words_of(found.group(1)) if found else ""


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
