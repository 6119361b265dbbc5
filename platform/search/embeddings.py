"""Meaning as vectors, from any endpoint that speaks OpenAI's `POST /embeddings`. Off unless settings name one.

Whatever has `model` and `embed` can stand in its place: `use(embedder)`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from core.settings import settings

Vector = NDArray[np.float32]
TIMEOUT = 30.0  # seconds for documents
PATIENCE = 0.8  # seconds that a search waits; afterwards it is answered by words alone
PAUSE = 30.0  # seconds without asking after a failure
KEPT = 1000  # queries whose vectors are remembered
LARGEST = 64_000_000  # bytes of an answer
log = logging.getLogger("engawa.search")


class Embedder(Protocol):
    """Texts to vectors of length 1, all of one model of one width."""

    model: str

    async def embed(self, texts: Sequence[str], timeout: float = TIMEOUT) -> list[Vector]:
        """Raises EmbeddingError when there is no good answer."""
        ...


class EmbeddingError(Exception):
    """The endpoint gave no good answer."""


class OpenAiEmbedder:
    """`POST {url}/embeddings` with a bearer key, if there is one."""

    def __init__(self, url: str, model: str, key: str = "") -> None:
        self.url, self.model = url.rstrip("/"), model
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}

    async def embed(self, texts: Sequence[str], timeout: float = TIMEOUT) -> list[Vector]:
        """In the order of `texts`, whatever the order of the answer."""
        import aiohttp

        body = {"model": self.model, "input": list(texts), "encoding_format": "float"}
        limit = aiohttp.ClientTimeout(total=timeout)
        try:
            async with (
                aiohttp.ClientSession(timeout=limit, headers=self._headers) as session,
                session.post(f"{self.url}/embeddings", json=body, allow_redirects=False) as answer,
            ):
                if answer.status != 200:
                    raise EmbeddingError(f"the endpoint answered {answer.status}")
                return _vectors(json.loads(await _read(answer)), len(texts))
        except (aiohttp.ClientError, TimeoutError, ValueError, RecursionError) as error:
            raise EmbeddingError(f"{type(error).__name__}: {error}") from error


async def _read(answer: Any) -> bytes:
    body = bytearray()
    async for part in answer.content.iter_chunked(65_536):
        body += part
        if len(body) > LARGEST:
            raise EmbeddingError("the endpoint's answer does not end")
    return bytes(body)


def _vectors(answer: Any, expected: int) -> list[Vector]:
    """Checked: one finite vector for each text, all of one width, brought to length 1."""
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, list) or len(data) != expected:
        raise EmbeddingError("the endpoint did not answer every text")
    found: dict[int, Vector] = {}
    for one in data:
        index = one.get("index", len(found)) if isinstance(one, dict) else None
        if not isinstance(index, int) or isinstance(index, bool):
            raise EmbeddingError("the endpoint answered vectors of no known text")
        found[index] = _vector(one.get("embedding"))
    if sorted(found) != list(range(expected)) or len({len(vector) for vector in found.values()}) != 1:
        raise EmbeddingError("the endpoint's vectors do not belong together")
    return [found[n] for n in range(expected)]


def _vector(said: Any) -> Vector:
    try:
        vector = np.asarray(said, np.float32)
    except (TypeError, ValueError, OverflowError) as error:
        raise EmbeddingError("the endpoint answered something that is no vector") from error
    length = float(np.linalg.norm(vector)) if vector.ndim == 1 and len(vector) else 0.0
    if not np.isfinite(length) or length == 0:
        raise EmbeddingError("the endpoint answered something that is no vector")
    made: Vector = vector / np.float32(length)
    return made


_given: Embedder | None = None
_remembered: OrderedDict[tuple[str, str], Vector] = OrderedDict()
_quiet_until = 0.0
_is_off = False


def turn_off(is_off: bool) -> None:
    """Measurements in a scratch database are made by words alone, and without any settings."""
    global _is_off
    _is_off = is_off


def use(embedder: Embedder | None) -> None:
    """Put another embedder in the place of the settings' own; None takes it back."""
    global _given, _quiet_until
    _given, _quiet_until = embedder, 0.0
    _remembered.clear()


def embedder() -> Embedder | None:
    """The one in use; None while meaning is off."""
    if _given is not None or _is_off:
        return None if _is_off else _given
    asked = settings()
    if not asked.embeddings_url:
        return None
    return OpenAiEmbedder(asked.embeddings_url, asked.embeddings_model, asked.embeddings_key)


async def of_query(text: str) -> Vector | None:
    """The vector of a query; None when it does not come in time. A failure silences the endpoint for a while."""
    global _quiet_until
    asked = embedder()
    if asked is None or not text.strip() or time.monotonic() < _quiet_until:
        return None
    key = (asked.model, text)
    if key in _remembered:
        _remembered.move_to_end(key)
        return _remembered[key]
    try:
        async with asyncio.timeout(PATIENCE):
            found = (await asked.embed([text], PATIENCE))[0]
    except (EmbeddingError, TimeoutError) as error:
        _quiet_until = time.monotonic() + PAUSE
        log.warning("search goes on without meaning for %d s: %s", PAUSE, error)
        return None
    _remembered[key] = found
    while len(_remembered) > KEPT:
        _remembered.popitem(last=False)
    return found
