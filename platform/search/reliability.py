"""Whether a confidence means what it says: the reliability diagram and the risk–coverage curve."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
BINS = 10
EDGES = tuple(round(edge / 20, 2) for edge in range(20))


class Bin(msgspec.Struct, frozen=True):
    """Searches whose confidence was from `low` to `high`: what was `promised` on average, what `came`."""

    low: float
    high: float
    promised: float
    came: float
    count: int


class Point(msgspec.Struct, frozen=True):
    """Answering from `edge` up: the share of searches `answered`, and the share of those that were `wrong`."""

    edge: float
    answered: float
    wrong: float


class Reliability(msgspec.Struct, frozen=True):
    """Judged on searches that the weights were not learned from. `samples` is how many; 0 before any training."""

    bins: list[Bin] = []
    curve: list[Point] = []
    auc: float = 0.0
    calibration_error: float = 0.0
    samples: int = 0
    is_own: bool = False
    trained_at: str = ""


def reliability(scores: Array, right: Array, weight: Array) -> Reliability:
    """Of n searches with their confidence, whether the first result was right (0 or 1), and what each counts."""
    which = np.minimum((scores * BINS).astype(int), BINS - 1)
    bins = [_bin(b, scores[which == b], right[which == b], weight[which == b]) for b in np.unique(which).tolist()]
    curve = []
    for edge in EDGES:
        answered = scores >= edge
        total = float(weight[answered].sum())
        wrong = float((weight * (1 - right))[answered].sum()) / total if total else 0.0
        curve.append(Point(edge, round(total / max(float(weight.sum()), 1e-9), 4), round(wrong, 4)))
    return Reliability(bins, curve, round(auc(scores, right, weight), 4), round(_error(bins, weight, which), 4),
                       len(scores))  # fmt: skip


def _bin(b: int, scores: Array, right: Array, weight: Array) -> Bin:
    total = max(float(weight.sum()), 1e-9)
    promised, came = float((scores * weight).sum()) / total, float((right * weight).sum()) / total
    return Bin(b / BINS, (b + 1) / BINS, round(promised, 4), round(came, 4), len(scores))


def _error(bins: list[Bin], weight: Array, which: NDArray[np.int64]) -> float:
    """Mean distance between what was promised and what came, over equally wide bins (ECE)."""
    total = max(float(weight.sum()), 1e-9)
    shares = [float(weight[which == round(one.low * BINS)].sum()) / total for one in bins]
    return sum(abs(one.promised - one.came) * share for one, share in zip(bins, shares, strict=True))


def auc(scores: Array, right: Array, weight: Array | None = None) -> float:
    """Probability that a right one scores above a wrong one; ties count half."""
    w = np.ones(len(scores)) if weight is None else weight
    order = np.argsort(scores, kind="stable")
    s, r, w = scores[order], right[order], w[order]
    below = np.cumsum(w * (1 - r))
    _, first, back = np.unique(s, return_index=True, return_inverse=True)
    lower = np.concatenate([[0.0], below])[first][back]
    upper = np.concatenate([below[first[1:] - 1], below[-1:]])[back] if len(s) else lower
    good, bad = float((w * r).sum()), float((w * (1 - r)).sum())
    return float((w * r * (lower + upper)).sum() / 2 / max(good * bad, 1e-9))
