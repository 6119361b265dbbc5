"""Fit the confidence's weights on searches whose answer is known: logistic regression, by Newton's method.

A sample is one search: its Evidence, and whether its first result was right. Three kinds, so that silence is learned
too: the set's own queries; the same with their documents deleted; queries of a set about something else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from search.asking import Wanted
from search.confidence import PRIOR
from search.documents import Document, analyse_now
from search.evaluate import TOKENS, Dataset, read
from search.filters import filter_of
from search.rank import rank
from search.snapshot import Row, Snapshot, advance, empty

Array = NDArray[np.float64]
MOST = 1500  # queries of a set that are used, evenly drawn
RIDGE = 1.0
SHARES = (0.6, 0.2, 0.2)  # of own, deleted and foreign queries in what is learned from a set


class Samples(msgspec.Struct, frozen=True):
    """`features` (n, features), `right` (n,) 0 or 1, `kind` (n,): 0 own, 1 answer deleted, 2 about something else."""

    features: Array
    right: Array
    kind: NDArray[np.int64]


def snapshot_of(dataset: Dataset, without: frozenset[str] = frozenset()) -> Snapshot:
    """The set's corpus in memory; a document's row id is its place in the corpus + 1."""
    rows = []
    for i, e in enumerate(dataset.corpus):
        if e.id not in without:
            document = Document(kind="entry", id=i, lang=e.lang, title=e.title, phrasings=e.phrasings, body=e.body,
                                audience=TOKENS)  # fmt: skip
            analysed = analyse_now(document)
            rows.append(Row(i + 1, "entry", i, analysed.lang, "", "public", 1.0, analysed.rows))
    return advance(empty(), rows, ("calibration", 1))


def samples(dataset: Dataset, strangers: Iterable[str] = ()) -> Samples:
    """What the confidence sees of the set's queries, asked of all of it and of each half of it, and of `strangers`."""
    names = [entry.id for entry in dataset.corpus]
    asked = [q for q in dataset.questions if q.id in dataset.relevant]
    asked = asked[:: max(1, len(asked) // MOST)]
    halves = [frozenset(names[::2]), frozenset(names[1::2])]
    found: list[tuple[tuple[float, ...], bool, int]] = []
    whole = snapshot_of(dataset)
    for question in asked:
        found += _sample(whole, question.text, {names.index(r) for r in dataset.relevant[question.id]}, 0)
    for text in strangers:
        found += _sample(whole, text, set(), 2)
    for gone in halves:
        half = snapshot_of(dataset, gone)
        for question in asked:
            if gone.issuperset(dataset.relevant[question.id]):
                found += _sample(half, question.text, set(), 1)
    features = np.array([f for f, _, _ in found])
    return Samples(features, np.array([float(r) for _, r, _ in found]), np.array([k for _, _, k in found]))


def _sample(snapshot: Snapshot, text: str, right: set[int], kind: int) -> list[tuple[tuple[float, ...], bool, int]]:
    ranked = rank(snapshot, Wanted(text, filter_of(TOKENS), 1))
    if ranked.evidence is None:
        return []
    return [(ranked.evidence.features(), bool(ranked.places) and ranked.places[0].id - 1 in right, kind)]


def fit(features: Array, right: Array, weight: Array | None = None) -> tuple[float, ...]:
    """Intercept and weights of a ridge logistic regression; `weight` (n,) weighs the samples."""
    x = np.column_stack([np.ones(len(features)), features])
    w = np.ones(len(right)) if weight is None else weight
    beta = np.zeros(x.shape[1])
    penalty = np.diag([0.0, *[RIDGE] * features.shape[1]])
    for _ in range(50):
        p = 1 / (1 + np.exp(-x @ beta))
        gradient = x.T @ (w * (right - p)) - penalty @ beta
        step = np.linalg.solve(x.T @ (x * (w * p * (1 - p))[:, None]) + penalty, gradient)
        beta += step
        if np.abs(step).max() < 1e-8:
            break
    return tuple(float(b) for b in beta)


def probabilities(features: Array, weights: Sequence[float]) -> Array:
    return np.asarray(1 / (1 + np.exp(-(weights[0] + features @ np.array(weights[1:])))))


def auc(scores: Array, right: Array) -> float:
    """Probability that a right one scores above a wrong one (ties count half)."""
    order = np.argsort(np.concatenate([scores[right == 1], scores[right == 0]]), kind="stable")
    places = np.empty(len(order))
    places[order] = np.arange(1, len(order) + 1)
    n = int((right == 1).sum())
    m = len(right) - n
    return float((places[:n].sum() - n * (n + 1) / 2) / max(n * m, 1))


def calibration_error(scores: Array, right: Array, bins: int = 10) -> float:
    """Mean distance between what was promised and what came, over equally wide bins (ECE)."""
    which = np.minimum((scores * bins).astype(int), bins - 1)
    return float(
        sum(abs(scores[which == b].mean() - right[which == b].mean()) * (which == b).mean() for b in np.unique(which))
    )


def answered_at(scores: Array, samples: Samples, false_answers: float = 0.05) -> float:
    """Share of the rightly found own queries above the score that `false_answers` of the strangers pass."""
    edge = np.quantile(scores[samples.kind == 2], 1 - false_answers)
    own = (samples.kind == 0) & (samples.right == 1)
    return float((scores[own] > edge).mean())


def strangers_of(directory: Path, most: int = 500) -> list[str]:
    """Queries of another set, as questions about something else."""
    texts = [question.text for question in read(directory).questions]
    return texts[:: max(1, len(texts) // most)]


def balanced(samples: Samples) -> Array:
    """Weights (n,) by which every set counts alike: 60 % its own queries, 20 % deleted answers, 20 % strangers."""
    weight = np.zeros(len(samples.right))
    for kind, share in enumerate(SHARES):
        of_kind = samples.kind == kind
        weight[of_kind] = 1000 * share / max(int(of_kind.sum()), 1)
    return weight


def fit_all(found: Sequence[Samples]) -> tuple[float, ...]:
    return fit(
        np.concatenate([one.features for one in found]),
        np.concatenate([one.right for one in found]),
        np.concatenate([balanced(one) for one in found]),
    )


def report(directories: Sequence[Path]) -> dict[str, Any]:
    """Weights from all sets; and for each set, judged by weights from the other sets only: AUC, calibration error,
    share of its right answers given while 5 % of the strangers (the next set's queries) are answered too."""
    found: dict[str, Samples] = {}
    for i, directory in enumerate(directories):
        dataset = read(directory)
        unanswerable = [q.text for q in dataset.questions if q.id not in dataset.relevant]
        other = directories[(i + 1) % len(directories)]
        strangers = unanswerable or ([] if other == directory else strangers_of(other))
        found[directory.name] = samples(dataset, strangers)
    numbers: dict[str, Any] = {"weights": [round(w, 3) for w in fit_all(list(found.values()))]}
    for name, mine in found.items():
        others = [one for other, one in found.items() if other != name]
        scores = probabilities(mine.features, fit_all(others) if others else PRIOR)
        numbers[name] = {
            "auc": round(auc(scores, mine.right), 3),
            "ece": round(calibration_error(scores, mine.right), 3),
        }
        if (mine.kind == 2).any():
            numbers[name]["answered_at_5"] = round(answered_at(scores, mine), 3)
    return numbers
