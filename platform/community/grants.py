"""An ambassador's grant, asked again inside the acting transaction: one revoked meanwhile no longer counts."""

from __future__ import annotations

from community import rules
from core.clock import days_ago, now
from core.database import rows
from core.errors import Forbidden
from core.i18n import _
from core.policy import Verdict, ensure
from core.principal import Principal

MODERATES = '%"community.moderate"%'


async def ensure_now(who: Principal, verdict: Verdict) -> Verdict:
    """Raise Forbidden unless the verdict allows, its grant is still good, and it is not resting."""
    ensure(verdict)
    if verdict.grant_id is None:
        return verdict
    if not await is_good(verdict.grant_id):
        raise Forbidden(_("Your grant for this board has ended."))
    if await overturned(who.person_id) >= rules.OVERTURNED:
        raise Forbidden(_("Several of your decisions were undone, so your grant rests until staff have looked at it."))
    return verdict


async def is_good(grant_id: int) -> bool:
    found = await rows(
        "SELECT 1 FROM scoped_grant WHERE id = ? AND revoked_at IS NULL AND expires_at > ?", grant_id, now()
    )
    return bool(found)


async def people_with(scope: str) -> set[int]:
    """Who holds any current grant on a board: they see it."""
    found = await rows("SELECT person_id FROM scoped_grant WHERE scope = ? AND revoked_at IS NULL AND expires_at > ?",
                       scope, now())  # fmt: skip
    return {row[0] for row in found}


async def moderators_of(scope: str) -> set[int]:
    """Who moderates this board by a grant."""
    found = await rows(
        "SELECT person_id FROM scoped_grant WHERE scope = ? AND revoked_at IS NULL AND expires_at > ?"
        " AND CAST(capabilities AS TEXT) LIKE ?", scope, now(), MODERATES,
    )  # fmt: skip
    return {row[0] for row in found}


async def ambassadors() -> set[int]:
    """Everybody who moderates some board."""
    found = await rows(
        "SELECT DISTINCT person_id FROM scoped_grant WHERE scope LIKE 'board:%' AND revoked_at IS NULL"
        " AND expires_at > ? AND CAST(capabilities AS TEXT) LIKE ?",
        now(), MODERATES,
    )  # fmt: skip
    return {row[0] for row in found}


async def overturned(person_id: int | None) -> int:
    """How many of a moderator's decisions somebody else undid in 30 days."""
    found = await rows(
        "SELECT COUNT(*) FROM moderation WHERE actor_id = ? AND undone_at > ? AND undone_by_id <> actor_id",
        person_id, days_ago(rules.UNDO.days),
    )  # fmt: skip
    return int(found[0][0])
