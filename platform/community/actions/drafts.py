"""Drafts: what is being written survives; an older sequence never overwrites a newer one."""

from __future__ import annotations

from typing import Any

from core.clock import now
from core.database import write
from core.errors import Conflict
from core.i18n import _
from core.policy import ensure, sign_in_first
from core.principal import Principal


async def keep_draft(who: Principal, key: str, sequence: int, *, title: str = "", body: str = "",
                     data: dict[str, Any] | None = None) -> None:  # fmt: skip
    """Raises Conflict when a later sequence is kept already (another tab)."""
    if not who.is_signed_in:
        ensure(sign_in_first())
    made = await write(
        "INSERT INTO draft (person_id, key, sequence, title, body, data, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (person_id, key) DO UPDATE SET sequence = excluded.sequence, title = excluded.title,"
        " body = excluded.body, data = excluded.data, updated_at = excluded.updated_at"
        " WHERE draft.sequence < excluded.sequence RETURNING id",
        who.person_id, key[:60], sequence, title[:200], body[:20_000], data or {}, now(),
    )  # fmt: skip
    if not made:
        raise Conflict(_("A newer draft is kept already, perhaps from another window."))


async def discard_draft(who: Principal, key: str) -> None:
    await write("DELETE FROM draft WHERE person_id = ? AND key = ?", who.person_id, key[:60])
