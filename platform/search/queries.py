"""Every search as it was made: the ground for content gaps, click learning and the numbers."""

from __future__ import annotations

import secrets

from core.clock import now
from core.database import write
from core.refs import Ref
from search.find import Found
from search.text import clean

KEPT_TEXT = 500  # characters of a query that are kept
SURFACES = frozenset({"help", "community", "bot", "suggest"})


async def record_query(
    found: Found, *, surface: str, person_id: int | None = None, account_id: int | None = None, outcome: str = ""
) -> str:
    """Write down a finished search; returns its random key, also as `found.query_id`."""
    if surface not in SURFACES:
        raise ValueError(f"surface {surface!r}")
    top = found.hits[0].ref if found.hits else None
    found.query_id = secrets.token_urlsafe(16)
    await write(
        "INSERT INTO search_query (key, text, lang, brand, surface, person_id, account_id, results, confidence, band,"
        " top_kind, top_id, clicked_kind, outcome, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', ?, ?)",
        found.query_id, clean(found.query)[:KEPT_TEXT], found.lang or "", found.brand or "", surface, person_id,
        account_id, found.total, found.confidence, found.band, top.kind if top else "", top.id if top else None,
        outcome, now(),
    )  # fmt: skip
    return found.query_id


async def record_click(key: str, ref: Ref, position: int) -> bool:
    """The reader opened result `position` (from 1). The first click counts; false for an unknown key or a second one."""
    changed = await write(
        "UPDATE search_query SET clicked_kind = ?, clicked_id = ?, clicked_position = ?"
        " WHERE key = ? AND clicked_id IS NULL RETURNING id",
        ref.kind, ref.id, position, key,
    )  # fmt: skip
    return bool(changed)


async def record_outcome(key: str, outcome: str) -> bool:
    """How it ended, in the words of the surface: solved, not_solved, handed_over. The last word counts."""
    changed = await write("UPDATE search_query SET outcome = ? WHERE key = ? RETURNING id", outcome[:16], key)
    return bool(changed)
