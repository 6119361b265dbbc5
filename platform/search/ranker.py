"""Our own BM25 over the snapshot, with additive field weights and a gated channel of character n-grams.

Pure: the same snapshot content gives the same scores whatever the engine, the history or the order of slots.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from search.snapshot import Allowed, Channel, Snapshot

Array = NDArray[np.float64]


class FieldWeight(msgspec.Struct, frozen=True):
    weight: float
    k1: float
    b: float


# In the order of documents.CHANNELS. Chosen on ../shared/data/search: docs/decisions/search.md.
FIELDS: dict[str, tuple[FieldWeight, ...]] = {
    "words": (
        FieldWeight(2.5, 0.9, 0.3),
        FieldWeight(2.5, 0.9, 0.3),
        FieldWeight(1.0, 0.9, 0.75),
        FieldWeight(2.0, 0.9, 0.3),
        FieldWeight(0.5, 0.9, 0.3),
    ),
    "grams": (FieldWeight(2.5, 0.9, 0.3), FieldWeight(1.0, 0.9, 0.75)),
}
PERFECT = 3  # fields in which a perfect document says a word: title, phrasings, body
ALWAYS = 0.2  # weight of the n-gram channel beside words that are all known …
GATE = 1.0  # … and what is added when every word of the query is unknown
CANDIDATES = 200


class Alternative(msgspec.Struct, frozen=True):
    """What counts as a term too: a document that holds all of `texts`, with `weight` in (0, 1].

    `how` it came about: completion, synonym, reading, spelling.
    """

    texts: tuple[str, ...]
    weight: float
    how: str


class Term(msgspec.Struct, frozen=True):
    """A query term; with its alternatives it counts as one."""

    text: str
    alternatives: tuple[Alternative, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        return (self.text, *(text for one in self.alternatives for text in one.texts))


class Scope(msgspec.Struct, frozen=True):
    """Where terms are scored: a channel, what is admitted of it, and, if set, the `only` slots (ascending)."""

    channel: Channel
    allowed: Allowed
    fields: Sequence[FieldWeight]
    means: Array
    only: NDArray[np.int64] | None = None


class Scored(msgspec.Struct, frozen=True):
    """Scores per slot and what they are made of.

    `scores`, `covered` (idf sum of the matched terms) have shape (slots,); `total_idf` and `best` (the score of a
    document whose every field says every term) are those of the query; `unknown` is the idf share of unknown words.
    """

    scores: Array
    covered: Array
    total_idf: float
    best: float
    unknown: float


def idf(count: int, df: int) -> float:
    """Robertson & Zaragoza 2009, eq. 3.2, kept positive as Lucene does."""
    return float(np.log1p((count - df + 0.5) / (df + 0.5)))


def bm25(tf: Array, lengths: Array, mean: float, field: FieldWeight) -> Array:
    """Saturated frequency of one term in one field, shape (n,). Robertson & Zaragoza 2009, eq. 3.15, without idf."""
    return tf * (field.k1 + 1) / (tf + field.k1 * (1 - field.b + field.b * lengths / mean))


def score(snapshot: Snapshot, allowed: Allowed, terms: Sequence[Term], grams: Sequence[str]) -> Scored:
    """Words first, then n-grams of the whole query, which weigh more as more of its idf is in unknown words.

    While every word is known the n-grams only order the best CANDIDATES anew.
    """
    by_word = score_channel(snapshot, allowed, "words", terms)
    if not grams:
        return by_word
    candidates = None
    if by_word.unknown == 0:
        candidates = np.array(sorted(top(snapshot, by_word.scores, CANDIDATES)), np.int64)
    by_gram = score_channel(snapshot, allowed, "grams", [Term(gram) for gram in dict.fromkeys(grams)], candidates)
    if by_gram.best == 0:
        return by_word
    weight = (ALWAYS + GATE * by_word.unknown) * max(by_word.best, 1.0) / by_gram.best
    return msgspec.structs.replace(by_word, scores=by_word.scores + weight * by_gram.scores)


def score_channel(
    snapshot: Snapshot, allowed: Allowed, name: str, terms: Sequence[Term], only: NDArray[np.int64] | None = None
) -> Scored:
    """Score one channel; `only` (ascending slots) leaves the others at zero without changing the statistics."""
    channel, fields = snapshot.channels[name], FIELDS[name]
    size = len(snapshot.slots.ids)
    scores, covered = np.zeros(size), np.zeros(size)
    total = known = best = 0.0
    numbers = channel.vocabulary.of(text for term in terms for text in term.texts)
    ceiling = sum(field.weight * (field.k1 + 1) for field in fields[:PERFECT])
    for term in terms:
        slots, gains, df = gains_of(Scope(channel, allowed, fields, allowed.means[name], only), term, numbers)
        weight = idf(allowed.count, df)
        total += weight
        best += weight * ceiling
        if df:
            known += weight
            scores[slots] += weight * gains
            covered[slots] += weight
    return Scored(scores, covered, total, best, 1 - known / total if total else 1.0)


def gains_of(scope: Scope, term: Term, numbers: dict[str, int]) -> tuple[NDArray[np.int32], Array, int]:
    """(slots, their gains, document frequency) of the admitted documents that hold the term or an alternative."""
    holders = [admitted(scope.channel, scope.allowed, numbers[term.text])]
    holders += [_holding(scope, [numbers[text] for text in one.texts]) for one in term.alternatives]
    weights = (1.0, *(one.weight for one in term.alternatives))
    df = len(holders[0][0]) if len(holders) == 1 else len(np.unique(np.concatenate([slots for slots, _ in holders])))
    slots, gains = np.empty(0, np.int32), np.empty(0)
    for (more, counts), weight in zip(holders, weights, strict=True):
        if scope.only is not None:
            more, counts = _among(more, counts, scope.only)
        gained = weight * _gains(scope, more, counts)
        slots, gains = (more, gained) if not len(slots) else _best_of(slots, gains, more, gained)
    return slots, gains, df


def _holding(scope: Scope, numbers: Sequence[int]) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    """The admitted documents that hold every term in one field, as often as the rarest of them there."""
    slots, counts = admitted(scope.channel, scope.allowed, numbers[0])
    for number in numbers[1:]:
        others, more = admitted(scope.channel, scope.allowed, number)
        slots, here, there = np.intersect1d(slots, others, assume_unique=True, return_indices=True)
        counts = np.minimum(counts[:, here], more[:, there])
    together = counts.any(axis=0)
    return (slots, counts) if len(numbers) == 1 else (slots[together], counts[:, together])


def admitted(channel: Channel, allowed: Allowed, number: int) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    """The postings of a term among the admitted documents: slots ascending, counts (fields, n)."""
    slots, counts = channel.of_term(number)
    if allowed.count == len(allowed.mask):
        return slots, counts
    kept = allowed.mask[slots]
    return slots[kept], counts[:, kept]


def _among(
    slots: NDArray[np.int32], counts: NDArray[np.uint8], only: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    """The postings of the slots in `only`; both ascend."""
    if not len(slots):
        return slots, counts
    at = np.minimum(np.searchsorted(slots, only), len(slots) - 1)
    at = at[slots[at] == only]
    return slots[at], counts[:, at]


def _gains(scope: Scope, slots: NDArray[np.int32], counts: NDArray[np.uint8]) -> Array:
    by_field = np.zeros(counts.shape)
    for i, field in enumerate(scope.fields):
        if counts[i].any():
            lengths = scope.channel.lengths[i, slots]
            by_field[i] = field.weight * bm25(counts[i].astype(np.float64), lengths, scope.means[i], field)
    return together(by_field, scope.allowed.own[slots])


def together(by_field: Array, own: Array) -> Array:
    """The fields' gains (fields, n) as one (n,): their sum where the title is the document's own.

    A title that k documents share (the parts of one long article) tells them apart k times less, so there a word
    in both title and body gains the larger of the two and 1/k of the rest: else whoever repeats the title wins.
    """
    largest = by_field.max(axis=0)
    return np.asarray(largest + own * (by_field.sum(axis=0) - largest))


def _best_of(
    slots: NDArray[np.int32], gains: Array, more: NDArray[np.int32], gained: Array
) -> tuple[NDArray[np.int32], Array]:
    """The union of two posting lists, the larger gain where both have a document."""
    union, place = np.unique(np.concatenate([slots, more]), return_inverse=True)
    best = np.zeros(len(union))
    np.maximum.at(best, place, np.concatenate([gains, gained]))
    return union, best


def top(snapshot: Snapshot, scores: Array, limit: int) -> list[int]:
    """The best slots, best first; equal scores in the order of (kind, id, language), never of slots."""
    matched = np.flatnonzero(scores > 0)
    if len(matched) > limit:
        edge = np.partition(scores[matched], -limit)[-limit]
        matched = matched[scores[matched] >= edge]

    def place(slot: int) -> tuple[float, str, int, str]:
        group = snapshot.group_of(slot)
        return (-float(scores[slot]), group.kind, int(snapshot.slots.refs[slot]), group.lang)

    return sorted(matched.tolist(), key=place)[:limit]
