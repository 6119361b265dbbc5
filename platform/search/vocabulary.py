"""Terms and their numbers in one process. Only grows; a number once given stays."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from search.packing import Hashes, Packed, term_hash, term_hashes

_inflects = re.compile("[㐀-䶿一-鿿々].*[うくぐすつぬむぶるい]$")


class Vocabulary:
    """`hashes` ascending with their `numbers`; where the channel keeps words, those in order, and how they sound.

    `sounds` are "sound<tab>word", in order; a word that inflects stands there without its last kana as well.
    """

    def __init__(self, hashes: Hashes, numbers: NDArray[np.int32], words: list[str], sounds: list[str]):
        self.hashes = hashes
        self.numbers = numbers
        self.words = words
        self.sounds = sounds

    @classmethod
    def empty(cls) -> Vocabulary:
        return cls(np.empty(0, np.uint64), np.empty(0, np.int32), [], [])

    def __len__(self) -> int:
        return len(self.hashes)

    def lookup(self, hashes: Hashes) -> NDArray[np.int32]:
        """Numbers of `hashes`, -1 where unknown."""
        if not len(self):
            return np.full(len(hashes), -1, np.int32)
        at = np.minimum(np.searchsorted(self.hashes, hashes), len(self) - 1)
        return np.where(self.hashes[at] == hashes, self.numbers[at], np.int32(-1)).astype(np.int32)

    def of(self, terms: Iterable[str]) -> dict[str, int]:
        """The number of each term, -1 where unknown."""
        asked = list(dict.fromkeys(terms))
        return dict(zip(asked, self.lookup(term_hashes(asked)).tolist(), strict=True))

    def number(self, term: str) -> int:
        """The number of one term, -1 where unknown."""
        hash = np.uint64(term_hash(term))
        at = int(np.searchsorted(self.hashes, hash))
        return int(self.numbers[at]) if at < len(self) and self.hashes[at] == hash else -1

    def extended(self, packed: Sequence[Packed]) -> Vocabulary:
        """With the terms of `packed` that are new."""
        owner = np.repeat(np.arange(len(packed)), [len(row.hashes) for row in packed])
        place = np.concatenate([np.arange(len(row.hashes)) for row in packed])
        unique, first = np.unique(np.concatenate([row.hashes for row in packed]), return_index=True)
        fresh = np.flatnonzero(self.lookup(unique) < 0)
        if not len(fresh):
            return self
        numbers = np.arange(len(self), len(self) + len(fresh), dtype=np.int32)
        at = np.searchsorted(self.hashes, unique[fresh])
        lines = _lines_at(packed, owner[first[fresh]], place[first[fresh]])
        return Vocabulary(
            np.insert(self.hashes, at, unique[fresh]),
            np.insert(self.numbers, at, numbers),
            sorted(self.words + [line.partition("\t")[0] for line in lines]),
            sorted(self.sounds + [sound for line in lines for sound in _sounds(line)]),
        )

    def starting_with(self, prefix: str, limit: int = 200) -> list[str]:
        """Words that begin with `prefix` and are longer, in code point order, at most `limit`."""
        return [word for word in _range(self.words, prefix, limit + 1) if word != prefix][:limit]

    def sounding(self, sound: str) -> list[str]:
        """Words that sound so."""
        return [entry.partition("\t")[2] for entry in _range(self.sounds, f"{sound}\t", 32)]

    def sounds_on(self, beginning: str) -> bool:
        """Whether any word's sound begins so."""
        at = bisect_left(self.sounds, beginning)
        return at < len(self.sounds) and self.sounds[at].startswith(beginning)

    def sounding_like(self, prefix: str, limit: int) -> list[tuple[str, str]]:
        """(sound, word) of words whose sound begins with `prefix`."""
        found = (entry.partition("\t") for entry in _range(self.sounds, prefix, limit))
        return [(sound, word) for sound, _, word in found]


def _range(ordered: list[str], prefix: str, limit: int) -> list[str]:
    low = bisect_left(ordered, prefix)
    high = bisect_left(ordered, prefix + "\U0010ffff", low)
    return ordered[low : min(high, low + limit)]


def _sounds(line: str) -> Iterator[str]:
    """The entries of one word: Latin ones have none."""
    word, _, sound = line.partition("\t")
    sound = sound or word
    if not "ぁ" <= sound[:1] <= "ヿ":
        return
    yield f"{sound}\t{word}"
    if len(sound) > 2 and _inflects.search(word):
        yield f"{sound[:-1]}\t{word}"


def _lines_at(packed: Sequence[Packed], owners: NDArray[np.int64], places: NDArray[np.int64]) -> list[str]:
    """The word at place p of row o, for each (o, p); rows without words give none."""
    if not packed or not packed[0].blob:
        return []
    split: dict[int, list[str]] = {}
    found = []
    for owner, place in zip(owners.tolist(), places.tolist(), strict=True):
        if owner not in split:
            split[owner] = packed[owner].lines()
        found.append(split[owner][place])
    return found
