"""The audit log: one row in the acting transaction, never changed afterwards."""

from __future__ import annotations

from typing import Any

from core.clock import now
from core.context import here
from core.models import AuditEntry
from core.refs import Ref


async def audit(
    action: str,
    target: Ref,
    *,
    before: Any = None,
    after: Any = None,
    reason: str = "",
    note: str = "",
    grant_id: int | None = None,
) -> None:
    """Record that the current principal did `action` ("hide") to `target`, by which grant, from what to what."""
    who = here().principal
    await AuditEntry.create(
        at=now(), actor_id=who.person_id, actor_name=who.name, grant_id=grant_id, action=action,
        target_kind=target.kind, target_id=target.id, before=before, after=after, reason=reason, note=note,
        request_id=here().request_id,
    )  # fmt: skip
