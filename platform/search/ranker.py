"""The channels together: words first, character n-grams beside them, weighing more as more words are unknown."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from search.documents import CHANNELS
from search.passages import passages
from search.scoring import Array, Scored, Term, held_by, score_channel
from search.snapshot import Allowed, Snapshot

ALWAYS = 0.3  # weight of the n-gram channel beside words that are all known …
GATE = 1.0  # … and what is added when every word of the query is unknown
CANDIDATES = 200
WORDING, MORE = 0.15, 0.65  # share of the best score that the same wording adds: alone, and …
ENOUGH = 500  # … by half of this more with so many words of phrasings to a document
LEAST = 0.1  # of a perfect score: less is no sign, however much the best
PHRASINGS = CHANNELS["words"].index("phrasings")
MANY = 3_000  # documents from which on common n-grams and wordings are left out …
COMMON = 0.1  # … those that more than this share of the documents holds


class Asking(msgspec.Struct, frozen=True):
    """A query's terms by channel: words with what else they may be, character n-grams, wordings."""

    terms: Sequence[Term]
    grams: Sequence[str]
    wordings: Sequence[str] = ()


def score(snapshot: Snapshot, allowed: Allowed, asking: Asking) -> Scored:
    """Words first, then n-grams of the whole query, which weigh more as more of its idf is in unknown words.

    While every word is known the n-grams only order the best CANDIDATES anew. Wordings always do only that.
    """
    by_word = score_channel(snapshot, allowed, "words", asking.terms)
    best = np.array(top(snapshot, by_word.scores, CANDIDATES), np.int64)
    by_word = in_parts(snapshot, allowed, asking.terms, by_word, best)
    candidates = best if by_word.unknown == 0 else None
    grams = telling(snapshot, allowed, "grams", asking.grams, by_word.unknown > 0)
    by_gram = score_channel(snapshot, allowed, "grams", grams, candidates)
    scores = by_word.scores + gate(by_word, by_gram) * by_gram.scores
    scores = scores + by_wording(snapshot, allowed, asking.wordings, scores, best)
    return msgspec.structs.replace(by_word, scores=scores, alike=by_gram.scores / max(by_gram.best, 1e-9))


def by_wording(
    snapshot: Snapshot, allowed: Allowed, wordings: Sequence[str], scores: Array, best: NDArray[np.int64]
) -> Array:
    """What the best documents gain for how they ask: at most a share of the best score, which grows with the phrasings
    that there are to compare with. A title that many share says nothing about its documents' questions."""
    if not len(best) or not wordings:
        return np.zeros(len(scores))
    terms = telling(snapshot, allowed, "wordings", wordings, is_costly=True)
    found = score_channel(snapshot, allowed, "wordings", terms, best)
    most = max(float(found.scores.max(initial=0.0)), LEAST * found.best)
    said = float(allowed.means["words"][PHRASINGS])
    share = WORDING + MORE * said / (said + ENOUGH)
    return found.scores * allowed.own * (share * float(scores.max(initial=0.0)) / max(most, 1e-9))


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


def telling(snapshot: Snapshot, allowed: Allowed, name: str, found: Sequence[str], is_costly: bool) -> list[Term]:
    """Where they are costly in a large index, only those that tell documents apart: the others cost the most."""
    found = list(dict.fromkeys(found))
    if is_costly and allowed.count >= MANY:
        channel = snapshot.channels[name]
        numbers = channel.vocabulary.of(found)
        df = {text: held_by(channel, allowed, numbers[text]) for text in found}
        found = [text for text in found if df[text] <= allowed.count * COMMON]
    return [Term(text) for text in found]


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

    order = snapshot.order[snapshot.slots.groups[matched]]
    places = np.lexsort((order[:, 1], snapshot.slots.refs[matched], order[:, 0], -scores[matched]))
    return matched[places[:limit]].tolist()  # type: ignore[no-any-return]
