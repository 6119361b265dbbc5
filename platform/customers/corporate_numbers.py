"""法人番号: thirteen digits, the first of which checks the others (国税庁, 法人番号の指定等に関する省令 第2条)."""

from __future__ import annotations

import re
import unicodedata

_separators = re.compile(r"[\s\-‐‑–—―ー−.,'’T]")


def check_digit(twelve: str) -> int:
    """9 − (Σ digit × weight mod 9), weights 1, 2, 1, 2 … from the right."""
    total = sum(int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(twelve)))
    return 9 - total % 9


def normal_number(text: str) -> str:
    """Digits only: full width, hyphens, blanks and the T of an invoice number are taken away."""
    return _separators.sub("", unicodedata.normalize("NFKC", text).upper())


def is_valid(number: str) -> bool:
    """Whether these are thirteen digits with the right check digit."""
    return len(number) == 13 and number.isascii() and number.isdigit() and int(number[0]) == check_digit(number[1:])
