"""A site's own confidence: learned from its phrasings left out, its answers deleted, strangers, thumbs and clicks.

The prior holds until there is enough to learn from, and what is learned is drawn towards it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter

import msgspec
import numpy as np

from core.clock import days_ago, now
from core.database import rows, transaction, write
from core.tasks import in_thread
from search import current, site
from search.analysis import words
from search.asking import Wanted
from search.confidence import ANSWER, CANDIDATES, PRIOR
from search.documents import CHANNELS
from search.filters import EVERYTHING, Filter, filter_of
from search.fitting import DELETED, OWN, STRANGER, Array, Samples, balanced, fit, gathered, log_loss, probabilities
from search.grams import grams
from search.packing import without
from search.rank import rank
from search.reliability import Reliability, reliability
from search.snapshot import Row, Snapshot, advance
from search.strangers import STRANGERS
from search.wordings import wordings

FOLDS = 5
MOST = 1500  # phrasings that are asked
ENOUGH = 40  # searches with a known answer; fewer leave the prior
TOWARDS_PRIOR = 2.0
AT_ONCE = 16  # searches between two looks at other threads
DAYS = 180
PHRASINGS = CHANNELS["words"].index("phrasings")
Sample = tuple[tuple[float, ...], bool, int]


class Teacher(msgspec.Struct, frozen=True):
    """A document with phrasings as the index holds it."""

    row: Row
    phrasings: tuple[str, ...]


async def train(brand: str) -> Reliability:
    """Learn and keep the weights of `brand`; what its searches say of them, judged on what was not learned from."""
    found = gathered(await _samples(brand))
    own = int((found.kind == OWN).sum()) if len(found) else 0
    if own < ENOUGH:
        nothing = Reliability(samples=len(found), trained_at=now().isoformat())
        await _keep(brand, None, nothing)
        return nothing
    judged, weights, is_better = await in_thread(_learned, found)
    report: Reliability = msgspec.structs.replace(judged, is_own=is_better, trained_at=now().isoformat())
    await _keep(brand, weights if is_better else None, report)
    return report


async def _samples(brand: str) -> list[Sample]:
    snapshot, filter = await current.snapshot(), filter_of({EVERYTHING}, None, None, brand)
    teachers = await _teachers(brand)
    asked = [(teacher, n) for teacher in teachers for n in range(len(teacher.phrasings))]
    asked = asked[:: max(1, -(-len(asked) // MOST))]
    found: list[Sample] = []
    for fold in range(FOLDS):
        lesson = [(teacher, n) for teacher, n in asked if n % FOLDS == fold]
        left_out = await in_thread(_left_out, snapshot, teachers, fold)
        found += await _ask(left_out, filter, [(t.phrasings[n], t.row.id, OWN) for t, n in lesson])
        some = [(teacher, n) for teacher, n in asked if teacher.row.id % FOLDS == fold]
        deleted = await in_thread(_deleted, snapshot, teachers, fold)
        found += await _ask(deleted, filter, [(t.phrasings[n], 0, DELETED) for t, n in some])
    if found:
        languages = sorted({teacher.row.lang for teacher in teachers} & set(STRANGERS)) or sorted(STRANGERS)
        strangers = [(text, 0, STRANGER) for lang in languages for text in STRANGERS[lang]]
        found += await _ask(snapshot, filter, strangers)
    return found + await _said(snapshot, brand)


async def _teachers(brand: str) -> list[Teacher]:
    """Documents of `brand` with phrasings, with their packed rows, in the order of their ids."""
    found = await rows(
        "SELECT d.id, d.kind, d.ref_id, d.lang, d.state, d.brand, d.audience, d.weight, d.phrasings, p.channel,"
        " p.packed FROM search_document d JOIN search_posting p ON p.document_id = d.id"
        " WHERE d.state = 'live' AND d.phrasings <> '' AND d.brand IN ('', ?) ORDER BY d.id, p.channel",
        brand,
    )  # fmt: skip
    documents = [list(mine) for _, mine in groupby(found, key=itemgetter("id"))]
    return [Teacher(current.row_of(mine), tuple(mine[0]["phrasings"].split("\n"))) for mine in documents]


def _left_out(snapshot: Snapshot, teachers: Sequence[Teacher], fold: int) -> Snapshot:
    """The index as if every FOLDS-th phrasing had not been written."""
    changed = []
    for teacher in teachers:
        gone = teacher.phrasings[fold::FOLDS]
        if gone:
            terms = [word.term for text in gone for word in words(text)]
            packed = teacher.row.packed | {
                "words": without(teacher.row.packed["words"], PHRASINGS, terms),
                "grams": without(teacher.row.packed["grams"], 0, grams("\n".join(gone))),
                "wordings": without(teacher.row.packed["wordings"], 0, [w for text in gone for w in wordings(text)]),
            }
            changed.append(msgspec.structs.replace(teacher.row, packed=packed))
    return advance(snapshot, changed, ("training", fold))


def _deleted(snapshot: Snapshot, teachers: Sequence[Teacher], fold: int) -> Snapshot:
    gone = [msgspec.structs.replace(t.row, packed={}) for t in teachers if t.row.id % FOLDS == fold]
    return advance(snapshot, gone, ("training", fold))


async def _ask(snapshot: Snapshot, filter: Filter, asked: Sequence[tuple[str, int, int]]) -> list[Sample]:
    """Ask (text, row id of the right document, kind) each."""
    found: list[Sample] = []
    for some in _batches(asked):
        found += await in_thread(_asked, snapshot, filter, some)
    return found


def _batches(asked: Sequence[tuple[str, int, int]]) -> Iterator[Sequence[tuple[str, int, int]]]:
    for at in range(0, len(asked), AT_ONCE):
        yield asked[at : at + AT_ONCE]


def _asked(snapshot: Snapshot, filter: Filter, asked: Sequence[tuple[str, int, int]]) -> list[Sample]:
    found = []
    for text, right, kind in asked:
        ranked = rank(snapshot, Wanted(text, filter, 1))
        if ranked.evidence is not None:
            found.append((ranked.evidence.features(), bool(ranked.places) and ranked.places[0].id == right, kind))
    return found


async def _said(snapshot: Snapshot, brand: str) -> list[Sample]:
    """Searches that people ended: what helped or was opened is right, what did not help is wrong."""
    ended = await rows(
        "SELECT q.text, q.outcome, d.id FROM search_query q LEFT JOIN search_document d ON d.state = 'live'"
        " AND d.kind = coalesce(nullif(q.clicked_kind, ''), q.top_kind)"
        " AND d.ref_id = coalesce(q.clicked_id, q.top_id)"
        " WHERE q.brand IN ('', ?) AND q.created_at >= ? AND (q.clicked_id IS NOT NULL OR q.outcome IN"
        " ('solved', 'not_solved')) ORDER BY q.id DESC LIMIT 1000",
        brand, days_ago(DAYS),
    )  # fmt: skip
    asked = [(row["text"], int(row["id"] or 0) if row["outcome"] != "not_solved" else 0, OWN) for row in ended]
    return await _ask(snapshot, filter_of({EVERYTHING}, None, None, brand), asked)


def _learned(found: Samples) -> tuple[Reliability, tuple[float, ...], bool]:
    """The weights from all samples, how they do on what was left out, and whether that is better than the prior."""
    weight = balanced(found)
    fold = np.arange(len(found)) % FOLDS
    scores = np.zeros(len(found))
    for n in range(FOLDS):
        scores[fold == n] = probabilities(found.features[fold == n], _fitted(found.some(fold != n), weight[fold != n]))
    prior = probabilities(found.features, PRIOR)
    is_better = _surprise(scores, found.right, weight) < _surprise(prior, found.right, weight)
    return reliability(scores if is_better else prior, found.right, weight), _fitted(found, weight), is_better


def _surprise(scores: Array, right: Array, weight: Array) -> float:
    """The log loss of probabilities."""
    kept = np.clip(scores, 1e-6, 1 - 1e-6)
    return log_loss(np.log(kept / (1 - kept)), right, weight)


def _fitted(found: Samples, weight: Array) -> tuple[float, ...]:
    """`weight` as many samples as there are, so that few of them stay near the prior."""
    return fit(found.features, found.right, weight * (len(found) / weight.sum()), PRIOR, TOWARDS_PRIOR)


async def _keep(brand: str, weights: tuple[float, ...] | None, report: Reliability) -> None:
    learned = msgspec.json.encode(weights).decode() if weights else ""
    async with transaction():
        await write(
            "INSERT INTO search_trust (brand, weights, report, answer, candidates, trained_at)"
            " VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (brand) DO UPDATE SET weights = excluded.weights, report = excluded.report,"
            " trained_at = excluded.trained_at",
            brand, learned, msgspec.json.encode(report).decode(), ANSWER, CANDIDATES, now(),
        )  # fmt: skip
        await site.next_version()
