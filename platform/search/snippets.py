"""The part of a text that answers the words of a query, in pieces that a template escapes and marks."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from search.text import fold

LENGTH = 140  # characters


class Part(msgspec.Struct, frozen=True):
    """A piece of plain text; `hit` where it is one of the query's words. Never markup."""

    text: str
    hit: bool = False


def pattern(surfaces: Iterable[str]) -> re.Pattern[str] | None:
    """What to mark: each surface, longest first; a Latin one only at the beginning of a word."""
    folded = sorted({fold(surface) for surface in surfaces if surface.strip()}, key=lambda s: (-len(s), s))
    if not folded:
        return None
    return re.compile("|".join(_one(surface) for surface in folded))


def _one(surface: str) -> str:
    if surface.isascii():
        return rf"(?<![a-z0-9]){re.escape(surface)}[a-z]{{0,3}}" if len(surface) > 2 else rf"(?<![a-z0-9]){re.escape(surface)}(?![a-z0-9])"  # fmt: skip
    return re.escape(surface)


def marked(text: str, what: re.Pattern[str] | None) -> tuple[Part, ...]:
    """The whole of `text` in parts."""
    if what is None:
        return (Part(text),) if text else ()
    parts, at = [], 0
    for match in what.finditer(fold(text)):
        if match.start() > at:
            parts.append(Part(text[at : match.start()]))
        parts.append(Part(text[match.start() : match.end()], hit=True))
        at = match.end()
    if at < len(text):
        parts.append(Part(text[at:]))
    return tuple(parts)


def snippet(text: str, what: re.Pattern[str] | None, length: int = LENGTH) -> tuple[Part, ...]:
    """The window of about `length` characters with the most different words in it, from the start of a sentence."""
    text = " ".join(text.split())
    if len(text) <= length:
        return marked(text, what)
    start = _window(fold(text), what, length)
    end = min(len(text), start + length)
    before, after = "…" if start else "", "…" if end < len(text) else ""
    return marked(before + text[start:end] + after, what)


def _window(folded: str, what: re.Pattern[str] | None, length: int) -> int:
    hits = [(m.start(), m.group()) for m in what.finditer(folded)][:400] if what else []
    best, start = 0, 0
    for i, (at, _) in enumerate(hits):
        inside = {word for place, word in hits[i : i + 60] if place < at + length * 2 // 3}
        if len(inside) > best:
            best, start = len(inside), at
    if start + length * 2 // 3 <= length:
        return 0
    sentence = max(folded.rfind(mark, max(0, start - length // 3), start) for mark in "。.!?！？ ")
    return sentence + 1 if sentence >= 0 else max(0, start - length // 6)
