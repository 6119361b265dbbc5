"""The part of a text that answers the words of a query, in pieces that a template escapes and marks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

import msgspec

from search.text import fold

LENGTH = 140  # characters
MOST_HITS = 400  # marks of one text that are looked at for the window
_LATIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")


class Part(msgspec.Struct, frozen=True):
    """A piece of plain text; `hit` where it is one of the query's words. Never markup."""

    text: str
    hit: bool = False


def pattern(surfaces: Iterable[str]) -> re.Pattern[str] | None:
    """The words to mark, as they read after folding, longest first. Plain alternatives: sre skips to them fast."""
    folded = sorted({fold(surface) for surface in surfaces if surface.strip()}, key=lambda s: (-len(s), s))
    return re.compile("|".join(map(re.escape, folded))) if folded else None


def spans(folded: str, what: re.Pattern[str] | None) -> Iterator[tuple[int, int]]:
    """(start, end) of what to mark; a Latin word only where a word begins, up to three letters on (login → logins)."""
    for match in what.finditer(folded) if what else ():
        start, end = match.span()
        if folded[start] in _LATIN:
            if start and folded[start - 1] in _LATIN:
                continue
            longest = end + 3 if end - start > 2 else end
            while end < len(folded) and folded[end] in _LATIN:
                end += 1
            if end > longest:
                continue
        yield start, end


def marked(text: str, what: re.Pattern[str] | None) -> tuple[Part, ...]:
    """The whole of `text` in parts."""
    parts, at = [], 0
    for start, end in spans(fold(text), what):
        if start > at:
            parts.append(Part(text[at:start]))
        parts.append(Part(text[start:end], hit=True))
        at = end
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
    """Where to begin: the first window with the most different words, moved back to the start of its sentence."""
    hits = [(at, folded[at:end]) for at, end in islice(spans(folded, what), MOST_HITS)]
    inside: Counter[str] = Counter()
    best = start = left = 0
    for at, word in hits:
        inside[word] += 1
        while hits[left][0] < at - length * 2 // 3:
            gone = hits[left][1]
            inside[gone] -= 1
            if not inside[gone]:
                del inside[gone]
            left += 1
        if len(inside) > best:
            best, start = len(inside), hits[left][0]
    if start <= length // 3:
        return 0
    sentence = max(folded.rfind(mark, max(0, start - length // 3), start) for mark in "。.!?！？ ")
    return sentence + 1 if sentence >= 0 else max(0, start - length // 6)
