"""Names of companies and people, brought to one form for comparing. Pure functions; what is shown is never changed.

`company_key("㈱ いんたー・ぱーく") == company_key("株式会社インターパーク") == "インタパク"`
"""

from __future__ import annotations

import re
import unicodedata

from customers.kanji import COMMON
from customers.legal_forms import without_legal_form

SMALL = str.maketrans("ァィゥェォッャュョヮヵヶ", "アイウエオツヤユヨワカケ")
_dashes = re.compile(r"[-‐‑‒–—―−ー~〜]")
_outside = re.compile(r"[^0-9a-z々〆ァ-ヺ㐀-鿿豈-﫿\U00020000-\U0003ffff가-힣]")
# Words that a company gains and loses over the years and stays the same, or shares with its whole group.
_weak = re.compile(
    r"ホルデイングス?|グルプ|コポレシヨン|カンパニ|ジヤパン|日本|holdings?|group|japan|corporation|(?<=.)(?:hd|hldgs)$"
)
_readings = str.maketrans("ヂヅヲヴ", "ジズオブ")


def folded(text: str) -> str:
    """NFKC, lower case, hiragana as katakana, old kanji as new: the same word however it is typed."""
    # Old forms go first and once more: NFKC knows some of them by another code point.
    found = unicodedata.normalize("NFKC", text.translate(COMMON)).translate(COMMON).lower()
    return "".join(chr(ord(letter) + 96) if "ぁ" <= letter <= "ゖ" else letter for letter in found)


def company_key(name: str) -> str:
    """What two spellings of one company share. Empty when nothing but a legal form or signs was given."""
    found = without_legal_form(folded(name))
    # Dashes go, the long vowel too: コンピュータ and コンピューター are one word.
    found = _dashes.sub("", found).translate(SMALL)
    return _outside.sub("", found.replace("&", "and").replace("・", ""))


def core_of(key: str) -> str:
    """A company key without ホールディングス, グループ, ジャパン …; the key itself where little would be left."""
    found = _weak.sub("", key)
    return found if len(found) >= 2 else key


def reading_key(kana_name: str) -> str:
    """A company's reading: legal form, blanks and long vowels gone; ヂ as ジ."""
    return company_key(kana_name).translate(_readings)


def person_key(family: str, given: str) -> str:
    """Both names folded, without blanks: 髙橋 花子 and 高橋花子."""
    return re.sub(r"[\s・.\-ー]", "", folded(family + given)).translate(SMALL)


def kana(text: str) -> str:
    """A reading as full-width katakana, one blank between words."""
    wide = unicodedata.normalize("NFKC", text)
    found = "".join(chr(ord(letter) + 96) if "ぁ" <= letter <= "ゖ" else letter for letter in wide)
    return re.sub(r"\s+", " ", found).strip()
