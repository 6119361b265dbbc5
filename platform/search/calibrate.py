"""Fit the prior of the confidence on sets with known answers, and judge it on each set by what the others taught."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from search.asking import Wanted
from search.confidence import PRIOR
from search.documents import Document, analyse_now
from search.evaluate import TOKENS, Dataset, Question, read
from search.filters import filter_of
from search.fitting import DELETED, OWN, STRANGER, Samples, answered_at, balanced, fit, gathered, probabilities
from search.rank import rank
from search.reliability import Reliability, reliability
from search.snapshot import Row, Snapshot, advance, empty

FEW = 20  # documents of a new site
MOST = 600  # queries of a set that are used, evenly drawn


def rows_of(dataset: Dataset) -> list[Row]:
    """The set's corpus, analysed; a document's row id is its place in the corpus + 1."""
    rows = []
    for i, e in enumerate(dataset.corpus):
        document = Document(kind="entry", id=i, lang=e.lang, title=e.title, phrasings=e.phrasings, body=e.body,
                            audience=TOKENS)  # fmt: skip
        analysed = analyse_now(document)
        rows.append(Row(i + 1, "entry", i, analysed.lang, "", "public", 1.0, analysed.rows))
    return rows


def snapshot_of(dataset: Dataset) -> Snapshot:
    return advance(empty(), rows_of(dataset), ("calibration", 1))


def samples(dataset: Dataset, strangers: Iterable[str] = ()) -> Samples:
    """What the confidence sees of the set's queries, asked of all of it and of each half of it, and of `strangers`."""
    names = {entry.id: i for i, entry in enumerate(dataset.corpus)}
    asked = [q for q in dataset.questions if q.id in dataset.relevant]
    asked = asked[:: max(1, len(asked) // MOST)]
    rows = rows_of(dataset)
    whole = advance(empty(), rows, ("calibration", 1))
    found: list[tuple[tuple[float, ...], bool, int]] = []
    for question in asked:
        found += _sample(whole, question.text, {names[r] for r in dataset.relevant[question.id]}, OWN)
    for text in strangers:
        found += _sample(whole, text, set(), STRANGER)
    for parity in (0, 1):
        half = advance(empty(), [row for row in rows if row.ref_id % 2 != parity], ("calibration", 1))
        for question in asked:
            if all(names[r] % 2 == parity for r in dataset.relevant[question.id]):
                found += _sample(half, question.text, set(), DELETED)
    return gathered(found)


def _sample(snapshot: Snapshot, text: str, right: set[int], kind: int) -> list[tuple[tuple[float, ...], bool, int]]:
    ranked = rank(snapshot, Wanted(text, filter_of(TOKENS), 1))
    if ranked.evidence is None:
        return []
    return [(ranked.evidence.features(), bool(ranked.places) and ranked.places[0].id - 1 in right, kind)]


def few_of(dataset: Dataset, most: int = FEW) -> Dataset:
    """A new site: some of the documents, evenly drawn, and the questions that they answer."""
    corpus = dataset.corpus[:: max(1, len(dataset.corpus) // most)][:most]
    there = {entry.id for entry in corpus}
    asked = [q for q in dataset.questions if there.issuperset(dataset.relevant.get(q.id, ("",)))]
    return Dataset(corpus, asked, dataset.relevant)


def strangers_of(directory: Path, most: int = 300) -> list[str]:
    """Queries of another set, as questions about something else."""
    texts = [question.text for question in read(directory).questions]
    return texts[:: max(1, len(texts) // most)]


def fit_all(found: Sequence[Samples]) -> tuple[float, ...]:
    return fit(
        np.concatenate([one.features for one in found]),
        np.concatenate([one.right for one in found]),
        np.concatenate([balanced(one) for one in found]),
    )


def gather(directories: Sequence[Path]) -> dict[str, Samples]:
    """The samples of each set, with another one's queries as strangers; of each also as a new site of few documents,
    and of sets with many queries a document with five of them as phrasings."""
    found: dict[str, Samples] = {}
    for i, directory in enumerate(directories):
        dataset = read(directory)
        unanswerable = [q.text for q in dataset.questions if q.id not in dataset.relevant]
        other = next((one for one in (*directories[i + 1 :], *directories[:i]) if _is_elsewhere(one, directory)), None)
        strangers = unanswerable or (strangers_of(other) if other else [])
        found[directory.name] = samples(dataset, strangers)
        found[f"{directory.name} few"] = samples(few_of(dataset), strangers)
        if not any(e.phrasings for e in dataset.corpus) and len(dataset.questions) >= 8 * len(dataset.corpus):
            found[f"{directory.name} +5"] = samples(dataset.with_phrasings(5), strangers)
    return found


def _is_elsewhere(other: Path, directory: Path) -> bool:
    """Whether a set asks in the same language about something else: parts of one collection share their first name."""
    languages = {(read(one).questions or [Question("", "")])[0].lang for one in (other, directory)}
    return other.name.split("-")[0] != directory.name.split("-")[0] and len(languages) == 1


def report(directories: Sequence[Path]) -> dict[str, Any]:
    """Weights from all sets; and for each set, judged by weights from the other sets only: AUC, calibration error,
    share of its right answers given while 5 % of the strangers, or of the deleted answers, are answered too."""
    found = gather(directories)
    numbers: dict[str, Any] = {"weights": [round(w, 3) for w in fit_all(list(found.values()))]}
    for name, mine in found.items():
        others = [one for other, one in found.items() if other.split()[0] != name.split()[0]]
        scores = probabilities(mine.features, fit_all(others) if others else PRIOR)
        judged = reliability(scores, mine.right, balanced(mine))
        numbers[name] = _judged(judged) | {
            label: round(answered_at(scores, mine, kind), 3)
            for label, kind in (("answered_at_5", STRANGER), ("deleted_at_5", DELETED)) if (mine.kind == kind).any()
        }  # fmt: skip
    return numbers


def _judged(judged: Reliability) -> dict[str, float]:
    return {"auc": judged.auc, "ece": judged.calibration_error}
