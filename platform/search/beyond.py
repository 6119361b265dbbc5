"""Searching an index of which memory holds only a part: candidates from memory, their rows from the database."""

from __future__ import annotations

from collections.abc import Iterable

from core.database import rows
from core.refs import Ref
from core.settings import SettingsError, settings
from core.tasks import in_thread
from search.asking import Wanted
from search.cutting import completed
from search.rank import shortlist
from search.snapshot import Snapshot

DEFAULT = 512  # megabytes
MEGABYTE = 1_000_000
_given: float | None = None


def use_memory(megabytes: float | None) -> None:
    """Put another limit in the place of the settings' own; None takes it back."""
    global _given
    _given = megabytes


def most_bytes() -> int:
    """What the postings of a process may take: ENGAWA_SEARCH_MEMORY; a measurement may have no settings."""
    if _given is not None:
        return int(_given * MEGABYTE)
    try:
        return settings().search_memory * MEGABYTE
    except SettingsError:
        return DEFAULT * MEGABYTE


async def whole_for(snapshot: Snapshot, wanted: Wanted, also: Ref | None = None) -> Snapshot:
    """The snapshot with all that `wanted` needs of it."""
    if not snapshot.is_cut:
        return snapshot
    ids = await in_thread(shortlist, snapshot, wanted, also)
    return await in_thread(completed, snapshot, await _rows_of(ids)) if ids else snapshot


async def _rows_of(ids: Iterable[int]) -> dict[int, dict[str, bytes]]:
    listed = ", ".join(str(int(id)) for id in ids)
    found: dict[int, dict[str, bytes]] = {}
    for row in await rows(f"SELECT document_id, channel, packed FROM search_posting WHERE document_id IN ({listed})"):
        found.setdefault(int(row["document_id"]), {})[row["channel"]] = bytes(row["packed"])
    return found
