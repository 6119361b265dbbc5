"""Past what memory should hold: of the commonest words a process keeps only the documents that say them best.

Those words have the lowest idf, most of the postings, and rarely decide what is found: they are scored exactly once the
others have named the candidates, from the candidates' own rows in the database (search.beyond). How many documents hold
them is kept for each group, so idf stays what it was; what was replaced since is counted twice until the next reading.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from search.documents import CHANNELS
from search.filters import EVERYTHING, filter_of
from search.packing import Packed, unpack
from search.parts import Parts, extended, no_parts
from search.postings import Postings, by_term, merge
from search.scoring import scope_of, together
from search.snapshot import Channel, Cut, Snapshot

KEPT = tuple(2**n for n in range(17, 7, -1))  # documents of a word that are kept, most first
SLACK = 1.25  # over the limit before postings are cut anew


def size_of(snapshot: Snapshot) -> int:
    """Bytes of all postings."""
    segments = [one for channel in snapshot.channels.values() for one in channel.segments] + [*snapshot.parts.segments]
    return sum(one.start.nbytes + one.slots.nbytes + one.counts.nbytes for one in segments)


def bounded(snapshot: Snapshot, most: int) -> Snapshot:
    """The snapshot with postings of at most `most` bytes, or as few as it takes (128 documents a word)."""
    if size_of(snapshot) <= most * (SLACK if snapshot.is_cut else 1):
        return snapshot
    slots = snapshot.slots
    whole = {name: merge(channel.segments, slots.alive) for name, channel in snapshot.channels.items()}
    keys = {name: _keys(snapshot, postings) for name, postings in whole.items()}
    kept = next((kept for kept in KEPT if _size(whole, keys, kept) <= most), KEPT[-1])
    channels = {name: _cut(snapshot, name, whole[name], keys[name], kept) for name in whole}
    return Snapshot(snapshot.version, snapshot.groups, slots, channels, no_parts(), snapshot.stale)


def _keys(snapshot: Snapshot, postings: Postings) -> NDArray[np.int64]:
    """Of each posting the word and the group of its document, as one number."""
    return postings.terms().astype(np.int64) * len(snapshot.groups) + snapshot.slots.groups[postings.slots]


def _size(whole: Mapping[str, Postings], keys: Mapping[str, NDArray[np.int64]], kept: int) -> int:
    total = 0
    for name, postings in whole.items():
        held = int(np.minimum(np.bincount(keys[name]), kept).sum()) if len(postings) else 0
        total += postings.start.nbytes + held * (4 + len(postings.counts))
    return total


def _cut(snapshot: Snapshot, name: str, whole: Postings, keys: NDArray[np.int64], kept: int) -> Channel:
    """The channel with the `kept` best documents of each word in each group."""
    channel, groups = snapshot.channels[name], len(snapshot.groups)
    if not len(whole):
        return channel
    often = np.bincount(keys, minlength=(len(whole.start) - 1) * groups)
    common = np.flatnonzero(often[keys] > kept)
    if not len(common):
        return msgspec.structs.replace(channel, segments=(whole,))
    scope = scope_of(snapshot, snapshot.allowed(filter_of({EVERYTHING})), name)
    gains = together(scope, whole.slots[common], whole.counts[:, common])
    best = common[np.lexsort((snapshot.slots.ids[whole.slots[common]], -gains, keys[common]))]
    place = np.arange(len(best)) - np.searchsorted(keys[best], keys[best])
    left = np.ones(len(keys), np.bool_)
    left[best[place >= kept]] = False
    rest = by_term(whole.terms()[left], whole.slots[left], whole.counts[:, left])
    numbers = np.unique(np.concatenate([keys[common] // groups, channel.cut.numbers if channel.cut else []]))
    frequency = often.reshape(-1, groups)[numbers.astype(np.int64)].T.astype(np.int32)
    cut = Cut(numbers.astype(np.int32), _with_earlier(frequency, numbers, channel.cut))
    return Channel(channel.vocabulary, (rest,), channel.lengths, cut)


def _with_earlier(frequency: NDArray[np.int32], numbers: NDArray[np.int64], cut: Cut | None) -> NDArray[np.int32]:
    """What had been cut before is counted as it was then."""
    if cut is not None:
        frequency[: len(cut.frequency), np.searchsorted(numbers, cut.numbers)] = cut.frequency
    return frequency


def completed(snapshot: Snapshot, rows: Mapping[int, Mapping[str, bytes]]) -> Snapshot:
    """The snapshot with all that is said in some documents: `rows` are their packed rows by channel, by row id."""
    known = {id: slot for id in rows if (slot := snapshot.slot_of.get(id)) is not None}
    order = sorted(known, key=lambda id: known[id])
    channels = {}
    for name, channel in snapshot.channels.items():
        there = [id for id in order if name in rows[id]]
        packed = [unpack(rows[id][name], len(CHANNELS[name])) for id in there]
        channels[name] = _with_whole(channel, [known[id] for id in there], packed)
    parts = _parts(snapshot, [(known[id], rows[id]["parts"]) for id in order if "parts" in rows[id]])
    return Snapshot(snapshot.version, snapshot.groups, snapshot.slots, channels, parts, snapshot.stale)


def _with_whole(channel: Channel, slots: Sequence[int], packed: Sequence[Packed]) -> Channel:
    if channel.cut is None or not packed:
        return channel
    terms = channel.vocabulary.lookup(np.concatenate([one.hashes for one in packed]))
    at = np.repeat(np.array(slots, np.int32), [len(one.hashes) for one in packed])
    wanted = np.isin(terms, channel.cut.numbers)
    counts = np.concatenate([one.counts for one in packed], axis=1)
    return msgspec.structs.replace(channel, whole=by_term(terms[wanted], at[wanted], counts[:, wanted]))


def _parts(snapshot: Snapshot, rows: Sequence[tuple[int, bytes]]) -> Parts:
    return extended(no_parts(), rows, snapshot.channels["words"].vocabulary, snapshot.slots.alive)
