"""What is seen of a search before anybody says whether its first result was right."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from search.confidence import Evidence
from search.documents import CHANNELS
from search.scoring import Scope, Scored, Term, frequency, holding, idf, scope_of
from search.snapshot import Allowed, Snapshot

CROWD = 10  # results whose scores are compared
QUESTION = [CHANNELS["words"].index(field) for field in ("title", "phrasings", "clicked")]
SAID = [n for n, field in enumerate(CHANNELS["words"]) if field != "aside"]  # what is only said aside answers nothing


def evidence(
    snapshot: Snapshot, allowed: Allowed, terms: Sequence[Term], scored: Scored, best: Sequence[int]
) -> Evidence | None:
    """Of the first of `best`, the slots of the best CROWD results; None when there is nothing to judge."""
    if not best or scored.total_idf <= 0:
        return None
    slot, scores = best[0], scored.scores[list(best)]
    first, second = float(scores[0]), float(scores[1]) if len(best) > 1 else 0.0
    covered, asked, missing, other = _words(scope_of(snapshot, allowed, "words"), terms, slot)
    return Evidence(
        share=min(1.0, first / max(scored.best, 1e-9)),
        covered=min(1.0, covered / scored.total_idf),
        gap=(first - second) / max(first, 1e-9),
        unknown=scored.unknown,
        brevity=math.exp(-scored.total_idf / 20),
        asked=min(1.0, asked / scored.total_idf),
        missing=min(1.0, missing / scored.total_idf),
        alike=min(1.0, other / scored.total_idf + (float(scored.alike[slot]) if scored.alike is not None else 0.0)),
        crowd=_crowd(scores),
    )


def _words(scope: Scope, terms: Sequence[Term], slot: int) -> tuple[float, float, float, float]:
    """Idf of the words in the document, of those in its question, of the rarest word that it lacks, and of the words
    that it has only in another way (a synonym, a word of the same sound), which its characters cannot show."""
    numbers = scope.channel.vocabulary.of(text for term in terms for text in term.texts)
    covered = asked = missing = other = 0.0
    for term in terms:
        held = [holding(scope, [numbers[text] for text in way.texts]) for way in term.ways]
        weight = idf(
            scope.allowed.count, frequency(scope, [slots for slots, _ in held], [numbers[text] for text in term.single])
        )
        counts = [counts[SAID][:, slots == slot] for slots, counts in held]
        if not any(one.any() for one in counts):
            missing = max(missing, weight)
            continue
        covered += weight
        asked += weight * any(one[QUESTION].any() for one in counts)
        other += weight * (not counts[0].any())
    return covered, asked, missing, other


def _crowd(scores: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    """Entropy of the scores as shares, 1 when all are equal, 0 when there is one."""
    shares = scores[scores > 0] / max(float(scores[scores > 0].sum()), 1e-9)
    return float(-(shares * np.log(shares)).sum() / math.log(CROWD)) if len(shares) > 1 else 0.0
