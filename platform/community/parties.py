"""Conflicts of interest: how a moderator stands to the author of what they act on."""

from __future__ import annotations

from community import rules
from community.policy import NO_PARTY, Party
from core.clock import now
from core.database import rows
from core.principal import Principal


async def party(who: Principal, author_id: int) -> Party:
    """Self, same company, a flag between the two within 30 days."""
    if who.person_id is None:
        return NO_PARTY
    if who.person_id == author_id:
        return Party(is_self=True)
    return Party(same_company=await _same_company(who, author_id), flagged=await _flagged(who.person_id, author_id))


async def _same_company(who: Principal, author_id: int) -> bool:
    if not who.accounts:
        return False
    found = await rows("SELECT account_id FROM membership WHERE person_id = ? AND until IS NULL", author_id)
    return any(row[0] in who.accounts for row in found)


async def _flagged(one: int, other: int) -> bool:
    since = now() - rules.FLAGGED_EACH_OTHER
    return bool(await rows(
        "SELECT 1 FROM flag f JOIN post p ON p.id = f.post_id WHERE f.created_at > ?"
        " AND ((f.person_id = ? AND p.author_id = ?) OR (f.person_id = ? AND p.author_id = ?)) LIMIT 1",
        since, one, other, other, one,
    ))  # fmt: skip
