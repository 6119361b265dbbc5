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
    loss = _loss(x, right, weight, beta, towards, penalty)
    for _step in range(100):
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
        gradient = x.T @ (weight * (right - p)) - penalty @ (beta - towards)
        curve = x.T @ (x * (weight * np.maximum(p * (1 - p), 1e-6))[:, None]) + penalty + 1e-9 * np.eye(len(beta))
        step = np.linalg.solve(curve, gradient)
        after = _loss(x, right, weight, beta + step, towards, penalty)
        while after > loss and np.abs(step).max() > 1e-8:  # a whole step may overshoot, and then runs away
            step = step / 2
            after = _loss(x, right, weight, beta + step, towards, penalty)
        if after > loss or np.abs(step).max() <= 1e-8:
            break
        beta, loss = beta + step, after
    return tuple(float(b) for b in beta)


def _loss(x: Array, right: Array, weight: Array, beta: Array, towards: Array, penalty: Array) -> float:
    """What is made small: the log loss, and half the squared distance from where the weights are drawn to."""
    away = beta - towards
    return log_loss(x @ beta, right, weight) + float(away @ penalty @ away) / 2


def log_loss(z: Array, right: Array, weight: Array) -> float:
    """Of the log odds `z` (n,) of being right."""
    return float((weight * (np.logaddexp(0, z) - right * z)).sum())


def probabilities(features: Array, weights: Sequence[float]) -> Array:
    return np.asarray(1 / (1 + np.exp(-(weights[0] + features @ np.array(weights[1:])))))


def answered_at(scores: Array, samples: Samples, kind: int = STRANGER, false_answers: float = 0.05) -> float:
    """Share of the rightly found own queries above the score that `false_answers` of the samples of `kind` pass."""
    edge = np.quantile(scores[samples.kind == kind], 1 - false_answers)
    own = (samples.kind == OWN) & (samples.right == 1)
    return float((scores[own] > edge).mean())
