"""Character n-grams: what still matches when a word is misspelt, half written, or split differently.

Japanese runs give single Han characters and pairs, katakana read as hiragana; Latin words give padded triples.
"""

from __future__ import annotations

import re

from search.text import hiragana, normal

_runs = re.compile(r"([a-zß-ɏ0-9]+)|([^\W_a-zß-ɏ0-9]+)")
_han = re.compile("[㐀-䶿一-鿿々]")


def grams(text: str) -> list[str]:
    found: list[str] = []
    for latin, other in _runs.findall(normal(text)):
        if latin:
            padded = f"<{latin[:64]}>"
            found += [padded[i : i + 3] for i in range(len(padded) - 2)]
        else:
            run = hiragana(other)
            found += [run[i : i + 2] for i in range(len(run) - 1)]
            found += _han.findall(run) if len(run) > 1 else [run]
    return found
