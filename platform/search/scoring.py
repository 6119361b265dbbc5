"""Our own BM25 of one channel, with additive field weights: all terms of a query in one pass over their postings.

Pure: the same snapshot content gives the same scores whatever the engine, the history or the order of slots.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log1p

import msgspec
import numpy as np
from numpy.typing import NDArray

from search.snapshot import BODY, Allowed, Channel, Snapshot

Array = NDArray[np.float64]
SlotArray = NDArray[np.int32]
CountArray = NDArray[np.uint8]

KNOWN = 50_000  # terms of which is remembered how many of a filter's documents hold them


class FieldWeight(msgspec.Struct, frozen=True):
    weight: float
    k1: float
    b: float


# In the order of documents.CHANNELS. Chosen on ../shared/data/search: docs/decisions/search.md.
FIELDS: dict[str, tuple[FieldWeight, ...]] = {
    "words": (
        FieldWeight(2.5, 0.9, 0.6),
        FieldWeight(2.5, 4.0, 0.75),
        FieldWeight(1.0, 1.2, 1.0),  # k1 and b by the documents: fitted()
        FieldWeight(2.0, 4.0, 0.75),
        FieldWeight(0.5, 0.9, 0.3),
        FieldWeight(0.4, 1.2, 1.0),
    ),
    "grams": (FieldWeight(2.5, 0.9, 0.3), FieldWeight(1.0, 0.9, 0.75)),
    "wordings": (FieldWeight(1.0, 4.0, 0.75),),
}
PERFECT = {
    "words": 11.4,
    "grams": 6.65,
    "wordings": 5.0,
}  # gain of a word that a document says again and again in all its fields


class Alternative(msgspec.Struct, frozen=True):
    """What counts as a term too: a document that holds all of `texts`, with `weight` in (0, 1].

    `how` it came about: completion, synonym, reading, spelling.
    """

    texts: tuple[str, ...]
    weight: float
    how: str


class Term(msgspec.Struct, frozen=True):
    """A query term; with its alternatives it counts as one. `weight` in (0, 1] is how much it says for its rarity."""

    text: str
    alternatives: tuple[Alternative, ...] = ()
    weight: float = 1.0

    @property
    def texts(self) -> tuple[str, ...]:
        return (self.text, *(text for one in self.alternatives for text in one.texts))

    @property
    def single(self) -> tuple[str, ...]:
        """The ways that are one word."""
        return (self.text, *(one.texts[0] for one in self.alternatives if len(one.texts) == 1))

    @property
    def ways(self) -> tuple[Alternative, ...]:
        """What counts as the term, itself first."""
        return (Alternative((self.text,), 1.0, "exact"), *self.alternatives)


class Scope(msgspec.Struct, frozen=True):
    """Where terms are scored: a channel and what is admitted of it."""

    channel: Channel
    allowed: Allowed
    fields: Sequence[FieldWeight]
    means: Array


class Scored(msgspec.Struct, frozen=True):
    """Scores per slot and what they are made of.

    `scores`, `covered` (idf sum of the matched terms) have shape (slots,); `total_idf` and `best` (the score of a
    document whose every field says every term) are those of the query; `unknown` is the idf share of unknown words;
    `alike` (slots,) is how much of the query's characters a document has, where that was scored; `weights` (terms,) are
    the terms' idf, `frequencies` in how many documents they are; `starts` (slots,) says where in a long body its best
    part begins, else -1.
    """

    scores: Array
    covered: Array
    total_idf: float
    best: float
    unknown: float
    alike: Array | None = None
    weights: Array | None = None
    frequencies: Sequence[int] = ()
    starts: NDArray[np.int64] | None = None


class Matches(msgspec.Struct, frozen=True):
    """Every posting of every way of every term: `slots`, `counts` (fields, n), of which `terms`, at what `weights`.
    Where terms have more ways than one, the postings of a way stand together, and those of a term's ways; `sizes` says
    how many there are of each way."""

    slots: SlotArray
    counts: CountArray
    terms: NDArray[np.int64]
    weights: Array
    sizes: list[int]


def scope_of(snapshot: Snapshot, allowed: Allowed, name: str) -> Scope:
    fields = FIELDS[name] if name != "words" else fitted(FIELDS[name], allowed.spread)
    return Scope(snapshot.channels[name], allowed, fields, allowed.means[name])


def fitted(fields: tuple[FieldWeight, ...], spread: float) -> tuple[FieldWeight, ...]:
    """The weights of words with the body's fitted to the documents at hand.

    Where lengths hardly differ (paragraphs) they say nothing, and a word said twice is no surprise; where they differ
    much, a long text must be paid for. So b is the spread of the lengths within [0.5, 1], and k1 is 1.2 of that.
    """
    much = min(1.0, max(0.5, spread))
    return (*fields[:BODY], FieldWeight(fields[BODY].weight, 1.2 * much, much), *fields[BODY + 1 :])


def idf(count: int, df: int) -> float:
    """Robertson & Zaragoza 2009, eq. 3.2, kept positive as Lucene does."""
    return log1p((count - df + 0.5) / (df + 0.5))


def bm25(tf: Array, lengths: Array, mean: float, field: FieldWeight) -> Array:
    """Saturated frequency of one term in one field, shape (n,). Robertson & Zaragoza 2009, eq. 3.15, without idf."""
    return tf * (field.k1 + 1) / (tf + field.k1 * (1 - field.b + field.b * lengths / mean))


def score_channel(
    snapshot: Snapshot, allowed: Allowed, name: str, terms: Sequence[Term], only: NDArray[np.int64] | None = None
) -> Scored:
    """Score one channel; `only` these slots, if given, without changing the statistics."""
    scope, size = scope_of(snapshot, allowed, name), len(snapshot.slots.ids)
    found, df = matches(scope, terms, only)
    weight = np.array([term.weight * idf(allowed.count, n) for term, n in zip(terms, df, strict=True)])
    total, known = float(weight.sum()), float(weight[np.array(df, np.int64) > 0].sum())
    slots, which, gains = gains_of(scope, found, terms)
    rarity = weight[which]
    scores, covered = (np.bincount(slots, values, size).astype(np.float64) for values in (rarity * gains, rarity))
    return Scored(scores, covered, total, total * PERFECT[name], 1 - known / total if total else 1.0, weights=weight,
                  frequencies=df)  # fmt: skip


def matches(scope: Scope, terms: Sequence[Term], only: NDArray[np.int64] | None = None) -> tuple[Matches, list[int]]:
    """The postings of all terms (of `only` these slots), and each one's document frequency (documents that hold it in
    any way)."""
    numbers = scope.channel.vocabulary.of(text for term in terms for text in term.texts)
    here = None if only is None else np.unique(only).astype(np.int32)
    if here is not None and not any(term.alternatives for term in terms):
        return _plainly(scope, [numbers[term.text] for term in terms], here)
    parts: list[tuple[SlotArray, CountArray]] = []
    owners, weights, df = [], [], []
    for n, term in enumerate(terms):
        held, count = _held(scope, term, numbers, here)
        parts += held
        owners += [n] * len(held)
        weights += [way.weight for way in term.ways]
        df.append(count)
    sizes = [len(slots) for slots, _ in parts]
    if not parts:
        return Matches(np.empty(0, np.int32), np.empty((len(scope.fields), 0), np.uint8), np.empty(0, np.int64),
                       np.empty(0), []), df  # fmt: skip
    return Matches(
        np.concatenate([slots for slots, _ in parts]),
        np.concatenate([counts for _, counts in parts], axis=1),
        np.repeat(np.array(owners), sizes),
        np.repeat(np.array(weights), sizes),
        sizes,
    ), df


def _plainly(scope: Scope, numbers: Sequence[int], here: SlotArray) -> tuple[Matches, list[int]]:
    """Of words that are nothing else, at the slots `here`."""
    slots, counts, which = scope.channel.of_terms_at(numbers, here)
    df = [held_by(scope.channel, scope.allowed, number) for number in numbers]
    return Matches(slots, counts, which, np.ones(len(slots)), []), df


def _held(
    scope: Scope, term: Term, numbers: dict[str, int], here: SlotArray | None
) -> tuple[list[tuple[SlotArray, CountArray]], int]:
    """The postings of each way of a term at the slots `here` (ascending; None: all), and its document frequency."""
    held = [holding(scope, [numbers[text] for text in way.texts]) for way in term.ways]
    count = frequency(scope, [slots for slots, _ in held], [numbers[text] for text in term.single])
    if here is not None:
        mask = np.zeros(len(scope.allowed.mask), np.bool_)
        mask[here] = True
        kept = [mask[slots] for slots, _ in held]
        held = [(slots[at], counts[:, at]) for (slots, counts), at in zip(held, kept, strict=True)]
    return held, count


def frequency(scope: Scope, held: Sequence[SlotArray], numbers: Sequence[int]) -> int:
    """In how many documents one term is, in any of its ways; `numbers` are those of its ways of one word, of which
    memory may hold only some documents."""
    cut = max((scope.channel.cut_from(number, scope.allowed.groups) for number in numbers), default=0)
    if len(held) == 1:
        return max(len(held[0]), cut)
    seen = np.zeros(len(scope.allowed.mask), np.bool_)
    for slots in held:
        seen[slots] = True
    return max(int(np.count_nonzero(seen)), cut)


def held_by(channel: Channel, allowed: Allowed, number: int) -> int:
    """In how many admitted documents one word is."""
    key = (id(channel), number)
    found = allowed.known.get(key)
    if found is None:
        mask = allowed.mask if allowed.count < len(allowed.mask) else None
        found = max(channel.holders(number, mask), channel.cut_from(number, allowed.groups))
        if len(allowed.known) >= KNOWN:
            allowed.known.clear()
        allowed.known[key] = found
    return found


def gains_of(scope: Scope, found: Matches, terms: Sequence[Term]) -> tuple[SlotArray, NDArray[np.int64], Array]:
    """(slots, terms, gains): what each document gains from each term, by the best of its ways, without idf."""
    gains = found.weights * together(scope, found.slots, found.counts)
    if not any(term.alternatives for term in terms):
        return found.slots, found.terms, gains
    parts, ends = [], np.cumsum([0, *found.sizes]).tolist()
    way = 0
    for n, term in enumerate(terms):
        first, way = way, way + 1 + len(term.alternatives)
        low, high = ends[first], ends[way]
        slots, gained = found.slots[low:high], gains[low:high]
        if way - first > 1 and high > low:
            best = np.zeros(len(scope.allowed.mask))
            for one in range(first, way):
                at = found.slots[ends[one] : ends[one + 1]]
                best[at] = np.maximum(best[at], gains[ends[one] : ends[one + 1]])
            slots = np.flatnonzero(best).astype(np.int32)
            gained = best[slots]
        parts.append((slots, np.full(len(slots), n, np.int64), gained))
    return tuple(np.concatenate(some) for some in zip(*parts, strict=True))  # type: ignore[return-value]


def together(scope: Scope, slots: SlotArray, counts: CountArray) -> Array:
    """The fields' gains as one (n,): their sum where the title is the document's own.

    A title that k documents share (the parts of one long article) tells them apart k times less, so there a word
    in both title and body gains the larger of the two and 1/k of the rest: else whoever repeats the title wins.
    """
    total, largest = np.zeros(len(slots)), np.zeros(len(slots))
    for i in range(len(scope.fields)):
        here = np.flatnonzero(counts[i])
        if len(here):
            gains = field_gains(scope, i, slots[here], counts[i, here])
            total[here] += gains
            largest[here] = np.maximum(largest[here], gains)
    return largest + scope.allowed.own[slots] * (total - largest)


def field_gains(scope: Scope, i: int, slots: SlotArray, counts: NDArray[np.uint8]) -> Array:
    """What field i alone gains from a term, shape (n,), without idf."""
    field = scope.fields[i]
    return field.weight * bm25(counts.astype(np.float64), scope.channel.lengths[i, slots], scope.means[i], field)


def holding(scope: Scope, numbers: Sequence[int]) -> tuple[SlotArray, CountArray]:
    """The admitted documents that hold every term in one field, as often as the rarest of them there."""
    slots, counts = admitted(scope.channel, scope.allowed, numbers[0])
    if len(numbers) == 1:
        return slots, counts
    for number in numbers[1:]:
        others, more = admitted(scope.channel, scope.allowed, number)
        slots, here, there = np.intersect1d(slots, others, assume_unique=True, return_indices=True)
        counts = np.minimum(counts[:, here], more[:, there])
    in_one_field = counts.any(axis=0)
    return slots[in_one_field], counts[:, in_one_field]


def admitted(channel: Channel, allowed: Allowed, number: int) -> tuple[SlotArray, CountArray]:
    """The postings of a term among the admitted documents: slots, counts (fields, n)."""
    slots, counts = channel.of_term(number)
    if allowed.count == len(allowed.mask):
        return slots, counts
    kept = allowed.mask[slots]
    return slots[kept], counts[:, kept]
