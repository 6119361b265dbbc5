"""Which documents hold a term: one compressed-row table from term to (slot, counts)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from search.packing import Packed
from search.vocabulary import Vocabulary


class Postings(msgspec.Struct, frozen=True):
    """Postings of many documents by term: those of term t are [start[t], start[t+1]) of slots and counts.

    Shapes: start (terms + 1,), slots (n,) ascending within a term, counts (fields, n).
    """

    start: NDArray[np.int64]
    slots: NDArray[np.int32]
    counts: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.slots)

    def of_term(self, term: int) -> tuple[NDArray[np.int32], NDArray[np.uint8]] | None:
        if term < 0 or term + 1 >= len(self.start):
            return None
        low, high = self.start[term], self.start[term + 1]
        return (self.slots[low:high], self.counts[:, low:high]) if low < high else None

    def places(self, terms: Sequence[int], only: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Where the postings of `terms` at the slots `only` (ascending) stand, and which of the terms each is of."""
        found, sizes, which = [], [], []
        last = len(self.start) - 2
        numbers = np.array(terms, np.int64)
        asked = np.flatnonzero((numbers >= 0) & (numbers <= last))
        lows, highs = self.start[numbers[asked]].tolist(), self.start[numbers[asked] + 1].tolist()
        for n, low, high in zip(asked.tolist(), lows, highs, strict=True):
            held = self.slots[low:high]
            # The shorter of the two is looked up in the longer; past the end the last one stands, and is another slot.
            if high - low > len(only):
                at = held.searchsorted(only)
                at = at[held.take(at, mode="clip") == only]
            elif high > low:
                at = (only.take(only.searchsorted(held), mode="clip") == held).nonzero()[0]
            else:
                continue
            found.append(at + low)
            sizes.append(len(at))
            which.append(n)
        if not found:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        return np.concatenate(found), np.repeat(np.array(which, np.int64), sizes)

    def terms(self) -> NDArray[np.int32]:
        """The term of each posting, shape (n,)."""
        return np.repeat(np.arange(len(self.start) - 1, dtype=np.int32), np.diff(self.start))


def by_term(terms: NDArray[np.int32], slots: NDArray[np.int32], counts: NDArray[np.uint8]) -> Postings:
    order = np.argsort(terms, kind="stable")
    width = int(terms.max()) + 1 if len(terms) else 0
    start = np.zeros(width + 1, np.int64)
    np.cumsum(np.bincount(terms, minlength=width), out=start[1:])
    return Postings(start, slots[order], np.ascontiguousarray(counts[:, order]))


def postings_of(packed: Sequence[Packed], at: Sequence[int], vocabulary: Vocabulary) -> Postings:
    """Postings of unpacked rows that stand at slots `at` (ascending); every term is in `vocabulary`."""
    terms = vocabulary.lookup(np.concatenate([row.hashes for row in packed]))
    slots = np.repeat(np.array(at, np.int32), [len(row.hashes) for row in packed])
    return by_term(terms, slots, np.concatenate([row.counts for row in packed], axis=1))


def merge(segments: Sequence[Postings], alive: NDArray[np.bool_], moved: NDArray[np.int32] | None = None) -> Postings:
    """One segment of several, without dead slots; `moved` gives each slot its new number."""
    if not segments:
        return Postings(np.zeros(1, np.int64), np.empty(0, np.int32), np.empty((0, 0), np.uint8))
    keep = [alive[segment.slots] for segment in segments]
    terms = np.concatenate([segment.terms()[kept] for segment, kept in zip(segments, keep, strict=True)])
    slots = np.concatenate([segment.slots[kept] for segment, kept in zip(segments, keep, strict=True)])
    counts = np.concatenate([segment.counts[:, kept] for segment, kept in zip(segments, keep, strict=True)], axis=1)
    return by_term(terms, slots if moved is None else moved[slots], counts)
