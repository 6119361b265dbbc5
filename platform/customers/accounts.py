"""Questions about an account that other rooms ask, and the verbs that change one."""

from __future__ import annotations

from core.database import rows


async def tier_of(account_id: int) -> str:
    """high, low or tech; `tech` for an account that is not there."""
    found = await rows("SELECT tier FROM account WHERE id = ?", account_id)
    return str(found[0][0]) if found else "tech"


async def csm_of(account_id: int) -> int | None:
    """The person id of the account's customer success manager."""
    found = await rows("SELECT csm_id FROM account WHERE id = ?", account_id)
    return found[0][0] if found else None


async def deputy_of(account_id: int) -> int | None:
    """Who stands in for the CSM."""
    found = await rows("SELECT deputy_id FROM account WHERE id = ?", account_id)
    return found[0][0] if found else None


async def own_of(person_id: int) -> frozenset[int]:
    """The accounts a member of staff is CSM or deputy of: `Principal.own_accounts`."""
    found = await rows("SELECT id FROM account WHERE csm_id = ? OR deputy_id = ?", person_id, person_id)
    return frozenset(int(row[0]) for row in found)


async def accounts_of(person_id: int) -> frozenset[int]:
    """The accounts a person belongs to now: `Principal.accounts`."""
    found = await rows("SELECT account_id FROM membership WHERE person_id = ? AND until IS NULL", person_id)
    return frozenset(int(row[0]) for row in found)
