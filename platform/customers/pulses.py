"""The CSM's pulse: how the relationship is, in the words of whoever looks after it."""

from __future__ import annotations

from core.audit import audit
from core.clock import now
from core.context import current_principal
from core.database import transaction
from core.errors import Refused
from core.i18n import _
from core.policy import ensure
from core.refs import Ref
from customers import health, policy, timeline
from customers.measures import PULSE
from customers.models import Pulse


async def give(account_id: int, state: str, note: str) -> Pulse:
    """Write the pulse down and score the account anew. Raises Refused without a reason."""
    who = current_principal()
    ensure(policy.can_change_account(who, account_id))
    if state not in PULSE:
        raise Refused(_("Choose one of the list."))
    if not note.strip():
        raise Refused(_("Write why."))
    async with transaction():
        made = await Pulse.create(account_id=account_id, state=state, note=note.strip()[:500], by_id=who.person_id,
                                  at=now())  # fmt: skip
        await timeline.record(None, "customers.pulse_given", account_id=account_id, channel="staff", state=state,
                              note=note.strip()[:200], by=who.name)  # fmt: skip
        await audit("account.pulse", Ref("account", account_id), after={"state": state}, reason=note.strip()[:500])
    await health.recompute([account_id])
    return made


async def of(account_id: int, most: int = 10) -> list[Pulse]:
    """The latest first."""
    return await Pulse.filter(account_id=account_id).select_related("by").order_by("-at", "-id").limit(most)
