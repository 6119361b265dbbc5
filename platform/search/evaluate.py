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
from search.documents import Document, analyse
from search.find import Found, find
from search.index import put
from search.scratch import scratch_database

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


async def index(corpus: Sequence[Entry]) -> float:
    """Put the corpus into the open database; the seconds it took. A document's id is its place in the corpus."""
    started = time.perf_counter()
    for at in range(0, len(corpus), BATCH):
        batch = [
            Document(kind="entry", id=at + i, lang=e.lang, title=e.title, phrasings=e.phrasings, body=e.body,
                     audience=TOKENS)
            for i, e in enumerate(corpus[at : at + BATCH])
        ]  # fmt: skip
        analysed = await asyncio.gather(*map(analyse, batch))
        async with transaction():
            for document in analysed:
                await put(document)
    return time.perf_counter() - started


async def ask(dataset: Dataset, limit: int = 10) -> list[Outcome]:
    """Every question that has an answer, one after the other, each timed from call to hits."""
    names = [entry.id for entry in dataset.corpus]
    outcomes = []
    for question in dataset.questions:
        right = set(dataset.relevant.get(question.id, ()))
        if not right:
            continue
        started = time.perf_counter()
        found = await find(question.text, tokens=TOKENS, limit=limit)
        ms = (time.perf_counter() - started) * 1000
        rank = next((i for i, hit in enumerate(found.hits, 1) if names[hit.ref.id] in right), 0)
        outcomes.append(Outcome(question, rank, found, ms))
    return outcomes


def measures(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """R@k: share of queries answered within k; zero_results: share with no hit at all; times in milliseconds."""
    ranks = np.array([outcome.rank for outcome in outcomes])
    times = np.array([outcome.ms for outcome in outcomes])
    return {
        **{f"R@{k}": round(float(((ranks > 0) & (ranks <= k)).mean()), 4) for k in (1, 3, 10)},
        "MRR": round(float(np.where(ranks > 0, 1 / np.maximum(ranks, 1), 0).mean()), 4),
        "zero_results": round(float(np.mean([not outcome.found.hits for outcome in outcomes])), 4),
        "p50_ms": round(float(np.percentile(times, 50)), 2),
        "p95_ms": round(float(np.percentile(times, 95)), 2),
    }


async def evaluate(
    directory: Path, engine: str = "sqlite", phrasings: int = 0, server: str = ""
) -> dict[str, float]:
    """Index and ask in a scratch database of `engine`; `queries` and `documents` are counts, `index_s` seconds."""
    dataset = read(directory)
    if phrasings:
        dataset = dataset.with_phrasings(phrasings)
    async with scratch_database(engine, server):
        seconds = await index(dataset.corpus)
        await find("準備 ready", tokens=TOKENS)
        outcomes = await ask(dataset)
    numbers = measures(outcomes) if outcomes else {}
    return {**numbers, "index_s": round(seconds, 2), "queries": len(outcomes), "documents": len(dataset.corpus)}
