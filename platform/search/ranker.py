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
    "words": (FieldWeight(1.5, 0.9, 0.3), FieldWeight(1.5, 0.9, 0.3), FieldWeight(1.0, 0.9, 0.75)),
    "grams": (FieldWeight(1.5, 0.9, 0.3), FieldWeight(1.0, 0.9, 0.75)),
}
GATE = 1.0  # weight of the n-gram channel when every word of the query is unknown


class Term(msgspec.Struct, frozen=True):
    """A query term: alternatives count as one (half a word's completions), each with its weight in (0, 1]."""

    text: str
    alternatives: tuple[tuple[str, float], ...] = ()


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
    """Words first; the n-grams of the whole query weigh as much as its unknown words' share of the idf."""
    by_word = score_channel(snapshot, allowed, "words", terms)
    if by_word.unknown == 0 or not grams:
        return by_word
    by_gram = score_channel(snapshot, allowed, "grams", [Term(gram) for gram in dict.fromkeys(grams)])
    if by_gram.best == 0:
        return by_word
    weight = GATE * by_word.unknown * max(by_word.best, 1.0) / by_gram.best
    return Scored(
        by_word.scores + weight * by_gram.scores, by_word.covered, by_word.total_idf, by_word.best, by_word.unknown
    )


def score_channel(snapshot: Snapshot, allowed: Allowed, name: str, terms: Sequence[Term]) -> Scored:
    channel, fields = snapshot.channels[name], FIELDS[name]
    size = len(snapshot.slots.ids)
    scores, covered = np.zeros(size), np.zeros(size)
    total = known = best = 0.0
    ceiling = sum(field.weight * (field.k1 + 1) for field in fields)
    for term in terms:
        slots, gains = gains_of(channel, allowed, fields, allowed.means[name], term)
        weight = idf(allowed.count, len(slots))
        total += weight
        best += weight * ceiling
        if len(slots):
            known += weight
            scores[slots] += weight * gains
            covered[slots] += weight
    return Scored(scores, covered, total, best, 1 - known / total if total else 1.0)


def gains_of(
    channel: Channel, allowed: Allowed, fields: Sequence[FieldWeight], means: Array, term: Term
) -> tuple[NDArray[np.int32], Array]:
    """(slots, field-weighted saturation) of the admitted documents that hold the term or an alternative of it."""
    slots, gains = _gains(channel, allowed, fields, means, term.text)
    for text, weight in term.alternatives:
        more, gained = _gains(channel, allowed, fields, means, text)
        slots, gains = _best_of(slots, gains, more, gained * weight)
    return slots, gains


def _gains(
    channel: Channel, allowed: Allowed, fields: Sequence[FieldWeight], means: Array, text: str
) -> tuple[NDArray[np.int32], Array]:
    number = channel.vocabulary.number(text)
    slots, counts = channel.of_term(number) if number >= 0 else channel.of_term(len(channel.vocabulary) + 1)
    kept = allowed.mask[slots]
    slots, counts = slots[kept], counts[:, kept]
    gains = np.zeros(len(slots))
    for i, field in enumerate(fields):
        if counts[i].any():
            gains += field.weight * bm25(counts[i].astype(np.float64), channel.lengths[i, slots], means[i], field)
    return slots, gains


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
