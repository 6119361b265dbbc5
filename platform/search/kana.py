"""How Japanese sounds: readings, romaji both ways, and the folded form in which wordings that sound alike are equal."""

from __future__ import annotations

import re
from functools import lru_cache

from search.analysis import tokenizer
from search.text import hiragana, normal

_small = str.maketrans("ぁぃぅぇぉゃゅょゎゕゖぢづをゔヸヹゐゑ", "あいうえおやゆよわかけじずおぶいえいえ")
_ROWS = {
    "あ": "あかさたなはまやらわがざだばぱ",
    "い": "いきしちにひみりぎじびぴ",
    "う": "うくすつぬふむゆるぐずぶぷ",
    "え": "えけせてねへめれげぜでべぺ",
    "お": "おこそとのほもよろごぞどぼぽ",
}
_VOWEL = {kana: vowel for vowel, row in _ROWS.items() for kana in row}
_LONG = {("お", "う"), ("え", "い")}  # おう sounds as おお, えい as ええ
_sokuon = re.compile("[っー〜~・]")


def fold_sound(kana: str) -> str:
    """What sounds alike reads alike: no long vowels, no small kana, no っ, one letter for each sound."""
    folded: list[str] = []
    for letter in _sokuon.sub("", hiragana(kana)).translate(_small):
        vowel = _VOWEL.get(folded[-1]) if folded else None
        if vowel and (letter == vowel or (vowel, letter) in _LONG):
            continue
        folded.append(letter)
    return "".join(folded)


def reading(text: str) -> str:
    """The text in hiragana as Sudachi reads it; what it cannot read stays."""
    return "".join(hiragana(_spoken(m)) for m in tokenizer().tokenize(normal(text)))


def _spoken(morpheme: object) -> str:
    surface: str = morpheme.surface()  # type: ignore[attr-defined]
    spoken: str = morpheme.reading_form()  # type: ignore[attr-defined]
    return spoken if spoken and spoken not in ("キゴウ",) and _readable.search(surface) else surface


_readable = re.compile("[ぁ-ゖァ-ヺ㐀-䶿一-鿿々]")
_only_kana = re.compile("[ぁ-ゖァ-ヺー]+")


@lru_cache(maxsize=50_000)
def sound_of(term: str) -> str:
    """The folded sound of a term, of the term alone; empty for Latin letters and digits."""
    if _only_kana.fullmatch(term):
        return fold_sound(term)
    return fold_sound(reading(term)) if _readable.search(term) else ""


_SYLLABLES = """
あ a い i う u え e お o か ka き ki く ku け ke こ ko さ sa し shi す su せ se そ so た ta ち chi つ tsu て te と to
な na に ni ぬ nu ね ne の no は ha ひ hi ふ fu へ he ほ ho ま ma み mi む mu め me も mo や ya ゆ yu よ yo
ら ra り ri る ru れ re ろ ro わ wa を wo が ga ぎ gi ぐ gu げ ge ご go ざ za じ ji ず zu ぜ ze ぞ zo
だ da ぢ di づ du で de ど do ば ba び bi ぶ bu べ be ぼ bo ぱ pa ぴ pi ぷ pu ぺ pe ぽ po ゔ vu
きゃ kya きゅ kyu きょ kyo しゃ sha しゅ shu しょ sho ちゃ cha ちゅ chu ちょ cho にゃ nya にゅ nyu にょ nyo
ひゃ hya ひゅ hyu ひょ hyo みゃ mya みゅ myu みょ myo りゃ rya りゅ ryu りょ ryo ぎゃ gya ぎゅ gyu ぎょ gyo
じゃ ja じゅ ju じょ jo びゃ bya びゅ byu びょ byo ぴゃ pya ぴゅ pyu ぴょ pyo ふぁ fa ふぃ fi ふぇ fe ふぉ fo ふゅ fyu
てぃ thi でぃ dhi とぅ twu どぅ dwu でゅ dhu うぃ wi うぇ we うぉ who しぇ she じぇ je ちぇ che つぁ tsa
ゔぁ va ゔぃ vi ゔぇ ve ゔぉ vo ぁ xa ぃ xi ぅ xu ぇ xe ぉ xo ゃ xya ゅ xyu ょ xyo ー - ん n
"""
_OTHERS = """
し si ち ti つ tu ふ hu じ zi しゃ sya しゅ syu しょ syo ちゃ tya ちゅ tyu ちょ tyo ちゃ cya ちゅ cyu ちょ cyo
じゃ zya じゅ zyu じょ zyo じゃ jya じゅ jyu じょ jyo しぇ sye じぇ zye ちぇ tye てぃ texi てぃ t'i でぃ dexi
うぉ wo か ca く cu こ co ふぁ fwa ー ^ ん nn ん n' ん xn っ xtu っ ltu ゃ lya ゅ lyu ょ lyo ぁ la ぃ li ぅ lu
ぇ le ぉ lo く q ら la り li る lu れ le ろ lo
"""


def _pairs(table: str) -> list[tuple[str, str]]:
    cells = table.split()
    return list(zip(cells[::2], cells[1::2], strict=True))


_TO_ROMAJI = dict(_pairs(_SYLLABLES))
_TO_KANA = {romaji: kana for kana, romaji in _pairs(_OTHERS)} | {romaji: kana for kana, romaji in _pairs(_SYLLABLES)}
_macrons = str.maketrans({"ā": "aa", "ī": "ii", "ū": "uu", "ē": "ee", "ō": "ou", "â": "aa", "ô": "ou", "û": "uu"})
_double = re.compile(r"([bcdfghjkpqrstvwyz])\1|tch")


def romaji(kana: str) -> str:
    """As it is typed when the input method is off: Hepburn, long vowels as they are written, ー as -."""
    text, found, at = hiragana(kana), [], 0
    while at < len(text):
        if text[at] == "っ":
            following = _TO_ROMAJI.get(text[at + 1 : at + 3]) or _TO_ROMAJI.get(text[at + 1 : at + 2], "")
            found.append("t" if following.startswith("ch") else following[:1])
            at += 1
            continue
        size = 2 if text[at : at + 2] in _TO_ROMAJI else 1
        one = _TO_ROMAJI.get(text[at : at + size], text[at])
        following = _TO_ROMAJI.get(text[at + 1 : at + 2], "")
        found.append("n'" if one == "n" and following[:1] in tuple("aiueoy") and following else one)
        at += size
    return "".join(found)


def from_romaji(text: str) -> str | None:
    """Hiragana of romaji (Hepburn, Kunrei, as typed); None when it is not romaji."""
    text, found, at = text.lower().translate(_macrons), [], 0
    while at < len(text):
        if _double.match(text, at):
            found.append("っ")
            at += 1
            continue
        size = next((n for n in (4, 3, 2, 1) if text[at : at + n] in _TO_KANA and len(text[at : at + n]) == n), 0)
        if not size:
            if text[at] == "m" and text[at + 1 : at + 2] in tuple("bmp"):
                found.append("ん")
                at += 1
                continue
            return None
        if text[at : at + 2] == "nn" and text[at + 2 : at + 3] in tuple("aiueoy"):
            size = 1  # onna is おんな
        found.append(_TO_KANA[text[at : at + size]])
        at += size
    return "".join(found)
