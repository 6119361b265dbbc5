"""This process's snapshot, kept within two seconds of the database.

Before a search the version is compared, at most every half second, and at once after this process changed something.
Only committed state is read, in a task of its own: a search inside a transaction never publishes what may roll back.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from itertools import groupby
from operator import itemgetter
from typing import Any

from tortoise.connection import get_connection

from core.database import in_transaction, rows
from core.tasks import in_thread, spawn
from search.beyond import most_bytes
from search.cutting import bounded
from search.snapshot import Row, Snapshot, advance, empty

CHECK_EVERY = 0.5  # seconds
STALE, STALE_LEAST = 0.05, 1_000  # share and number of documents replaced since a cut: beyond both, all is read anew
BATCH = 3000  # documents read at once

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
    is_other = version[0] != before.version[0] or version[1] < before.version[1]
    if is_other or before.stale > max(STALE_LEAST, STALE * len(before)):
        before = empty()
    after = await in_thread(advance, before, [], version)
    async for changes in _changes_since(before.version[1]):
        after = await in_thread(bounded, await in_thread(advance, after, changes, version), most_bytes())
    return after  # type: ignore[no-any-return]


async def _changes_since(seen: int) -> AsyncIterator[list[Row]]:
    """Documents with a version above `seen`, in batches: the packed rows of all would be large.

    One statement reads a document with its postings, so they belong together. What has changed since the version
    was read comes along as well, and once more at the next refresh.
    """
    last = 0
    while True:
        found = await rows(
            "SELECT d.id, d.kind, d.ref_id, d.lang, d.state, d.brand, d.audience, d.weight, p.channel, p.packed"
            " FROM search_document d LEFT JOIN search_posting p ON p.document_id = d.id WHERE d.id IN"
            " (SELECT id FROM search_document WHERE version > ? AND id > ? ORDER BY id LIMIT ?) ORDER BY d.id",
            seen, last, BATCH,
        )  # fmt: skip
        if not found:
            return
        yield [row_of(list(mine)) for _, mine in groupby(found, key=itemgetter("id"))]
        last = int(found[-1]["id"])


def row_of(mine: list[Any]) -> Row:
    """A document from its rows, one per channel."""
    d = mine[0]
    packed = {row["channel"]: bytes(row["packed"]) for row in mine} if d["state"] == "live" else {}
    return Row(int(d["id"]), d["kind"], int(d["ref_id"]), d["lang"], d["brand"], d["audience"], d["weight"], packed)
