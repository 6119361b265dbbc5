"""A contract ends: when, why, in whose words; and the end is taken back.

What staff write here stands: a later row of an import says nothing about it. Tier and phase of the account are kept as
they were, because the rule will call whoever has no contract tech touch, and figures ask whom we lost.
"""

from __future__ import annotations

from datetime import date

from core.audit import audit
from core.clock import now
from core.context import current_principal
from core.database import transaction, write
from core.errors import Conflict, NotFound, Refused
from core.i18n import _, day
from core.policy import ensure
from core.refs import Ref
from customers import health, policy, tiers, timeline
from customers.days import as_day
from customers.end_reasons import LONGEST_NOTE, OTHER, REASONS
from customers.models import Contract

STAFF = "staff"
LAST_YEAR = 2200  # as imports have it
# Once the end is known: how the account stood when it was written down.
AS_IT_STOOD = ("end_tier = (SELECT a.tier FROM account a WHERE a.id = contract.account_id),"
               " end_phase = (SELECT a.phase FROM account a WHERE a.id = contract.account_id)")  # fmt: skip


async def find(account_id: int, contract_id: int) -> Contract:
    """One that the person who asks may see. Raises NotFound."""
    visible = policy.visible_contracts(current_principal())
    found = await visible.filter(id=contract_id, account_id=account_id).first()
    if found is None:
        raise NotFound(_("There is no such contract."))
    return found


async def end(contract: Contract, ended_on: date, reason: str, note: str) -> None:
    """Write the end down, or correct what was written. `ended_on` is the first day without the contract.

    Raises Refused without a reason of the list, or for a day ahead of the contract's first.
    """
    who = current_principal()
    ensure(policy.can_change_account(who, contract.account_id))
    note = note.strip()[:LONGEST_NOTE]
    for sentence in mistakes(contract, ended_on, reason, note).values():
        raise Refused(sentence)
    async with transaction():
        await contract.refresh_from_db()
        before = _facts(contract)
        is_new = contract.ended_on is None
        await write(
            f"UPDATE contract SET ended_on = ?, end_reason = ?, end_note = ?, end_source = ?, updated_at = ?"
            f"{', ' + AS_IT_STOOD if is_new else ''} WHERE id = ?",
            as_day(ended_on), reason, note, STAFF, now(), contract.id,
        )  # fmt: skip
        await audit("contract.end", Ref("contract", contract.id), before=before,
                    after={"ended_on": str(ended_on), "end_reason": reason, "end_note": note})  # fmt: skip
        if is_new:
            await timeline.record(None, "customers.contract_ended", account_id=contract.account_id, channel="staff",
                                  product=contract.product, day=str(ended_on), reason=reason, note=note,
                                  by=who.name)  # fmt: skip
        await tiers.recompute([contract.account_id])
    await health.recompute([contract.account_id])


def mistakes(contract: Contract, ended_on: date, reason: str, note: str) -> dict[str, str]:
    """What is wrong with an end, by the field of the form."""
    found = {}
    if ended_on < contract.starts_on:
        found["ended_on"] = _("The contract began on %(day)s.", day=day(contract.starts_on))
    elif ended_on.year > LAST_YEAR:
        found["ended_on"] = _("Write a date such as 2026-11-22.")
    if reason not in REASONS:
        found["reason"] = _("Choose one of the list.")
    elif reason == OTHER and not note.strip():
        found["note"] = _("Write why.")
    return found


async def take_back(contract: Contract, reason: str) -> None:
    """It goes on after all. Raises Refused without a reason, Conflict where no end is written down."""
    who = current_principal()
    ensure(policy.can_change_account(who, contract.account_id))
    reason = reason.strip()[:LONGEST_NOTE]
    if not reason:
        raise Refused(_("Write why."))
    async with transaction():
        await contract.refresh_from_db()
        before = _facts(contract)
        won = await write(
            "UPDATE contract SET ended_on = NULL, end_reason = '', end_note = '', end_source = '', end_tier = '',"
            " end_phase = '', updated_at = ? WHERE id = ? AND ended_on IS NOT NULL RETURNING id", now(), contract.id
        )  # fmt: skip
        if not won:
            raise Conflict(_("This contract is running."))
        await audit("contract.end_taken_back", Ref("contract", contract.id), before=before, reason=reason)
        await timeline.record(None, "customers.contract_resumed", account_id=contract.account_id, channel="staff",
                              product=contract.product, reason=reason, by=who.name)  # fmt: skip
        await tiers.recompute([contract.account_id])
    await health.recompute([contract.account_id])


def _facts(contract: Contract) -> dict[str, str]:
    return {"ended_on": str(contract.ended_on or ""), "end_reason": contract.end_reason, "end_note": contract.end_note}
