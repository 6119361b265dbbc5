"""Words that are in no document as they were written, understood by how they sound: kana, romaji, left-out long vowels.

A run of kana is cut into words of the index so that the longest words win, as an input method would, with the index
for its dictionary.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from search.kana import fold_sound, from_romaji
from search.text import hiragana, normal
from search.vocabulary import Vocabulary

LONGEST, SHORTEST = 14, 2  # folded letters of a word
# What is between the words: read over, so that no word is heard in it.
_grammar = """
は が の に を で と も か へ や ね よ な から まで より など とは では には のは のが
のを にも でも とも との への での です ですか ます ますか ました ません でした でしょうか
ください して した する される された している しました について における によって として という
といった とき なに なん なにか なんと なんです なんですか どこ だれ いつ どう どのように どうやって
どうすれば いい よい ある いる ない ありますか いますか できない できません できますか したい
わからない おしえて おしえてください なんの なにを なにが だれが どんな どの この その これ それ
ため ように ような
"""
_kana_run = re.compile("[ぁ-ゖァ-ヺー]+")
_han = re.compile("[㐀-䶿一-鿿]")
_latin_chunk = re.compile(r"[a-zāīūēōâôû][a-zāīūēōâôû'^\-]*", re.I)


GRAMMAR = frozenset(fold_sound(piece) for piece in _grammar.split())


def spoken(text: str, is_known: Callable[[str], bool]) -> str:
    """The text with its unknown Latin chunks read as romaji, where they can be."""

    def read(match: re.Match[str]) -> str:
        chunk = match.group()
        if len(chunk) < 3 or is_known(chunk):
            return chunk
        return from_romaji(chunk) or chunk

    return _latin_chunk.sub(read, normal(text))


def is_all_kana(text: str) -> bool:
    """Written before the conversion: kana, and hardly a Han character."""
    kana = sum(len(run) for run in _kana_run.findall(text))
    return kana >= 3 and not has_han(text)


def has_han(text: str) -> bool:
    return bool(_han.search(text))


def runs(text: str) -> list[str]:
    """The runs of kana in a text."""
    return _kana_run.findall(text)


def heard(run: str, vocabulary: Vocabulary, is_there: Callable[[str], bool]) -> list[tuple[str, list[str]]]:
    """(sound, words that sound so) along the best way through a run of kana; what is between them is left out.

    The best way has the largest sum of squared lengths. `is_there` says whether the reader may see a word.
    """
    sound = fold_sound(hiragana(run))
    best: list[tuple[float, int, list[str]]] = [(0.0, 0, [])] * (len(sound) + 1)
    for start in range(len(sound) - 1, -1, -1):
        best[start] = (best[start + 1][0], start + 1, [])
        goes_on = True  # a word that sounds as it does up to here
        for end in range(start + 1, min(start + LONGEST, len(sound)) + 1):
            piece, size = sound[start:end], end - start
            if piece in GRAMMAR and size**2 + 0.5 + best[end][0] > best[start][0]:
                best[start] = (size**2 + 0.5 + best[end][0], end, [])
            if not goes_on or size < SHORTEST or size**2 + best[end][0] <= best[start][0]:
                continue
            goes_on = vocabulary.sounds_on(piece)
            if not goes_on:
                continue
            words = [word for word in vocabulary.sounding(piece) if is_there(word)]
            if words:
                best[start] = (size**2 + best[end][0], end, words)
    found, at = [], 0
    while at < len(sound):
        _, end, words = best[at]
        if words:
            found.append((sound[at:end], words))
        at = end
    return found
