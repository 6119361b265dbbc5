"""The weights of the confidence from searches whose answer is known: logistic regression, by Newton's method.

A sample is one search: its Evidence, and whether its first result was right. Three kinds, so that silence is learned
too: a site's own queries; the same with their documents deleted; queries about something else.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
OWN, DELETED, STRANGER = 0, 1, 2
SHARES = (0.6, 0.2, 0.2)  # of the kinds in what is learned, however many samples each has
RIDGE = 1.0


class Samples(msgspec.Struct, frozen=True):
    """`features` (n, features), `right` (n,) 0 or 1, `kind` (n,): OWN, DELETED or STRANGER."""

    features: Array
    right: Array
    kind: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.right)

    def some(self, mask: NDArray[np.bool_]) -> Samples:
        return Samples(self.features[mask], self.right[mask], self.kind[mask])


def gathered(found: Sequence[tuple[tuple[float, ...], bool, int]]) -> Samples:
    """Of (features, right, kind) each."""
    return Samples(
        np.array([features for features, _, _ in found], np.float64),
        np.array([right for _, right, _ in found], np.float64),
        np.array([kind for _, _, kind in found], np.int64),
    )


def balanced(samples: Samples) -> Array:
    """Weights (n,) by which every set counts alike: 60 % its own queries, 20 % deleted answers, 20 % strangers."""
    weight = np.zeros(len(samples))
    for kind, share in enumerate(SHARES):
        of_kind = samples.kind == kind
        weight[of_kind] = 1000 * share / max(int(of_kind.sum()), 1)
    return weight


def fit(
    features: Array, right: Array, weight: Array, prior: Sequence[float] | None = None, ridge: float = RIDGE
) -> tuple[float, ...]:
    """Intercept and weights; they are drawn towards `prior` (else to none) with a strength of `ridge`."""
    x = np.column_stack([np.ones(len(features)), features])
    towards = np.zeros(x.shape[1]) if prior is None else np.array(prior)
    penalty = np.diag([0.0 if prior is None else ridge, *[ridge] * features.shape[1]])
    beta = towards.copy()
    for _step in range(50):
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
        gradient = x.T @ (weight * (right - p)) - penalty @ (beta - towards)
        step = np.linalg.solve(x.T @ (x * (weight * p * (1 - p))[:, None]) + penalty, gradient)
        beta += step
        if np.abs(step).max() < 1e-8:
            break
    return tuple(float(b) for b in beta)


def probabilities(features: Array, weights: Sequence[float]) -> Array:
    return np.asarray(1 / (1 + np.exp(-(weights[0] + features @ np.array(weights[1:])))))


def answered_at(scores: Array, samples: Samples, kind: int = STRANGER, false_answers: float = 0.05) -> float:
    """Share of the rightly found own queries above the score that `false_answers` of the samples of `kind` pass."""
    edge = np.quantile(scores[samples.kind == kind], 1 - false_answers)
    own = (samples.kind == OWN) & (samples.right == 1)
    return float((scores[own] > edge).mean())
