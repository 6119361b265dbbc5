"""How sure a first result is: a calibrated probability, and the three bands the bots act on.

A prior, fitted by `engawa search calibrate` on the shared sets (docs/decisions/search.md has its numbers), holds until
a site has enough phrasings and clicks of its own (search.training).
"""

from __future__ import annotations

import math

import msgspec

ANSWER, CANDIDATES = 0.65, 0.25  # bands: at least this probable


class Evidence(msgspec.Struct, frozen=True):
    """What is seen of a search, each in [0, 1].

    `share`: the first score over the score of a perfect document; `covered`: the idf share of the query's words in
    the first, `asked`: in its title, phrasings and clicked queries; `missing`: of the rarest word that it lacks;
    `gap`: how far the second is behind; `crowd`: how evenly the best ten share their scores; `alike`: the share of
    the query's characters in the first, what it says in another way included; `unknown`: the idf share of words that
    no document has; `brevity`: 1 for a query that says nothing, towards 0 for one that says much (e to the minus idf
    sum / 20); `exact`: the idf share of its words that the first holds as they were typed; `alone`: 1 over how many of
    its words the first holds; `fifth`: the fifth result's score over the first's; `named`: the share of the first's
    title that the query says.
    """

    share: float
    covered: float
    gap: float
    unknown: float
    brevity: float
    asked: float
    missing: float
    alike: float
    crowd: float
    exact: float
    alone: float
    fifth: float
    named: float

    def features(self) -> tuple[float, ...]:
        """With products: what covers a long query says more than what covers a short one."""
        return (
            self.share, self.covered, self.gap, self.unknown, self.brevity, self.asked, self.missing, self.alike,
            self.crowd, self.covered**2, self.asked * self.covered, self.gap * self.covered,
            self.brevity * self.covered, self.alike * self.asked, self.exact, self.alone, self.fifth,
            self.named * self.covered, self.alike * self.gap,
        )  # fmt: skip


# intercept, then Evidence.features()
PRIOR = (
    -4.998, 0.477, 0.896, 2.065, -1.141, -0.866, -0.737, 1.894, 2.015, 3.857,
    -0.529, -2.283, 4.118, -0.391, 3.278, 2.636, -1.96, -3.456, 2.439, -2.457,
)  # fmt: skip


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
