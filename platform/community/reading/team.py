"""The ambassadors, with their grants and what they carried lately."""

from __future__ import annotations

from datetime import datetime

import msgspec

from community import grants
from community.reading.people import Face, names_of
from community.records import BoardRow
from core.clock import days_ago, now, when
from core.database import rows


class Member(msgspec.Struct, frozen=True):
    grant_id: int
    face: Face
    board: BoardRow
    until: datetime | None
    actions: int  # in 30 days
    overturned: int


async def ambassadors(boards: list[BoardRow]) -> list[Member]:
    by_scope = {board.scope: board for board in boards}
    found = await rows(
        "SELECT id, person_id, scope, expires_at FROM scoped_grant WHERE revoked_at IS NULL AND expires_at > ?"
        " AND CAST(capabilities AS TEXT) LIKE ? ORDER BY id LIMIT 200",
        now(), grants.MODERATES,
    )  # fmt: skip
    acted = await rows(
        "SELECT actor_id, COUNT(*), SUM(CASE WHEN undone_at IS NOT NULL AND undone_by_id <> actor_id THEN 1 ELSE 0 END)"
        " FROM moderation WHERE at > ? GROUP BY actor_id",
        days_ago(30),
    )  # fmt: skip
    work = {row[0]: (row[1], row[2]) for row in acted}
    faces = await names_of(row["person_id"] for row in found)
    return [Member(row["id"], faces[row["person_id"]], by_scope[row["scope"]], when(row["expires_at"]),
                   *work.get(row["person_id"], (0, 0)))
            for row in found if row["scope"] in by_scope and row["person_id"] in faces]  # fmt: skip
