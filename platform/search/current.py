"""This process's snapshot, kept within two seconds of the database.

Before a search the version is compared, at most every half second, and at once after this process changed something.
Only committed state is read, in a task of its own: a search inside a transaction never publishes what may roll back.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from tortoise.connection import get_connection

from core.database import in_transaction, rows
from core.tasks import in_thread, spawn
from search.snapshot import Row, Snapshot, advance, empty

CHECK_EVERY = 0.5  # seconds
BATCH = 2000  # documents read at once

_snapshot = empty()
_client: Any = None
_checked = 0.0
_dirty = True
_refreshing: asyncio.Task[Snapshot] | None = None


def changed() -> None:
    """The index was changed by this process: the next search looks again."""
    global _dirty
    _dirty = True


def reset() -> None:
    """Start from nothing: the database was replaced under this process (tests, restored backups)."""
    global _snapshot, _client
    _snapshot, _client = empty(), None
    changed()


def _is_due() -> bool:
    if _dirty or time.monotonic() - _checked >= CHECK_EVERY:
        return True
    return not in_transaction() and get_connection("default") is not _client


async def snapshot() -> Snapshot:
    """The snapshot to search now. Concurrent callers share one refresh."""
    global _refreshing, _dirty
    if not _is_due():
        return _snapshot
    running = _refreshing
    if running is None or running.done() or running.get_loop() is not asyncio.get_running_loop():
        running = None
    if running is None or _dirty:
        _dirty = False
        running = _refreshing = spawn(_refresh(running), "search.refresh")
    return await asyncio.shield(running)


async def _refresh(after: asyncio.Task[Snapshot] | None) -> Snapshot:
    """Bring the snapshot up to date, once the refresh that runs already has ended."""
    global _snapshot, _checked, _client
    if after is not None:
        await asyncio.wait([after])
    root = get_connection("default")
    try:
        _snapshot = await refreshed(_snapshot if _client is root else empty())
    except BaseException:
        changed()
        raise
    _client, _checked = root, time.monotonic()
    return _snapshot


async def refreshed(before: Snapshot) -> Snapshot:
    """The snapshot of what is committed now, from `before`."""
    found = await rows("SELECT epoch, version FROM search_version WHERE name = 'documents'")
    version = (str(found[0][0]), int(found[0][1])) if found else ("", 0)
    if version == before.version:
        return before
    if version[0] != before.version[0] or version[1] < before.version[1]:
        before = empty()
    changes = await _changes_since(before.version[1], version[1])
    return await in_thread(advance, before, changes, version)  # type: ignore[no-any-return]


async def _changes_since(seen: int, until: int) -> list[Row]:
    """Documents whose version is in (seen, until].

    One that changed again between the statements has a later version: it stays as it was until the next refresh.
    """
    found: list[Row] = []
    last = 0
    while True:
        documents = await rows(
            "SELECT id, kind, ref_id, lang, state, brand, audience, weight FROM search_document"
            " WHERE version > ? AND version <= ? AND id > ? ORDER BY id LIMIT ?",
            seen, until, last, BATCH,
        )  # fmt: skip
        if not documents:
            return found
        packed = await _packed(seen, until, last, int(documents[-1]["id"]))
        found += [_row(d, packed.get(int(d["id"]), {})) for d in documents if d["state"] == "gone" or d["id"] in packed]
        last = int(documents[-1]["id"])


def _row(d: Any, packed: dict[str, bytes]) -> Row:
    return Row(int(d["id"]), d["kind"], int(d["ref_id"]), d["lang"], d["brand"], d["audience"], float(d["weight"]),
               packed if d["state"] == "live" else {})  # fmt: skip


async def _packed(seen: int, until: int, after: int, to: int) -> dict[int, dict[str, bytes]]:
    found: dict[int, dict[str, bytes]] = {}
    postings = await rows(
        "SELECT p.document_id, p.channel, p.packed FROM search_posting p JOIN search_document d ON d.id = p.document_id"
        " WHERE d.version > ? AND d.version <= ? AND d.id > ? AND d.id <= ?",
        seen, until, after, to,
    )  # fmt: skip
    for posting in postings:
        found.setdefault(int(posting[0]), {})[posting[1]] = bytes(posting[2])
    return found
