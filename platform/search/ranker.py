"""The channels together: words first, character n-grams beside them, weighing more as more words are unknown."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from search.scoring import Array, Scored, Term, score_channel
from search.snapshot import Allowed, Snapshot

ALWAYS = 0.3  # weight of the n-gram channel beside words that are all known …
GATE = 1.0  # … and what is added when every word of the query is unknown
CANDIDATES = 200


def score(snapshot: Snapshot, allowed: Allowed, terms: Sequence[Term], grams: Sequence[str]) -> Scored:
    """Words first, then n-grams of the whole query, which weigh more as more of its idf is in unknown words.

    While every word is known the n-grams only order the best CANDIDATES anew.
    """
    by_word = score_channel(snapshot, allowed, "words", terms)
    candidates = None
    if by_word.unknown == 0:
        candidates = np.array(top(snapshot, by_word.scores, CANDIDATES), np.int64)
    by_gram = score_channel(snapshot, allowed, "grams", gram_terms(grams), candidates)
    scores = by_word.scores + gate(by_word, by_gram) * by_gram.scores
    return msgspec.structs.replace(by_word, scores=scores, alike=by_gram.scores / max(by_gram.best, 1e-9))


def gram_terms(grams: Sequence[str]) -> list[Term]:
    return [Term(gram) for gram in dict.fromkeys(grams)]


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
