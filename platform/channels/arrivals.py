"""Storing what arrives: one row per event under the platform's own key, committed before the 200."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

from channels.events import ArrivalStored
from channels.models import Arrival
from core.clock import now
from core.database import transaction, write
from core.events import announce

INSERT = (
    "INSERT INTO arrival (connection_id, key, kind, body, at, received_at, state, outcome)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (connection_id, key) DO NOTHING RETURNING id"
)
EARLIEST, LATEST = 1_262_304_000, 4_102_444_800  # 2010 and 2100: a timestamp outside is nonsense and becomes now


class Coming(msgspec.Struct, frozen=True):
    """An event as it came. `at` is the platform's time in seconds."""

    key: str
    kind: str
    body: dict[str, Any]
    at: float | None = None


def parsed(raw: bytes) -> Any:
    """JSON as the strict parser reads it (no NaN, no lone surrogates). Raises ValueError for anything else."""
    try:
        return without_nul(msgspec.json.decode(raw)) if b"\\u0000" in raw else msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(str(error)) from error


def without_nul(value: Any) -> Any:
    """PostgreSQL keeps no U+0000 in text."""
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, list):
        return [without_nul(item) for item in value]
    if isinstance(value, dict):
        return {without_nul(key): without_nul(item) for key, item in value.items()}
    return value


def key_of(body: Any) -> str:
    """For an event without a key of its own: the same bytes are the same event."""
    return "sha256:" + hashlib.sha256(json.dumps(body, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def moment_of(seconds: Any) -> datetime:
    try:
        value = float(seconds)
    except (TypeError, ValueError, OverflowError):
        return now()
    return datetime.fromtimestamp(value, UTC) if EARLIEST < value < LATEST else now()


async def store(connection_id: int, coming: Iterable[Coming], *, ignored_because: str = "") -> list[int]:
    """Keep events that are new and tell whoever listens; returns their ids. A redelivery stores nothing.

    They are inserted by key, because two deliveries of the same events in different orders would wait for each other
    for ever (PostgreSQL's unique index).
    """
    fresh: list[int] = []
    received = now()
    state = "ignored" if ignored_because else "waiting"
    async with transaction():
        for event in sorted(coming, key=lambda one: one.key):
            made = await write(
                INSERT, connection_id, event.key[:120], event.kind[:60], event.body, moment_of(event.at), received,
                state, ignored_because,
            )  # fmt: skip
            if made:
                fresh.append(int(made[0][0]))
        if not ignored_because:
            for arrival_id in fresh:
                await announce(ArrivalStored(arrival_id))
    return fresh


async def take(arrival_id: int) -> Arrival | None:
    """The arrival, once: inside the transaction that works on it. None when somebody did already."""
    taken = await write("UPDATE arrival SET state = 'done' WHERE id = ? AND state = 'waiting' RETURNING id", arrival_id)
    return await Arrival.get(id=arrival_id) if taken else None


async def say(arrival_id: int, outcome: str, state: str = "done") -> None:
    """What became of an arrival, for whoever asks later."""
    await write("UPDATE arrival SET outcome = ?, state = ? WHERE id = ?", outcome[:300], state, arrival_id)
