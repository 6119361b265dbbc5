"""The documents' vectors: written by a job, held in memory beside the snapshot, and joined with the words' scores.

Only where an embedder is in use; else nothing of this costs anything.
"""

from __future__ import annotations

import time
from hashlib import blake2b
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.database import after_commit, in_transaction, rows, transaction, write
from core.tasks import in_thread, spawn
from search import embeddings
from search.embeddings import Embedder, Vector
from search.scoring import Array, Scored
from search.snapshot import Allowed, Snapshot
from search.versions import draw

SENT = 2_000  # characters of a document that are sent
BATCH = 32
WEIGHT = 0.6  # of the nearest document against the best by words; the share of unknown words is added to it
NEAREST = 200
CHECK_EVERY = 0.5  # seconds


class Vectors(msgspec.Struct, frozen=True):
    """`ids` (n,) ascending row ids, `matrix` (n, width) of one model at one version."""

    model: str
    version: tuple[str, int]
    ids: NDArray[np.int64]
    matrix: NDArray[np.float32]


class Meaning(msgspec.Struct, frozen=True):
    """A query's vector, and those of the documents."""

    query: Vector
    vectors: Vectors


class State(msgspec.Struct, frozen=True):
    is_on: bool
    model: str = ""
    documents: int = 0
    waiting: int = 0


_vectors: Vectors | None = None
_checked = 0.0


def reset() -> None:
    global _vectors, _checked
    _vectors, _checked = None, 0.0


def _changed() -> None:
    global _checked
    _checked = 0.0


async def meaning_of(text: str) -> Meaning | None:
    """What a search by meaning needs; None while it is off, has no vectors yet, or the endpoint is silent."""
    asked = embeddings.embedder()
    if asked is None:
        return None
    vectors = await _current(asked)
    if not len(vectors.ids):
        return None
    query = await embeddings.of_query(text)
    if query is None or len(query) != vectors.matrix.shape[1]:
        return None
    return Meaning(query, vectors)


def gains(snapshot: Snapshot, allowed: Allowed, meaning: Meaning, by_words: Scored) -> Array:
    """What nearness adds to each slot's score, shape (slots,): most for the nearest of the admitted, falling to
    nothing at the median; only the NEAREST gain."""
    best = (WEIGHT + by_words.unknown) * (float(by_words.scores.max(initial=0.0)) or 1.0)
    gained = np.zeros(len(snapshot.slots.ids))
    ids = snapshot.slots.ids
    at = np.minimum(np.searchsorted(meaning.vectors.ids, ids), len(meaning.vectors.ids) - 1)
    slots = np.flatnonzero(allowed.mask & (meaning.vectors.ids[at] == ids))
    if not len(slots):
        return gained
    near = (meaning.vectors.matrix[at[slots]] @ meaning.query).astype(np.float64)
    middle, top = float(np.median(near)), float(near.max())
    if len(near) == 1:
        middle = 0.0
    share = np.maximum(0.0, (near - middle) / max(top - middle, 1e-9))
    if len(share) > NEAREST:
        share[share < np.partition(share, -NEAREST)[-NEAREST]] = 0.0
    gained[slots] = np.round(best * share, 6)
    return gained


async def _current(asked: Embedder) -> Vectors:
    """The vectors as they are committed, compared at most every half second."""
    global _vectors, _checked
    if _vectors is not None and _vectors.model == asked.model and time.monotonic() - _checked < CHECK_EVERY:
        return _vectors
    found: Vectors = await (spawn(_read(asked.model), "search.vectors") if in_transaction() else _read(asked.model))
    _vectors, _checked = found, time.monotonic()
    return found


async def _read(model: str) -> Vectors:
    row = await rows("SELECT epoch, version FROM search_version WHERE name = 'vectors'")
    version = (str(row[0][0]), int(row[0][1])) if row else ("", 0)
    if _vectors is not None and (_vectors.model, _vectors.version) == (model, version):
        return _vectors
    found = await rows("SELECT document_id, vector FROM search_vector WHERE model = ? ORDER BY document_id", model)
    return await in_thread(_stacked, model, version, found)  # type: ignore[no-any-return]


def _stacked(model: str, version: tuple[str, int], found: list[Any]) -> Vectors:
    """Vectors of the width that most have: a model that changed its width is not mixed with what it said before."""
    read = [np.frombuffer(bytes(row[1]), "<f4") for row in found]
    widths = [len(vector) for vector in read]
    width = max(set(widths), key=lambda w: (widths.count(w), w), default=0)
    kept = [n for n, vector in enumerate(read) if len(vector) == width]
    matrix = np.stack([read[n] for n in kept]) if kept else np.empty((0, 0), np.float32)
    return Vectors(model, version, np.array([int(found[n][0]) for n in kept], np.int64), matrix.astype(np.float32))


async def embed_waiting(most: int = 2_000) -> int:
    """Ask for the vectors of documents that are new or have changed, at most `most`; how many were asked for.

    Raises EmbeddingError when the endpoint fails: the job that called tries again later.
    """
    asked, done = embeddings.embedder(), 0
    while asked is not None and done < most:
        found = await rows(
            "SELECT d.id, d.version, d.title, d.phrasings, substr(d.body, 1, ?) AS body, v.digest"
            " FROM search_document d LEFT JOIN search_vector v ON v.document_id = d.id AND v.model = ?"
            " WHERE d.state = 'live' AND (v.id IS NULL OR v.seen < d.version) ORDER BY d.id LIMIT ?",
            SENT, asked.model, BATCH,
        )  # fmt: skip
        if not found:
            break
        done += len(found)
        await _embed(asked, found)
    return done


async def _embed(asked: Embedder, found: list[Any]) -> None:
    """Only what reads differently is sent; the network comes before the transaction."""
    texts = [f"{row['title']}\n{row['phrasings']}\n{row['body']}"[:SENT] for row in found]
    digests = [blake2b(text.encode(), digest_size=16).hexdigest() for text in texts]
    fresh = [n for n, row in enumerate(found) if row["digest"] != digests[n]]
    vectors = await asked.embed([texts[n] for n in fresh]) if fresh else []
    by_place = dict(zip(fresh, vectors, strict=True))
    async with transaction():
        version = await draw("vectors")
        for n, row in enumerate(found):
            id, seen = int(row["id"]), int(row["version"])
            if n not in by_place:
                await write("UPDATE search_vector SET seen = ? WHERE document_id = ? AND model = ?",
                            seen, id, asked.model)  # fmt: skip
                continue
            await write(
                "INSERT INTO search_vector (document_id, model, digest, seen, vector, version)"
                " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (document_id, model) DO UPDATE SET"
                " digest = excluded.digest, seen = excluded.seen,"
                " vector = excluded.vector, version = excluded.version",
                id, asked.model, digests[n], seen, by_place[n].astype("<f4").tobytes(), version,
            )  # fmt: skip
        after_commit(_changed)


async def state() -> State:
    """For a line in the settings: whether meaning is on, how many documents have a vector and how many wait."""
    asked = embeddings.embedder()
    if asked is None:
        return State(False)
    found = await rows(
        "SELECT count(v.id) AS known, count(*) AS live FROM search_document d LEFT JOIN search_vector v"
        " ON v.document_id = d.id AND v.model = ? AND v.seen >= d.version WHERE d.state = 'live'",
        asked.model,
    )  # fmt: skip
    known, live = int(found[0]["known"]), int(found[0]["live"])
    return State(True, asked.model, known, live - known)
