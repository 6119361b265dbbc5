"""How good search is on a set with known answers: the product's own code on a scratch database.

A set is a directory with corpus.jsonl (id, title, body, lang, phrasings), queries.jsonl (id, text, lang) and qrels.tsv
(query, document, relevance). A query counts as answered at k when a relevant document is among the first k.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from core.database import transaction
from core.refs import Ref
from search.confidence import ANSWER
from search.documents import Document, analyse
from search.find import Found, find, suggest
from search.index import forget, put
from search.noise import spoiled
from search.scratch import scratch_database
from search.training import train

TOKENS = frozenset({"public"})
BATCH = 200


class Entry(msgspec.Struct):
    """A line of corpus.jsonl."""

    id: str
    title: str = ""
    body: str = ""
    lang: str = ""
    phrasings: list[str] = []


class Question(msgspec.Struct):
    """A line of queries.jsonl."""

    id: str
    text: str
    lang: str = ""


class Dataset(msgspec.Struct):
    """A set in memory; `relevant` maps a query's id to its documents, best relevance first."""

    corpus: list[Entry]
    questions: list[Question]
    relevant: dict[str, list[str]]

    def with_phrasings(self, n: int) -> Dataset:
        """`n` of each document's own queries become its phrasings; the others are asked. The order is the file's."""
        own: dict[str, list[Question]] = {}
        for question in self.questions:
            for document in self.relevant.get(question.id, [])[:1]:
                own.setdefault(document, []).append(question)
        used = {question.id for mine in own.values() for question in mine[:n]}
        corpus = [
            msgspec.structs.replace(e, phrasings=[*e.phrasings, *(q.text for q in own.get(e.id, [])[:n])])
            for e in self.corpus
        ]
        return Dataset(corpus, [q for q in self.questions if q.id not in used], self.relevant)

    def with_noise(self, kind: str) -> Dataset:
        """The questions that this noise changes, spoiled."""
        asked = [(q, spoiled(q.text, kind)) for q in self.questions]
        changed = [msgspec.structs.replace(q, text=text) for q, text in asked if text != q.text]
        return Dataset(self.corpus, changed, self.relevant)


class Outcome(msgspec.Struct):
    """One query: the rank of the first relevant document among ten (0: none), and what was found."""

    question: Question
    rank: int
    found: Found
    ms: float


def read(directory: Path) -> Dataset:
    """Raises FileNotFoundError or msgspec.DecodeError when the directory is not such a set."""
    relevant: dict[str, list[tuple[float, str]]] = {}
    for line in (directory / "qrels.tsv").read_text("utf-8").splitlines():
        query, document, *relevance = line.split("\t")
        relevant.setdefault(query, []).append((-float(relevance[0]) if relevance else -1.0, document))
    return Dataset(
        _lines(directory / "corpus.jsonl", Entry),
        _lines(directory / "queries.jsonl", Question),
        {query: [document for _, document in sorted(found)] for query, found in relevant.items()},
    )


def _lines(path: Path, kind: Any) -> list[Any]:
    decoder = msgspec.json.Decoder(kind)
    return [decoder.decode(line) for line in path.read_bytes().splitlines() if line.strip()]


async def index(corpus: Sequence[Entry], places: Sequence[int] | None = None) -> float:
    """Put the corpus, or its entries at `places`, into the open database; the seconds it took.

    A document's id is its place in the corpus.
    """
    started = time.perf_counter()
    wanted = range(len(corpus)) if places is None else places
    for at in range(0, len(wanted), BATCH):
        batch = [
            Document(kind="entry", id=i, lang=(e := corpus[i]).lang, title=e.title, phrasings=e.phrasings, body=e.body,
                     audience=TOKENS)
            for i in wanted[at : at + BATCH]
        ]  # fmt: skip
        analysed = await asyncio.gather(*map(analyse, batch))
        async with transaction():
            for document in analysed:
                await put(document)
    return time.perf_counter() - started


async def ask(dataset: Dataset, limit: int = 10, is_typing: bool = False) -> list[Outcome]:
    """Every question that has an answer, one after the other, each timed from call to hits."""
    names = [entry.id for entry in dataset.corpus]
    search = suggest if is_typing else find
    outcomes = []
    for question in dataset.questions:
        right = set(dataset.relevant.get(question.id, ()))
        if not right:
            continue
        started = time.perf_counter()
        found = await search(question.text, tokens=TOKENS, brand="default", limit=limit)
        ms = (time.perf_counter() - started) * 1000
        rank = next((i for i, hit in enumerate(found.hits, 1) if names[hit.ref.id] in right), 0)
        outcomes.append(Outcome(question, rank, found, ms))
    return outcomes


