"""The parts of long bodies: a document that is long as a whole may still answer in one place.

One row holds the parts of one body: for each, where it begins and its packed terms. In memory they are postings whose
slots are parts; their terms have the numbers of the words' vocabulary, which holds all of them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from search.analysis import words
from search.packing import Packed, pack, unpack
from search.postings import Postings, by_term, merge
from search.text import chunks
from search.vocabulary import Vocabulary

LONG = 1_200  # characters from which a body is cut
PART, MOST = 600, 300  # characters of a part, parts of a body
SEGMENTS = 6
_head = struct.Struct("<II")


class Parts(msgspec.Struct, frozen=True):
    """Of each part, shape (parts,): the slot of its document, where in the body it begins, how many words it has."""

    owners: NDArray[np.int32]
    starts: NDArray[np.int32]
    lengths: NDArray[np.int32]
    segments: tuple[Postings, ...]


def no_parts() -> Parts:
    return Parts(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.int32), ())


def pack_parts(body: str) -> bytes:
    """The row of a body's parts; empty for one that is not long."""
    if len(body) <= LONG:
        return b""
    size = max(PART, -(-len(body) // MOST) * 2)
    row = bytearray()
    for start, text in chunks(body, size):
        packed = pack([[word.term for word in words(text)]])
        row += _head.pack(start, len(packed)) + packed
    return bytes(row)


def unpack_parts(row: bytes) -> Iterator[tuple[int, Packed]]:
    """(start, terms) of each."""
    at = 0
    while at < len(row):
        start, size = _head.unpack_from(row, at)
        at += _head.size
        yield start, unpack(row[at : at + size])
        at += size


def extended(
    parts: Parts, rows: Sequence[tuple[int, bytes]], vocabulary: Vocabulary, alive: NDArray[np.bool_]
) -> Parts:
    """With the parts of (slot, row) each; `alive` is of the slots."""
    found = [(slot, start, packed) for slot, row in rows for start, packed in unpack_parts(row)]
    if not found:
        return parts
    first = len(parts.owners)
    sizes = [len(packed.hashes) for _, _, packed in found]
    terms = vocabulary.lookup(np.concatenate([packed.hashes for _, _, packed in found]))
    known = terms >= 0  # where a part begins within a word, it reads words that the whole text does not have
    at = np.repeat(np.arange(first, first + len(found), dtype=np.int32), sizes)[known]
    counts = np.concatenate([packed.counts for _, _, packed in found], axis=1)[:, known]
    owners = np.concatenate([parts.owners, np.array([slot for slot, _, _ in found], np.int32)])
    segments = (*parts.segments, by_term(terms[known], at, counts))
    if len(segments) > SEGMENTS:
        segments = (merge(segments, alive[owners]),)
    return Parts(
        owners,
        np.concatenate([parts.starts, np.array([start for _, start, _ in found], np.int32)]),
        np.concatenate([parts.lengths, np.array([int(packed.lengths[0]) for _, _, packed in found], np.int32)]),
        segments,
    )


def compacted(parts: Parts, alive: NDArray[np.bool_], moved: NDArray[np.int32]) -> Parts:
    """Without those of dead slots; `moved` gives each slot its new number."""
    kept = alive[parts.owners]
    at = (np.cumsum(kept) - 1).astype(np.int32)
    return Parts(moved[parts.owners[kept]], parts.starts[kept], parts.lengths[kept],
                 (merge(parts.segments, kept, at),))  # fmt: skip
