"""The ledger of thanks. A reason that goes away leaves its row with no points."""

from __future__ import annotations

from datetime import datetime

from community import rules
from core.clock import now
from core.database import rows, write


async def award(person_id: int, kind: str, key: str, at: datetime | None = None) -> None:
    """Points of rules.POINTS for `kind`, once per `key`."""
    await write(
        "INSERT INTO point (person_id, kind, key, points, at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (key) DO UPDATE SET points = excluded.points, person_id = excluded.person_id",
        person_id, kind, key, rules.POINTS[kind], at or now(),
    )  # fmt: skip


async def withdraw(key: str) -> None:
    await write("UPDATE point SET points = 0 WHERE key = ?", key)


async def of_post(author_id: int, post_id: int, number: int, counts: bool, at: datetime | None = None) -> None:
    """What a post is worth while it is visible."""
    key = f"post:{post_id}"
    if counts:
        await award(author_id, "community.asked" if number == 1 else "community.answered", key, at)
    else:
        await withdraw(key)


async def total(person_id: int) -> int:
    found = await rows("SELECT COALESCE(SUM(points), 0) FROM point WHERE person_id = ?", person_id)
    return int(found[0][0])
