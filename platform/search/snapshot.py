"""The index in memory: numpy arrays that never change once published, so that searches need no lock.

A refresh makes a new Snapshot that shares what stayed the same. A document has a slot; a changed one gets a new slot
and its old one dies. Postings stand in segments of falling size, which are merged as they grow, and slots of the dead
are given back.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import cached_property

import msgspec
import numpy as np
from numpy.typing import NDArray

from search.documents import CHANNELS
from search.filters import Filter
from search.packing import Packed, unpack
from search.parts import Parts, compacted, extended, no_parts
from search.postings import Postings, merge, postings_of
from search.vocabulary import Vocabulary

BODY = CHANNELS["words"].index("body")
LARGER = 8  # how much larger a segment is than the next, else they become one: each is one more look for each term
WASTE = 0.25  # share of dead slots at which everything is packed anew
NOTHING = np.zeros(0, np.bool_)
FILTERS = 256  # filters whose masks are kept


class Row(msgspec.Struct, frozen=True):
    """A changed document as the database holds it; no packed rows when it is gone."""

    id: int
    kind: str
    ref_id: int
    lang: str
    brand: str
    audience: str
    weight: float
    packed: dict[str, bytes]


class Group(msgspec.Struct, frozen=True):
    """What filters look at; documents share few of them."""

    audience: frozenset[str]
    kind: str
    lang: str
    brand: str


class Slots(msgspec.Struct, frozen=True):
    """Per slot, shape (slots,): row id, the thing's id, group, weight, the title's signature, liveness.

    Equal titles have equal signatures; 0 is no title.
    """

    ids: NDArray[np.int64]
    refs: NDArray[np.int64]
    groups: NDArray[np.int32]
    weights: NDArray[np.float32]
    titles: NDArray[np.uint64]
    alive: NDArray[np.bool_]


class Cut(msgspec.Struct, frozen=True):
    """Terms of which not all postings are in memory: `numbers` (n,) ascending, and how many documents of each group
    hold them, `frequency` (groups, n). See search.cutting."""

    numbers: NDArray[np.int32]
    frequency: NDArray[np.int32]

    def at(self, number: int) -> int:
        """The place of a term, -1 when all its postings are there."""
        at = int(self.numbers.searchsorted(number))
        return at if at < len(self.numbers) and self.numbers[at] == number else -1


class Channel(msgspec.Struct, frozen=True):
    """One channel: its vocabulary, its postings in segments, `lengths` (fields, slots).

    Where postings were cut, `whole` may hold those of the cut terms in some documents.
    """

    vocabulary: Vocabulary
    segments: tuple[Postings, ...]
    lengths: NDArray[np.int32]
    cut: Cut | None = None
    whole: Postings | None = None

    def of_term(self, term: int) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
        """(slots, counts (fields, n)) of one term, dead slots included."""
        parts = self._parts_of(term)
        if len(parts) == 1:
            return parts[0]
        if not parts:
            return np.empty(0, np.int32), np.empty((len(self.lengths), 0), np.uint8)
        return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts], axis=1)

    def of_terms_at(
        self, terms: Sequence[int], only: NDArray[np.int32]
    ) -> tuple[NDArray[np.int32], NDArray[np.uint8], NDArray[np.int64]]:
        """The same of many terms at some slots, ascending: far less work when those are few. The third says which of
        the terms each posting is of."""
        places = [(segment, *segment.places(of, only)) for segment, of in self._segments_of(terms)]
        slots = [segment.slots[at] for segment, at, _ in places]
        counts = [segment.counts[:, at] for segment, at, _ in places]
        if not places:
            return np.empty(0, np.int32), np.empty((len(self.lengths), 0), np.uint8), np.empty(0, np.int64)
        return np.concatenate(slots), np.concatenate(counts, axis=1), np.concatenate([which for *_, which in places])

    def _segments_of(self, terms: Sequence[int]) -> list[tuple[Postings, Sequence[int]]]:
        """Each segment with what is asked of it: every term, -1 for those that it does not hold whole."""
        if self.whole is None or self.cut is None:
            return [(segment, terms) for segment in self.segments if len(segment)]
        is_cut = [self.cut.at(term) >= 0 for term in terms]
        kept, others = ([term if cut == wanted else -1 for term, cut in zip(terms, is_cut, strict=True)]
                        for wanted in (False, True))  # fmt: skip
        return [*((segment, kept) for segment in self.segments if len(segment)), (self.whole, others)]

    def holders(self, term: int, mask: NDArray[np.bool_] | None) -> int:
        """How many slots hold a term, of those in `mask` or of all."""
        found = [slots for slots, _ in self._parts_of(term)]
        return sum(len(slots) if mask is None else int(np.count_nonzero(mask[slots])) for slots in found)

    def _parts_of(self, term: int) -> list[tuple[NDArray[np.int32], NDArray[np.uint8]]]:
        segments = self.segments
        if self.whole is not None and self.cut is not None and self.cut.at(term) >= 0:
            segments = (self.whole,)
        return [part for segment in segments if (part := segment.of_term(term)) is not None]

    def cut_from(self, term: int, groups: NDArray[np.bool_]) -> int:
        """How many documents of some groups hold a term that was cut; 0 for one that was not."""
        at = self.cut.at(term) if self.cut is not None else -1
        if self.cut is None or at < 0:
            return 0
        return int(self.cut.frequency[groups[: len(self.cut.frequency)], at].sum())


class Allowed(msgspec.Struct, frozen=True):
    """The documents a filter admits: mask (slots,), how many, mean length per channel and field.

    `own` (slots,) is 1 / how many of them share the document's title; `spread` is how much the lengths of their
    bodies differ: the standard deviation over the mean; `part_length` is the mean of their parts' lengths; `groups`
    says which groups are admitted.
    """

    mask: NDArray[np.bool_]
    count: int
    means: dict[str, NDArray[np.float64]]
    own: NDArray[np.float64]
    spread: float
    part_length: float = 1.0
    groups: NDArray[np.bool_] = NOTHING
    known: dict[tuple[int, int], int] = msgspec.field(default_factory=dict)


class Snapshot:
    """The index at one version. Read from any thread."""

    def __init__(self, version: tuple[str, int], groups: tuple[Group, ...], slots: Slots, channels: dict[str, Channel],
                 parts: Parts, stale: int = 0):  # fmt: skip
        self.version = version
        self.groups = groups
        self.slots = slots
        self.channels = channels
        self.parts = parts
        self.stale = stale  # documents replaced since postings were cut
        self._allowed: dict[Filter, Allowed] = {}

    def allowed(self, wanted: Filter) -> Allowed:
        """What `wanted` admits; statistics are those of the admitted documents alone."""
        found = self._allowed.get(wanted)
        if found is None:
            admitted = [wanted.admits(g.audience, g.kind, g.lang, g.brand) for g in self.groups]
            mask = np.array([*admitted, False], dtype=np.bool_)[self.slots.groups] & self.slots.alive
            count = int(mask.sum())
            means = {
                name: np.maximum(channel.lengths[:, mask].sum(axis=1) / max(count, 1), 1e-9)
                for name, channel in self.channels.items()
            }
            found = Allowed(mask, count, means, _own(self.slots.titles, mask), self._spread(mask),
                            self._part_length(mask), np.array(admitted, np.bool_))  # fmt: skip
            if len(self._allowed) >= FILTERS:
                self._allowed.clear()
            self._allowed[wanted] = found
        return found

    def _spread(self, mask: NDArray[np.bool_]) -> float:
        """In whole numbers up to the root, so that the order of the slots leaves no trace."""
        lengths = self.channels["words"].lengths[BODY, mask].astype(np.int64)
        lengths = lengths[lengths > 0]
        total, squares, n = int(lengths.sum()), int((lengths**2).sum()), len(lengths)
        return math.sqrt(max(0, n * squares - total**2)) / total if total else 0.0

    def _part_length(self, mask: NDArray[np.bool_]) -> float:
        lengths = self.parts.lengths[mask[self.parts.owners]]
        return max(1.0, float(lengths.sum(dtype=np.int64)) / len(lengths)) if len(lengths) else 1.0

    @property
    def is_cut(self) -> bool:
        return any(channel.cut is not None for channel in self.channels.values())

    @cached_property
    def order(self) -> NDArray[np.int64]:
        """Of each group its place among equal scores: by kind, then by language (groups, 2)."""
        kinds = {kind: n for n, kind in enumerate(sorted({group.kind for group in self.groups}))}
        langs = {lang: n for n, lang in enumerate(sorted({group.lang for group in self.groups}))}
        return np.array([[kinds[group.kind], langs[group.lang]] for group in self.groups], np.int64).reshape(-1, 2)

    def group_of(self, slot: int) -> Group:
        return self.groups[int(self.slots.groups[slot])]

    @cached_property
    def slot_of(self) -> dict[int, int]:
        """Slot of each live row id."""
        live = np.flatnonzero(self.slots.alive)
        return dict(zip(self.slots.ids[live].tolist(), live.tolist(), strict=True))

    def __len__(self) -> int:
        return int(self.slots.alive.sum())


def _own(titles: NDArray[np.uint64], mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    own = np.ones(len(titles))
    titled = np.flatnonzero(mask & (titles != 0))
    _, place, shared = np.unique(titles[titled], return_inverse=True, return_counts=True)
    own[titled] = 1 / shared[place]
    return own


def empty(version: tuple[str, int] = ("", 0)) -> Snapshot:
    slots = Slots(
        np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.float32),
        np.empty(0, np.uint64), np.empty(0, np.bool_),
    )  # fmt: skip
    channels = {
        name: Channel(Vocabulary.empty(), (), np.empty((len(fields), 0), np.int32)) for name, fields in CHANNELS.items()
    }
    return Snapshot(version, (), slots, channels, no_parts())


def advance(before: Snapshot, changes: Iterable[Row], version: tuple[str, int]) -> Snapshot:
    """The snapshot after `changes`: each replaces, adds or (without packed rows) removes one document."""
    changes = list(changes)
    slots, groups, added = _place(before, changes)
    first = len(before.slots.ids)
    channels = {}
    for name, channel in before.channels.items():
        packed = [unpack(row.packed[name], len(CHANNELS[name])) for row in added if name in row.packed]
        at = [first + i for i, row in enumerate(added) if name in row.packed]
        channels[name] = _extend(channel, packed, at, slots, len(groups))
    long = [(first + i, row.packed["parts"]) for i, row in enumerate(added)
            if "parts" in row.packed and not before.is_cut]  # fmt: skip
    parts = extended(before.parts, long, channels["words"].vocabulary, slots.alive)
    stale = before.stale + sum(row.id in before.slot_of for row in changes) if before.is_cut else 0
    after = Snapshot(version, groups, slots, channels, parts, stale)
    dead = len(slots.ids) - int(slots.alive.sum())
    return _compact(after) if dead > max(1000, WASTE * len(slots.ids)) else after


def _place(before: Snapshot, changes: list[Row]) -> tuple[Slots, tuple[Group, ...], list[Row]]:
    """Slots with the changed documents' old ones dead and new ones at the end."""
    added = [row for row in changes if row.packed]
    groups = {group: code for code, group in enumerate(before.groups)}
    codes = [
        groups.setdefault(Group(frozenset(r.audience.split()), r.kind, r.lang, r.brand), len(groups)) for r in added
    ]
    old, known = before.slots, before.slot_of
    alive = np.concatenate([old.alive, np.ones(len(added), np.bool_)])
    alive[[known[row.id] for row in changes if row.id in known]] = False
    slots = Slots(
        np.concatenate([old.ids, np.array([row.id for row in added], np.int64)]),
        np.concatenate([old.refs, np.array([row.ref_id for row in added], np.int64)]),
        np.concatenate([old.groups, np.array(codes, np.int32)]),
        np.concatenate([old.weights, np.array([row.weight for row in added], np.float32)]),
        np.concatenate([old.titles, np.array([_title(row) for row in added], np.uint64)]),
        alive,
    )
    return slots, tuple(groups), added


