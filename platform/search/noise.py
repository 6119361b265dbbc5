"""Queries as people really type them: spoiled the same way every time, so that two runs may be compared."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

from search.kana import reading, romaji

KINDS = ("kana", "romaji", "typo", "longvowel", "width", "prefix50")
_half = {
    full: chr(half) for half, full in zip(range(0xFF66, 0xFF9E), (
        "ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン"
    ), strict=True)
}  # fmt: skip
_voiced = dict(
    zip("ガギグゲゴザジズゼゾダヂヅデドバビブベボヴ", "カキクケコサシスセソタチツテトハヒフヘホウ", strict=True)
)
_plosive = dict(zip("パピプペポ", "ハヒフヘホ", strict=True))
_content = re.compile(r"[a-zA-Z]{4,}|[ァ-ヺー]{3,}|[㐀-䶿一-鿿]{2,}|[ぁ-ゖ]{4,}")


def spoiled(text: str, kind: str, seed: int = 0) -> str:
    """`text` with this kind of noise; the same where it cannot have any (no long vowel in it, say)."""
    return _KINDS[kind](text, Random(f"{seed}:{text}"))  # noqa: S311  not a secret


def _kana(text: str, _chance: Random) -> str:
    """All in hiragana, as before the conversion."""
    return reading(text) if _is_japanese(text) else text


def _romaji(text: str, _chance: Random) -> str:
    """Typed with the input method off."""
    return romaji(reading(text)) if _is_japanese(text) else text


def _typo(text: str, chance: Random) -> str:
    """One letter of one of its words lost, doubled, swapped with the next, or another one."""
    words = list(_content.finditer(text))
    if not words:
        return text
    word = chance.choice(words)
    at = chance.randrange(word.start(), word.end())
    kind = chance.choice(("lost", "doubled", "swapped", "other"))
    if kind == "lost":
        return text[:at] + text[at + 1 :]
    if kind == "doubled":
        return text[:at] + text[at] + text[at:]
    if kind == "swapped" and at + 1 < word.end():
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    return text[:at] + chance.choice(word.group()) + text[at + 1 :]


def _longvowel(text: str, _chance: Random) -> str:
    """サーバ for サーバー: every long vowel mark left out."""
    return re.sub("(?<=[ァ-ヺぁ-ゖ])[ー〜]", "", text)


def _width(text: str, _chance: Random) -> str:
    """Katakana in half width, letters and digits in full width."""
    return "".join(_narrow(c) if c in _half or c in _voiced or c in _plosive else _wide(c) for c in text)


def _narrow(letter: str) -> str:
    if letter in _voiced:
        return _half[_voiced[letter]] + "ﾞ"
    return _half[_plosive[letter]] + "ﾟ" if letter in _plosive else _half[letter]


def _wide(letter: str) -> str:
    return chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter


def _prefix50(text: str, _chance: Random) -> str:
    """Half typed."""
    return text[: (len(text) + 1) // 2]


def _is_japanese(text: str) -> bool:
    return bool(re.search("[ぁ-ゖァ-ヺ一-鿿]", text))


_KINDS: dict[str, Callable[[str, Random], str]] = {
    "kana": _kana, "romaji": _romaji, "typo": _typo, "longvowel": _longvowel, "width": _width, "prefix50": _prefix50,
}  # fmt: skip
