"""Tiers by rule from expected LTV, and by hand with who, why and until when.

expected LTV = Σ over running contracts of amount a month × expected months. With monthly churn c and a horizon of H
months, expected months = Σ (1 − c)^k for k = 0 … H − 1 = (1 − (1 − c)^H) / c, or H when c is 0. The first month counts
whole. Contracts that begin later count as well; ended ones do not.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from core.audit import audit
from core.clock import local_day, now
from core.context import current_principal
from core.database import rows, transaction, write
from core.errors import NotFound
from core.events import announce
from core.i18n import _
from core.policy import ensure
from core.refs import Ref
from customers import policy, timeline
from customers.days import a_day, as_day
from customers.events import TierChanged
from customers.models import TIERS, Account
from customers.overruling import checked_reason
from customers.rules import TierRule, rule


def expected_months(given: TierRule) -> float:
    """How many months a subscription is expected to be paid within the horizon."""
    churn = given.monthly_churn_permille / 1000
    if churn <= 0:
        return float(given.horizon_months)
    return (1 - (1 - churn) ** given.horizon_months) / churn


def tier_for(expected_ltv: int, given: TierRule) -> str:
    if expected_ltv >= given.high_from:
        return "high"
    return "low" if expected_ltv >= given.low_from else "tech"


async def recompute(account_ids: Iterable[int]) -> int:
    """Work out LTV, tier, next renewal and state from the contracts; returns how many tiers changed.

    Call it in the transaction that changed the contracts.
    """
    given: TierRule = await rule("tiers")
    ids = sorted(set(account_ids))
    changed = 0
    async with transaction():
        for at in range(0, len(ids), 500):
            for row in await _sums(ids[at : at + 500]):
                changed += await _settle(row, given)
    return changed


async def _sums(ids: list[int]) -> list[Any]:
    today = as_day(local_day())
    marks = ", ".join("?" * len(ids))
    return await rows(
        "SELECT a.id, a.tier, a.tier_source, a.tier_until, a.expected_ltv, a.renews_on, a.state,"
        " COUNT(c.id) AS contracts,"
        " COALESCE(SUM(CASE WHEN c.ended_on IS NULL OR c.ended_on > ? THEN c.amount ELSE 0 END), 0) AS monthly,"
        " SUM(CASE WHEN c.ended_on IS NULL OR c.ended_on > ? THEN 1 ELSE 0 END) AS running,"
        " MIN(CASE WHEN (c.ended_on IS NULL OR c.ended_on > ?) AND c.renews_on >= ? THEN c.renews_on END) AS renews"
        f" FROM account a LEFT JOIN contract c ON c.account_id = a.id WHERE a.id IN ({marks}) GROUP BY a.id",
        today, today, today, today, *ids,
    )  # fmt: skip


async def _settle(row: Any, given: TierRule) -> int:
    ltv = round(int(row["monthly"]) * expected_months(given))
    until = a_day(row["tier_until"])
    by_hand = row["tier_source"] == "manual" and (until is None or until >= local_day())
    tier = row["tier"] if by_hand else tier_for(ltv, given)
    state = row["state"]
    if state != "merged" and row["contracts"]:
        state = "active" if row["running"] else "churned"
    renews = a_day(row["renews"])
    source = "manual" if by_hand else "rule"
    before = (row["expected_ltv"], row["tier"], row["tier_source"], a_day(row["renews_on"]), row["state"])
    if before == (ltv, tier, source, renews, state):
        return 0
    await write(
        "UPDATE account SET expected_ltv = ?, tier = ?, tier_source = ?, renews_on = ?, state = ?, updated_at = ?,"
        " tier_reason = CASE WHEN ? THEN tier_reason ELSE '' END,"
        " tier_by_id = CASE WHEN ? THEN tier_by_id ELSE NULL END,"
        " tier_until = CASE WHEN ? THEN tier_until ELSE NULL END, version = version + 1 WHERE id = ?",
        ltv,
        tier,
        source,
        as_day(renews) if renews else None,
        state,
        now(),
        by_hand,
        by_hand,
        by_hand,
        row["id"],
    )
    if tier == row["tier"]:
        return 0
    await _tell(row["id"], row["tier"], tier, "rule")
    return 1


async def _tell(account_id: int, before: str, after: str, source: str) -> None:
    changed: dict[str, Any] = {"from": before, "to": after, "by": source}
    await timeline.record(None, "customers.tier_changed", account_id=account_id, channel="staff",
                          **changed)  # fmt: skip
    await announce(TierChanged(account_id=account_id, tier=after, at=now().isoformat()))


async def override(account_id: int, tier: str, reason: str, until: date | None = None) -> None:
    """Set the tier by hand; who and why are kept, and the rule returns after `until`."""
    who = current_principal()
    ensure(policy.can_change_account(who, account_id))
    reason = checked_reason(tier, TIERS, reason, until)
    async with transaction():
        account = await Account.get_or_none(id=account_id)
        if account is None:
            raise NotFound(_("There is no such company."))
        before = {"tier": account.tier, "source": account.tier_source, "reason": account.tier_reason}
        await write(
            "UPDATE account SET tier = ?, tier_source = 'manual', tier_reason = ?, tier_by_id = ?, tier_until = ?,"
            " updated_at = ?, version = version + 1 WHERE id = ?",
            tier, reason, who.person_id, as_day(until) if until else None, now(), account_id,
        )  # fmt: skip
        await audit("account.tier", Ref("account", account_id), before=before,
                    after={"tier": tier, "until": str(until or "")}, reason=reason.strip())  # fmt: skip
        if tier != account.tier:
            await _tell(account_id, account.tier, tier, "staff")


async def back_to_rule(account_id: int) -> None:
    """Take the override back."""
    ensure(policy.can_change_account(current_principal(), account_id))
    async with transaction():
        account = await Account.get_or_none(id=account_id)
        if account is None:
            raise NotFound(_("There is no such company."))
        await write("UPDATE account SET tier_source = 'rule', tier_reason = '', tier_by_id = NULL, tier_until = NULL"
                    " WHERE id = ?", account_id)  # fmt: skip
        await audit("account.tier_rule", Ref("account", account_id), before={"tier": account.tier})
        await recompute([account_id])


async def recompute_all() -> int:
    """Every account: overrides run out, contracts begin and end, rules change. Returns how many tiers changed."""
    changed, last = 0, 0
    while True:
        found = await rows("SELECT id FROM account WHERE id > ? AND state <> 'merged' ORDER BY id LIMIT 500", last)
        if not found:
            return changed
        changed += await recompute([int(row[0]) for row in found])
        last = int(found[-1][0])