def _title(row: Row) -> int:
    """The sum of the title's term hashes: cheap, and the same for the same words."""
    packed = unpack(row.packed["words"])
    return int(packed.hashes[packed.counts[0] > 0].sum(dtype=np.uint64))


def _extend(channel: Channel, packed: list[Packed], at: list[int], slots: Slots, groups: int) -> Channel:
    lengths = np.zeros((len(channel.lengths), len(slots.ids)), np.int32)
    lengths[:, : channel.lengths.shape[1]] = channel.lengths
    if not packed:
        return Channel(channel.vocabulary, channel.segments, lengths, channel.cut)
    lengths[:, at] = np.stack([row.lengths for row in packed], axis=1)
    vocabulary = channel.vocabulary.extended(packed)
    added = postings_of(packed, at, vocabulary)
    segments = (*channel.segments, added)
    while len(segments) > 1 and len(segments[-2]) < LARGER * len(segments[-1]):
        segments = (*segments[:-2], merge(segments[-2:], slots.alive))
    return Channel(vocabulary, segments, lengths, channel.cut and _counted(channel.cut, added, slots, groups))


def _counted(cut: Cut, added: Postings, slots: Slots, groups: int) -> Cut:
    """With the documents that came since."""
    frequency = np.zeros((groups, len(cut.numbers)), np.int32)
    frequency[: len(cut.frequency)] = cut.frequency
    for at, number in enumerate(cut.numbers.tolist()):
        found = added.of_term(number)
        if found is not None:
            frequency[:, at] += np.bincount(slots.groups[found[0]], minlength=groups).astype(np.int32)
    return Cut(cut.numbers, frequency)


def _compact(snapshot: Snapshot) -> Snapshot:
    """Give back the slots of the dead."""
    alive = snapshot.slots.alive
    moved = (np.cumsum(alive) - 1).astype(np.int32)
    old = snapshot.slots
    slots = Slots(
        old.ids[alive], old.refs[alive], old.groups[alive], old.weights[alive], old.titles[alive], alive[alive]
    )
    channels = {
        name: Channel(c.vocabulary, (merge(c.segments, alive, moved),), c.lengths[:, alive], c.cut)
        for name, c in snapshot.channels.items()
    }
    parts = compacted(snapshot.parts, alive, moved)
    return Snapshot(snapshot.version, snapshot.groups, slots, channels, parts, snapshot.stale)
