"""Which account a person speaks for."""

from __future__ import annotations

from customers import timeline
from customers.accounts import tier_of
from customers.models import Membership


async def account_speaking(person_id: int) -> int | None:
    """The primary one; but of several the one of the highest touch, so that no CSM is passed by."""
    found = await Membership.filter(person_id=person_id, until__isnull=True).order_by("id")
    for membership in found:
        if await tier_of(membership.account_id) == "high":
            return membership.account_id
    return await timeline.primary_account(person_id)
