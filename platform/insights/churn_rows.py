"""The accounts and contracts behind the numbers of churn."""

from __future__ import annotations

from typing import Any

from core.i18n import _, day
from core.listing import Choice, Column, Listing, Rows
from core.principal import Principal
from customers import end_reasons, seeing
from insights import contracts
from insights.churn_counts import accounts
from insights.customer_measures import PHASES, TIERS
from insights.spans import Span

UNSAID = "unsaid"
BEHIND = {"gone": "b.stays = 0", "lost": "b.kept < b.paid"}  # of every other number: all whom it is a part of


def reasons() -> dict[str, str]:
    words = {code: str(label) for code, label in end_reasons.REASONS.items()}
    return words | {UNSAID: _("Nobody has said why")}


def _words(options: dict[str, Any]) -> dict[str, str]:
    return {key: str(label) for key, label in options.items()}


async def listing(request: Any, who: Principal, span: Span, name: str) -> Listing:
    if name in {"ended", "unsaid"}:
        return await contracts.contract_rows(request, who, span, name)
    sees = (await seeing.sight()).sees("account.money")
    why = ("SELECT k.end_reason FROM contract k WHERE k.account_id = b.id AND k.ended_on = b.ended_on"
           " ORDER BY k.end_reason DESC, k.id LIMIT 1")  # fmt: skip
    query = Rows(
        f"SELECT b.*, b.kept - b.paid AS change, COALESCE(NULLIF(({why}), ''),"
        f" CASE WHEN b.ended_on IS NULL THEN '' ELSE '{UNSAID}' END) AS reason"
        f" FROM ({accounts(who, span.first, span.last)}) b WHERE {BEHIND.get(name, '1 = 1')}",
    )
    said = reasons()
    money = [
        Column("paid", _("Per month before"), num=True, sort=True),
        Column("kept", _("Per month at the end"), num=True, sort=True, wide=True),
        Column("change", _("Difference"), num=True, sort=True),
    ]
    columns = [
        Column("name", _("Company"), head=True, sort=True, href=lambda row: f"/staff/customers/{row['id']}"),
        Column("tier", _("Tier"), value=lambda row: str(TIERS.get(row["tier"], row["tier"])), wide=True),
        Column("phase", _("Phase"), value=lambda row: str(PHASES.get(row["phase"], row["phase"])), wide=True),
        *(money if sees else []),
        Column("ended_on", _("Ended"), format=day, wide=True),
        Column("reason", _("Reason"), value=lambda row: said.get(row["reason"], "")),
    ]
    filters = [
        Choice("tier", _("Tier"), _words(TIERS), many=True),
        Choice("phase", _("Phase"), _words(PHASES), many=True),
        Choice("reason", _("Reason"), said, many=True),
    ]
    return Listing(request, query=query, columns=columns, filters=filters, search=["name"],
                   default_sort="change" if sees else "name", exportable=True, name=name)  # fmt: skip
