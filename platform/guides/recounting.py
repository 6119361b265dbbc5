"""Where people stand with guides, made anew from the ledger of views: after two records turned out to be one person."""

from __future__ import annotations

from collections.abc import Iterable

from core.database import transaction, write

_OF = "FROM guide_view v WHERE v.person_id = guide_seen.person_id AND v.guide_id = guide_seen.guide_id"


async def recount(people: Iterable[int]) -> None:
    """What either of the two closed or finished, the one person has. `last_at` only ever moves forward."""
    async with transaction():
        for person in people:
            await write(
                f"UPDATE guide_seen SET views = (SELECT COUNT(*) {_OF}),"
                f" dismissed_at = (SELECT MAX(v.dismissed_at) {_OF}),"
                f" completed_at = (SELECT MAX(v.completed_at) {_OF}),"
                f" last_at = CASE WHEN (SELECT MAX(v.started_at) {_OF}) > last_at THEN (SELECT MAX(v.started_at) {_OF})"
                " ELSE last_at END WHERE person_id = ?", person,
            )  # fmt: skip
