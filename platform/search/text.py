"""Text before analysis: what is storable, what is comparable, and how long text is cut."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

SUDACHI_LIMIT = 49_149  # bytes of UTF-8 that Sudachi takes at once
CHUNK = 8_000  # characters: short enough for the lattice to stay small
_unstorable = re.compile("[\x00\ud800-\udfff]")
_boundary = re.compile(r"[\n。．！？!?、,\s]")
_katakana = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ") + 1)}
_kana = re.compile("[ぁ-ゖァ-ヺ]")
_han = re.compile("[㐀-䶿一-鿿]")


def clean(text: str) -> str:
    """Without NUL and lone surrogates, which PostgreSQL and UTF-8 refuse."""
    return _unstorable.sub("", text)


def normal(text: str) -> str:
    """NFKC, lower case: full-width letters and half-width kana become the common ones. The length may change."""
    return unicodedata.normalize("NFKC", clean(text)).lower()


def hiragana(text: str) -> str:
    return text.translate(_katakana)


class _Folding(dict[int, str]):
    """Each character's comparable form, worked out when first met; always one character."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        folded = hiragana(unicodedata.normalize("NFKC", character).lower())
        self[code] = folded if len(folded) == 1 else character
        return self[code]


_folding = _Folding()


def fold(text: str) -> str:
    """`normal` and hiragana, character by character, so that positions stay those of `text`."""
    return text.translate(_folding)


def chunks(text: str, limit: int = CHUNK) -> Iterator[tuple[int, str]]:
    """(offset, part) of at most `limit` characters, cut after a sentence, a comma or a space where there is one."""
    start = 0
    while start < len(text):
        end = min(start + limit, len(text))
        if end < len(text):
            for back in range(end, max(start + limit // 2, start + 1), -1):
                if _boundary.match(text[back - 1]):
                    end = back
                    break
        yield start, text[start:end]
        start = end


def language_of(text: str) -> str:
    """`ja` when there is kana or Han in it, else `en`."""
    return "ja" if _kana.search(text) or _han.search(text) else "en"
