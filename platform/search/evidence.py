"""What is seen of a search before anybody says whether its first result was right."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
import numpy as np

from search.confidence import Evidence
from search.documents import CHANNELS
from search.scoring import Scope, Scored, Term, idf, scope_of
from search.snapshot import Allowed, Snapshot

CROWD = 10  # results whose scores are compared
TITLE = CHANNELS["words"].index("title")
QUESTION = [CHANNELS["words"].index(field) for field in ("title", "phrasings", "clicked")]
SAID = [n for n, field in enumerate(CHANNELS["words"]) if field != "aside"]  # what is only said aside answers nothing


class Seen(msgspec.Struct):
    """Of the first result: idf of the query's words that it holds (`covered`), holds as typed, in its question; that it
    has only in another way, which its characters cannot show (a synonym, a word of the same sound); of the rarest that
    it lacks; how many words it holds, and how many are in its title."""

    covered: float = 0.0
    exact: float = 0.0
    asked: float = 0.0
    other: float = 0.0
    missing: float = 0.0
    held: int = 0
    named: int = 0


def evidence(
    snapshot: Snapshot, allowed: Allowed, terms: Sequence[Term], scored: Scored, best: Sequence[int]
) -> Evidence | None:
    """Of the first of `best`, the slots of the best CROWD results; None when there is nothing to judge."""
    if not best or scored.total_idf <= 0:
        return None
    slot, scores, total = best[0], scored.scores[list(best)], scored.total_idf
    first, second, fifth = (float(scores[n]) if len(scores) > n else 0.0 for n in (0, 1, 4))
    scope = scope_of(snapshot, allowed, "words")
    seen = _seen(scope, terms, scored.frequencies, slot)
    alike = float(scored.alike[slot]) if scored.alike is not None else 0.0
    return Evidence(
        share=min(1.0, first / max(scored.best, 1e-9)),
        covered=min(1.0, seen.covered / total),
        gap=(first - second) / max(first, 1e-9),
        unknown=scored.unknown,
        brevity=math.exp(-total / 20),
        asked=min(1.0, seen.asked / total),
        missing=min(1.0, seen.missing / total),
        alike=min(1.0, seen.other / total + alike),
        crowd=_crowd(scores),
        exact=min(1.0, seen.exact / total),
        alone=1 / max(1, seen.held),
        fifth=fifth / max(first, 1e-9),
        named=min(1.0, seen.named / max(1, int(scope.channel.lengths[TITLE, slot]))),
    )


def _seen(scope: Scope, terms: Sequence[Term], frequencies: Sequence[int], slot: int) -> Seen:
    texts = list(dict.fromkeys(text for term in terms for text in term.texts))
    numbers = scope.channel.vocabulary.of(texts)
    _, held, which = scope.channel.of_terms_at([numbers[text] for text in texts], np.array([slot], np.int32))
    said = {texts[n]: held[:, at] for at, n in enumerate(which.tolist())}
    nothing = np.zeros(len(scope.channel.lengths), np.uint8)
    seen = Seen()
    for term, documents in zip(terms, frequencies, strict=True):
        # Of several words together what the rarest of them says, field by field.
        ways = [np.minimum.reduce([said.get(text, nothing) for text in way.texts]) for way in term.ways]
        weight = idf(scope.allowed.count, documents)
        counts = [way[SAID] for way in ways]
        is_exact = bool(counts[0].any())
        if not any(one.any() for one in counts):
            seen.missing = max(seen.missing, weight)
            continue
        seen.held += 1
        seen.covered += weight
        seen.exact += weight * is_exact
        seen.other += weight * (not is_exact)
        seen.asked += weight * any(one[QUESTION].any() for one in counts)
        seen.named += any(one[TITLE].any() for one in counts)
    return seen


def _crowd(scores: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    """Entropy of the scores as shares, 1 when all are equal, 0 when there is one."""
    shares = scores[scores > 0] / max(float(scores[scores > 0].sum()), 1e-9)
    return float(-(shares * np.log(shares)).sum() / math.log(CROWD)) if len(shares) > 1 else 0.0
