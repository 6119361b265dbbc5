"""One's own drafts, and whether one follows a board."""

from __future__ import annotations

from datetime import datetime

import msgspec

from core.clock import when
from core.database import rows
from core.i18n import _
from core.markdown import excerpt
from core.principal import Principal


class DraftLine(msgspec.Struct, frozen=True):
    id: int
    title: str
    text: str
    url: str
    at: datetime | None


async def drafts(who: Principal) -> list[DraftLine]:
    found = await rows(
        "SELECT d.id, d.key, d.title, d.body, d.updated_at, t.title AS about FROM draft d"
        " LEFT JOIN thread t ON d.key = 'reply:' || CAST(t.id AS TEXT) AND t.visibility = 'visible'"
        " WHERE d.person_id = ? ORDER BY d.updated_at DESC LIMIT 50",
        who.person_id,
    )  # fmt: skip
    made = []
    for row in found:
        is_reply = row["key"].startswith("reply:")
        url = f"/community/{row['key'].removeprefix('reply:')}/unread" if is_reply else "/community/new"
        title = row["about"] or _("A reply") if is_reply else row["title"] or _("No title yet")
        made.append(DraftLine(row["id"], title, excerpt(row["body"], 120), url, when(row["updated_at"])))
    return made


async def follows_board(who: Principal, board_id: int) -> bool:
    found = await rows("SELECT 1 FROM follow WHERE person_id = ? AND about_kind = 'board' AND about_id = ?"
                       " AND level = 'watching'", who.person_id or 0, board_id)  # fmt: skip
    return bool(found)
