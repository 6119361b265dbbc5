"""The channels together: words first, character n-grams beside them, weighing more as more words are unknown."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from search.passages import passages
from search.scoring import Array, Scored, Term, held_by, score_channel
from search.snapshot import Allowed, Snapshot

ALWAYS = 0.3  # weight of the n-gram channel beside words that are all known …
GATE = 1.0  # … and what is added when every word of the query is unknown
CANDIDATES = 200
MANY = 3_000  # documents from which on common n-grams are left out …
COMMON = 0.1  # … those that more than this share of the documents holds


def score(snapshot: Snapshot, allowed: Allowed, terms: Sequence[Term], grams: Sequence[str]) -> Scored:
    """Words first, then n-grams of the whole query, which weigh more as more of its idf is in unknown words.

    While every word is known the n-grams only order the best CANDIDATES anew.
    """
    by_word = score_channel(snapshot, allowed, "words", terms)
    best = np.array(top(snapshot, by_word.scores, CANDIDATES), np.int64)
    by_word = in_parts(snapshot, allowed, terms, by_word, best)
    candidates = best if by_word.unknown == 0 else None
    by_gram = score_channel(
        snapshot, allowed, "grams", gram_terms(snapshot, allowed, grams, by_word.unknown), candidates
    )
    scores = by_word.scores + gate(by_word, by_gram) * by_gram.scores
    return msgspec.structs.replace(by_word, scores=scores, alike=by_gram.scores / max(by_gram.best, 1e-9))


def in_parts(
    snapshot: Snapshot, allowed: Allowed, terms: Sequence[Term], by_word: Scored, best: NDArray[np.int64]
) -> Scored:
    """With what the best parts of the best documents add."""
    if not len(snapshot.parts.owners) or by_word.weights is None:
        return by_word
    found = passages(snapshot, allowed, terms, by_word.weights, best)
    if found is None:
        return by_word
    return msgspec.structs.replace(by_word, scores=by_word.scores + found.gains, starts=found.starts)


def gram_terms(snapshot: Snapshot, allowed: Allowed, grams: Sequence[str], unknown: float) -> list[Term]:
    """Where they score everything in a large index, only those that tell documents apart: the others cost the most."""
    found = list(dict.fromkeys(grams))
    if unknown > 0 and allowed.count >= MANY:
        channel = snapshot.channels["grams"]
        numbers = channel.vocabulary.of(found)
        df = {gram: held_by(channel, allowed, numbers[gram]) for gram in found}
        found = [gram for gram in found if df[gram] <= allowed.count * COMMON]
    return [Term(gram) for gram in found]


def gate(by_word: Scored, by_gram: Scored) -> float:
    """The weight of the n-grams' scores, in units of the words'."""
    if by_gram.best == 0:
        return 0.0
    return (ALWAYS + GATE * by_word.unknown) * max(by_word.best, 1.0) / by_gram.best


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
