"""How sure a first result is: a calibrated probability, and the three bands the bots act on.

A fixed prior, fitted by `engawa search calibrate` on the shared sets (docs/decisions/search.md has its numbers); a
site's own comes with its own phrasings.
"""

from __future__ import annotations

import math

import msgspec

ANSWER, CANDIDATES = 0.65, 0.25  # bands: at least this probable


class Evidence(msgspec.Struct, frozen=True):
    """What is seen of a search, each in [0, 1].

    `share`: the first score over the score of a perfect document; `covered`: the idf share of the query's words in
    the first; `gap`: how far the second is behind; `unknown`: the idf share of words that no document has;
    `brevity`: 1 for a query that says nothing, towards 0 for one that says much (e to the minus idf sum / 20).
    """

    share: float
    covered: float
    gap: float
    unknown: float
    brevity: float

    def features(self) -> tuple[float, ...]:
        return (self.share, self.covered, self.gap, self.unknown, self.brevity)


# intercept, then Evidence.features()
PRIOR = (-1.988, 5.110, 2.756, 3.750, -2.053, -4.139)


def confidence(evidence: Evidence | None, weights: tuple[float, ...] = PRIOR) -> float:
    """Probability that the first result answers; 0 without one."""
    if evidence is None:
        return 0.0
    z = weights[0] + sum(w * x for w, x in zip(weights[1:], evidence.features(), strict=True))
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, z))))


def band(probability: float, answer: float = ANSWER, candidates: float = CANDIDATES) -> str:
    """`answer`, `candidates` (show three: もしかして) or `none`."""
    if probability >= answer:
        return "answer"
    return "candidates" if probability >= candidates else "none"
