"""Terms and their numbers in one process. Only grows; a number once given stays."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from search.packing import Hashes, Packed, term_hash


class Vocabulary:
    """`hashes` ascending with their `numbers`; `words[number]` where the channel keeps words."""

    def __init__(self, hashes: Hashes, numbers: NDArray[np.int32], words: tuple[str, ...], sorted_words: list[str]):
        self.hashes = hashes
        self.numbers = numbers
        self.words = words
        self.sorted_words = sorted_words

    @classmethod
    def empty(cls) -> Vocabulary:
        return cls(np.empty(0, np.uint64), np.empty(0, np.int32), (), [])

    def __len__(self) -> int:
        return len(self.hashes)

    def lookup(self, hashes: Hashes) -> NDArray[np.int32]:
        """Numbers of `hashes`, -1 where unknown."""
        if not len(self):
            return np.full(len(hashes), -1, np.int32)
        at = np.minimum(np.searchsorted(self.hashes, hashes), len(self) - 1)
        return np.where(self.hashes[at] == hashes, self.numbers[at], np.int32(-1)).astype(np.int32)

    def number(self, term: str) -> int:
        return int(self.lookup(np.array([term_hash(term)], np.uint64))[0])

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
        words = _words_at(packed, owner[first[fresh]], place[first[fresh]])
        return Vocabulary(
            np.insert(self.hashes, at, unique[fresh]),
            np.insert(self.numbers, at, numbers),
            (*self.words, *words),
            sorted(self.sorted_words + words),
        )

    def starting_with(self, prefix: str, limit: int = 200) -> list[str]:
        """Words that begin with `prefix` and are longer, in code point order, at most `limit`."""
        low = bisect_left(self.sorted_words, prefix)
        high = bisect_left(self.sorted_words, prefix + "\U0010ffff")
        return [word for word in self.sorted_words[low : min(high, low + limit + 1)] if word != prefix][:limit]


def _words_at(packed: Sequence[Packed], owners: NDArray[np.int64], places: NDArray[np.int64]) -> list[str]:
    """The word at place p of row o, for each (o, p); rows without words give none."""
    if not packed or not packed[0].blob:
        return []
    split: dict[int, list[str]] = {}
    found = []
    for owner, place in zip(owners.tolist(), places.tolist(), strict=True):
        if owner not in split:
            split[owner] = packed[owner].words()
        found.append(split[owner][place])
    return found