def measures(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """R@k: share of queries answered within k; zero_results: share with no hit at all; times in milliseconds."""
    if not outcomes:
        return {"queries": 0}
    ranks = np.array([outcome.rank for outcome in outcomes])
    times = np.array([outcome.ms for outcome in outcomes])
    return {
        **{f"R@{k}": round(float(((ranks > 0) & (ranks <= k)).mean()), 4) for k in (1, 3, 10)},
        "MRR": round(float(np.where(ranks > 0, 1 / np.maximum(ranks, 1), 0).mean()), 4),
        "zero_results": round(float(np.mean([not outcome.found.hits for outcome in outcomes])), 4),
        "p50_ms": round(float(np.percentile(times, 50)), 2),
        "p95_ms": round(float(np.percentile(times, 95)), 2),
        "queries": len(outcomes),
    }


class Plan(msgspec.Struct, frozen=True):
    """What is measured: `phrasings` of each document's own queries are indexed and the others asked; `noise` spoils
    what is asked (search.noise); `abstain` is a set whose queries this one cannot answer."""

    engine: str = "sqlite"
    phrasings: int = 0
    noise: str = ""
    abstain: Path | None = None
    server: str = ""


async def evaluate(directory: Path, plan: Plan | None = None) -> dict[str, float]:
    """Index and ask in a scratch database; `queries` and `documents` are counts, `index_s` seconds."""
    plan = plan or Plan()
    dataset = read(directory)
    if plan.phrasings:
        dataset = dataset.with_phrasings(plan.phrasings)
    async with scratch_database(plan.engine, plan.server):
        seconds = await index(dataset.corpus)
        await find("準備 ready", tokens=TOKENS)
        numbers = await _spoiled(dataset, plan.noise) if plan.noise else measures(await ask(dataset))
        if plan.abstain is not None:
            numbers |= await abstention(dataset, _unanswerable(plan.abstain, directory))
    return {**numbers, "index_s": round(seconds, 2), "documents": len(dataset.corpus)}


async def _spoiled(dataset: Dataset, kind: str) -> dict[str, float]:
    """The measures of the questions that the noise changes; `kept` is their R@10 over that of the same ones clean."""
    noisy = dataset.with_noise(kind)
    changed = {question.id for question in noisy.questions}
    clean = [question for question in dataset.questions if question.id in changed]
    found = measures(await ask(noisy, is_typing=kind.startswith("prefix")))
    before = measures(await ask(Dataset(dataset.corpus, clean, dataset.relevant)))
    return {**found, "clean_R@1": before.get("R@1", 0.0), "clean_R@10": before.get("R@10", 0.0),
            "kept": round(found.get("R@10", 0.0) / max(before.get("R@10", 0.0), 1e-9), 4)}  # fmt: skip


def _unanswerable(negatives: Path, directory: Path) -> list[str]:
    """The queries of another set; of the set itself, those that no document answers."""
    asked = read(negatives)
    is_own = negatives.resolve() == directory.resolve()
    return [q.text for q in asked.questions if not (is_own and q.id in asked.relevant)]


async def abstention(dataset: Dataset, unanswerable: Sequence[str]) -> dict[str, float]:
    """Answer or be silent, with the confidence that this site learns from its own phrasings.

    At the edge that 5 % of the unanswerable queries pass (`edge`): the share of the queries whose right document
    stands first that are answered (`answered_at_5`), and of all queries (`answered_of_all_at_5`); the same at the edge
    that 5 % of the own queries pass once their documents are deleted (`deleted_at_5`).
    """
    trained = await train("default")
    outcomes = await ask(dataset, limit=1)
    sure = np.array([outcome.found.confidence for outcome in outcomes])
    right = np.array([outcome.rank == 1 for outcome in outcomes])
    strange = np.array([(await find(text, tokens=TOKENS, brand="default", limit=1)).confidence
                        for text in unanswerable])  # fmt: skip
    gone = np.array(await _without_their_documents(dataset))
    edge, deleted = (float(np.quantile(scores, 0.95)) for scores in (strange, gone))
    return {
        "answered_at_5": round(float((sure[right] > edge).mean()), 4),
        "answered_of_all_at_5": round(float((sure > edge).mean()), 4),
        "deleted_at_5": round(float((sure[right] > deleted).mean()), 4),
        "edge": round(edge, 4),
        "false_at_answer_band": round(float((strange >= ANSWER).mean()), 4),
        "right_at_answer_band": round(float(right[sure >= ANSWER].mean()), 4) if (sure >= ANSWER).any() else 0.0,
        "is_own_confidence": float(trained.is_own),
    }


async def _without_their_documents(dataset: Dataset) -> list[float]:
    """The confidence of each question once every document that answers it is gone, a fifth of the corpus at a time."""
    places = {entry.id: i for i, entry in enumerate(dataset.corpus)}
    sure = []
    for fifth in range(5):
        gone = [i for i in range(len(dataset.corpus)) if i % 5 == fifth]
        await _forget(gone)
        for question in dataset.questions:
            right = [places[document] for document in dataset.relevant.get(question.id, ())]
            if right and all(i % 5 == fifth for i in right):
                sure.append((await find(question.text, tokens=TOKENS, brand="default", limit=1)).confidence)
        await index(dataset.corpus, gone)
    return sure


async def _forget(places: Sequence[int]) -> None:
    async with transaction():
        for i in places:
            await forget(Ref("entry", i))
