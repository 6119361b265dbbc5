"""The moderator's desk: permission with a grant that is still good, and the log that undo reads."""

from __future__ import annotations

from typing import Any

from community.grants import ensure_now
from community.parties import party
from community.policy import Party
from community.records import PostRow, ThreadRow
from core.audit import audit
from core.clock import now
from core.database import rows, write
from core.errors import Refused
from core.i18n import _
from core.policy import Verdict
from core.principal import Principal
from core.refs import Ref

__all__ = ["check_reason", "ensure_now", "log", "party_of"]


async def party_of(who: Principal, author_id: int) -> Party:
    return await party(who, author_id)


def check_reason(reason: str) -> str:
    from community.rules import REASONS

    if reason not in REASONS:
        raise Refused(_("Choose a reason."))
    return reason


async def log(
    who: Principal,
    verdict: Verdict,
    action: str,
    thread: ThreadRow,
    post: PostRow | None = None,
    *,
    before: dict[str, Any],
    after: dict[str, Any],
    reason: str = "",
    note: str = "",
) -> int:
    """One row for undo and the duty pages, one in the audit log, both in the acting transaction."""
    table, id = ("post", post.id) if post else ("thread", thread.id)
    version = (await rows(f"SELECT version FROM {table} WHERE id = ?", id))[0][0]
    made = await write(
        "INSERT INTO moderation (at, actor_id, grant_id, action, board_id, thread_id, post_id, before, after, version,"
        " reason, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        now(), who.person_id, verdict.grant_id, action, thread.board_id, thread.id, post.id if post else None, before,
        after, version, reason, note[:500],
    )  # fmt: skip
    await audit(f"community.{action}", Ref(table, id), before=before, after=after, reason=reason, note=note[:500],
                grant_id=verdict.grant_id)  # fmt: skip
    return int(made[0][0])
