"""Grants: capabilities on one thing, for a reason, until a day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from access import policy
from access.events import GrantChanged
from access.models import ScopedGrant
from access.sessions import renew_sessions
from core.audit import audit
from core.clock import now
from core.database import transaction, write
from core.errors import NotFound, Refused
from core.events import announce
from core.i18n import _
from core.policy import ensure
from core.principal import CAPABILITIES, SYSTEM, Principal
from core.refs import Ref

LONGEST = timedelta(days=366)


async def grant(
    person_id: int,
    scope: str,
    capabilities: Iterable[str],
    *,
    reason: str,
    expires_at: datetime | None = None,
    by: Principal = SYSTEM,
) -> ScopedGrant:
    """Let a person do `capabilities` on `scope` ("board:3") until `expires_at`, at most twelve months from now."""
    wanted = frozenset(capabilities)
    ensure(policy.can_grant(by, wanted))
    moment = now()
    ends = expires_at or moment + timedelta(days=365)
    if not wanted or wanted - set(CAPABILITIES) or ":" not in scope:
        raise Refused(_("Say what may be done, and on what."))
    if not moment < ends <= moment + LONGEST:
        raise Refused(_("A grant ends within twelve months."))

    async with transaction():
        made = await ScopedGrant.create(
            person_id=person_id, scope=scope, capabilities=sorted(wanted), granted_by_id=by.person_id,
            reason=reason.strip()[:300], created_at=moment, expires_at=ends,
        )  # fmt: skip
        after = {"scope": scope, "capabilities": sorted(wanted), "expires_at": ends.isoformat(), "grant": made.id}
        await audit("grant", Ref("person", person_id), after=after, reason=reason)
        await announce(GrantChanged(person_id=person_id, grant_id=made.id, scope=scope))
        await renew_sessions(person_id)
    return made


async def revoke(grant_id: int, *, reason: str = "", by: Principal = SYSTEM) -> None:
    """End a grant now; the very next request no longer has it."""
    found = await ScopedGrant.get_or_none(id=grant_id)
    if found is None:
        raise NotFound(_("There is no such grant."))
    ensure(policy.can_grant(by, frozenset(found.capabilities)))

    async with transaction():
        ended = await write(
            "UPDATE scoped_grant SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL RETURNING id", now(), grant_id
        )
        if not ended:
            return
        before = {"scope": found.scope, "capabilities": found.capabilities, "grant": grant_id}
        await audit("revoke", Ref("person", found.person_id), before=before, reason=reason)
        await announce(GrantChanged(person_id=found.person_id, grant_id=grant_id, scope=found.scope))
        await renew_sessions(found.person_id)
