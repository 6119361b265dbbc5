"""One packed row: the terms of one document in one channel, with how often each occurs in each field.

Layout, little-endian: format u8, fields u8, flags u16 (1: words kept), terms u32; then term hashes u64 × n ascending;
then counts u8 × fields × n; then lengths u32 × fields; then, if kept, the words in UTF-8 joined by newlines.
Rows describe themselves, so nothing else in the database has to agree with them, and forgetting one forgets its words.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from hashlib import blake2b

import msgspec
import numpy as np
from numpy.typing import NDArray

FORMAT = 1
KEEP_WORDS = 1
_head = struct.Struct("<BBHI")

Hashes = NDArray[np.uint64]
Counts = NDArray[np.uint8]


class Packed(msgspec.Struct, frozen=True):
    """An unpacked row: `hashes` (n,), `counts` (fields, n), `lengths` (fields,), `blob` the words, if kept.

    A line of `blob` is a word, and after a tab its sound where it has another.
    """

    hashes: Hashes
    counts: Counts
    lengths: NDArray[np.uint32]
    blob: bytes

    def lines(self) -> list[str]:
        return self.blob.decode().split("\n") if self.blob else []


@lru_cache(maxsize=20_000)  # a query asks for its words in several places, and documents share most of theirs
def term_hash(term: str) -> int:
    """64 bits of BLAKE2b: at a million terms two collide with probability 3e-8."""
    return int.from_bytes(blake2b(term.encode(), digest_size=8).digest(), "little")


def term_hashes(terms: Iterable[str]) -> Hashes:
    return np.fromiter((term_hash(term) for term in terms), dtype=np.uint64)


def pack(fields: Sequence[Iterable[str]], *, sound_of: Callable[[str], str] | None = None) -> bytes:
    """Terms of each field, repeated as they occur (a count saturates at 255), to one row.

    With `sound_of` the words themselves are kept, each with its sound.
    """
    counters = [Counter(field) for field in fields]
    unsorted = list(set().union(*counters))
    hashes = term_hashes(unsorted)
    order = np.argsort(hashes)
    terms = [unsorted[i] for i in order.tolist()]
    counts = np.array([[counter.get(term, 0) for term in terms] for counter in counters], dtype=np.int64)
    lengths = np.array([counter.total() for counter in counters], dtype="<u4")
    blob = "\n".join(_line(term, sound_of(term)) for term in terms).encode() if sound_of else b""
    return _packed(hashes[order], np.minimum(counts, 255).astype(np.uint8), lengths, blob)


def _packed(hashes: Hashes, counts: Counts, lengths: NDArray[np.uint32], blob: bytes) -> bytes:
    head = _head.pack(FORMAT, len(counts), KEEP_WORDS if blob else 0, len(hashes))
    return head + hashes.astype("<u8").tobytes() + counts.tobytes() + lengths.astype("<u4").tobytes() + blob


def without(row: bytes, field: int, terms: Iterable[str]) -> bytes:
    """The row as if `terms` had not been said in `field`."""
    had, gone = unpack(row), Counter(terms)
    counts, hashes = had.counts.copy(), had.hashes.tolist()
    said = dict(zip(term_hashes(gone).tolist(), gone.values(), strict=True))
    fewer = np.minimum(counts[field], np.array([said.get(hash, 0) for hash in hashes], np.int64))
    counts[field] -= fewer.astype(np.uint8)
    lengths = had.lengths.copy()
    lengths[field] -= int(fewer.sum())
    kept = np.flatnonzero(counts.any(axis=0))
    had_lines = had.lines()
    lines = [had_lines[at] for at in kept.tolist()] if had_lines else []
    return _packed(had.hashes[kept], np.ascontiguousarray(counts[:, kept]), lengths, "\n".join(lines).encode())


def _line(term: str, sound: str) -> str:
    return f"{term}\t{sound}" if sound and sound != term else term


def unpack(row: bytes, fields: int = 0) -> Packed:
    """Views into `row`; fields that it lacks of `fields` are empty. Raises ValueError for another format."""
    form, had, _, n = _head.unpack_from(row)
    if form != FORMAT:
        raise ValueError(f"posting format {form}, expected {FORMAT}")
    at = _head.size
    hashes = np.frombuffer(row, "<u8", n, at)
    counts = np.frombuffer(row, np.uint8, had * n, at + 8 * n).reshape(had, n)
    at += 8 * n + had * n
    lengths = np.frombuffer(row, "<u4", had, at)
    if had < fields:
        counts = np.concatenate([counts, np.zeros((fields - had, n), np.uint8)])
        lengths = np.concatenate([lengths, np.zeros(fields - had, "<u4")])
    return Packed(hashes, counts, lengths, row[at + 4 * had :])
