"""How sure a first result is: a calibrated probability, and the three bands the bots act on.

A fixed prior for now, fitted by `search.calibrate` on the shared sets; a site's own comes with its own phrasings.
"""

from __future__ import annotations

import math

import msgspec

ANSWER, CANDIDATES = 0.6, 0.25  # bands: at least this probable


class Evidence(msgspec.Struct, frozen=True):
    """What is seen of a search, each in [0, 1].

    `share`: the first score over the score of a perfect document; `covered`: the idf share of the query's words in
    the first; `gap`: how far the second is behind; `unknown`: the idf share of words that no document has.
    """

    share: float
    covered: float
    gap: float
    unknown: float
    words: float

    def features(self) -> tuple[float, ...]:
        return (self.share, self.covered, self.gap, self.unknown, self.words)


# intercept, then Evidence.features()
PRIOR = (-3.0, 4.0, 2.0, 3.0, -1.0, 0.0)


def confidence(evidence: Evidence | None, weights: tuple[float, ...] = PRIOR) -> float:
    """Probability that the first result answers; 0 without one."""
    if evidence is None:
        return 0.0
    z = weights[0] + sum(w * x for w, x in zip(weights[1:], evidence.features(), strict=True))
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, z))))


def band(probability: float) -> str:
    """`answer`, `candidates` (show three: もしかして) or `none`."""
    if probability >= ANSWER:
        return "answer"
    return "candidates" if probability >= CANDIDATES else "none"
