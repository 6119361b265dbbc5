# ruff: noqa: E501 -- a definition is one sentence, a statement and a table are read whole
"""Contracts: what renews, what of it is at risk, what ended."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from core.clock import local_day
from core.database import rows
from core.i18n import _, day, number
from core.listing import Choice, Column, Listing, Rows
from core.principal import Principal
from customers import end_reasons, seeing
from customers.days import a_day, as_day
from insights.customer_measures import TIERS, figure
from insights.parts import Cell, Figure, Table, against
from insights.policy import own_accounts
from insights.spans import Span

# Contracts ---------------------------------------------------------------------------------------------------

DUE = "k.ended_on IS NULL AND k.renews_on >= ? AND k.renews_on < ?"
AT_RISK = "a.health <= 75"


def _coming(span: Span) -> tuple[Any, Any]:
    return as_day(local_day()), as_day(local_day() + timedelta(days=span.days))


def contracts(who: Principal) -> str:
    return f"contract k JOIN account a ON a.id = k.account_id WHERE a.state <> 'merged' AND {own_accounts(who, 'a.id')}"


async def renewals(who: Principal, span: Span) -> list[Figure]:
    found = await rows(f"SELECT COUNT(*) AS n, COUNT(CASE WHEN {AT_RISK} THEN 1 END) AS risky FROM {contracts(who)}"
                       f" AND {DUE}", *_coming(span))  # fmt: skip
    until = _("until %(day)s", day=day(local_day() + timedelta(days=span.days - 1)))
    return [
        figure(span, "renewals", int(found[0]["n"]), until),
        figure(span, "renewals_at_risk", int(found[0]["risky"]), until, "c4"),
    ]


async def ended(who: Principal, span: Span, section: str = "customers") -> Figure:
    sql = f"SELECT COUNT(*) FROM {contracts(who)} AND k.ended_on >= ? AND k.ended_on <= ?"
    now = int((await rows(sql, as_day(span.first), as_day(span.last)))[0][0])
    before = int((await rows(sql, as_day(span.before_first), as_day(span.before_last)))[0][0])
    return figure(span, "ended", now, against(number(before), now - before), "c4", section=section)


async def due(who: Principal, span: Span) -> Table:
    found = await rows(
        "SELECT a.id AS id, a.name AS name, a.tier AS tier, a.health AS health, k.renews_on AS renews_on, k.amount AS amount,"
        f" k.currency AS currency FROM {contracts(who)} AND {DUE} AND {AT_RISK} ORDER BY k.renews_on, a.health, k.id LIMIT 20",
        *_coming(span),
    )  # fmt: skip
    sees = (await seeing.sight()).sees("account.money")
    return Table(
        "renewals", _("Renewals at risk"),
        [(_("Company"), False), (_("Tier"), False), (_("Health"), True), (_("Renews"), False), *([(_("Per month"), True)] if sees else [])],
        [[Cell(row["name"], f"/staff/customers/{row['id']}"), str(TIERS.get(row["tier"], row["tier"])), row["health"],
          Cell(day(a_day(row["renews_on"])), plain=a_day(row["renews_on"])),
          *([Cell(f"{number(row['amount'])} {row['currency']}", plain=row["amount"])] if sees else [])] for row in found],
        _("No contract at risk renews in this time."),
    )  # fmt: skip


async def contract_rows(request: Any, who: Principal, span: Span, name: str) -> Listing:
    is_over = name in {"ended", "unsaid"}
    said, values = (
        ("k.ended_on >= ? AND k.ended_on <= ?", (as_day(span.first), as_day(span.last)))
        if is_over
        else (DUE, _coming(span))
    )
    more = {"renewals_at_risk": f" AND {AT_RISK}", "unsaid": " AND k.end_reason = ''"}.get(name, "")
    reasons = {code: str(label) for code, label in end_reasons.REASONS.items()} | {"unsaid": _("Nobody has said why")}
    money = [Column("amount", _("Per month"), num=True, wide=True), Column("currency", _("Currency"), wide=True)]
    if not (await seeing.sight()).sees("account.money"):
        money = []
    query = Rows(
        "SELECT k.id AS id, a.id AS account_id, a.name AS name, a.tier AS tier, a.health AS health, k.product AS product,"
        " k.amount AS amount, k.currency AS currency, k.renews_on AS renews_on, k.ended_on AS ended_on, k.end_note AS end_note, CASE WHEN k.end_reason = '' THEN 'unsaid' ELSE k.end_reason END AS reason"
        f" FROM {contracts(who)} AND {said}{more}", *values,
    )  # fmt: skip
    at = "ended_on" if is_over else "renews_on"
    columns = [
        Column("name", _("Company"), head=True, sort=True, href=lambda row: f"/staff/customers/{row['account_id']}"),
        Column("tier", _("Tier"), value=lambda row: str(TIERS.get(row["tier"], row["tier"])), wide=True),
        Column("health", _("Health"), num=True),
        Column("product", _("Product"), wide=True),
        *money,
        Column(at, _("Ended") if is_over else _("Renews"), sort=True, format=day),
        *([Column("reason", _("Reason"), value=lambda row: reasons.get(row["reason"], row["reason"])), Column("end_note", _("In their words"), wide=True)] if is_over else []),
    ]  # fmt: skip
    return Listing(request, query=query, columns=columns, filters=[Choice("tier", _("Tier"), {key: str(label) for key, label in TIERS.items()}, many=True),
                                                                 *([Choice("reason", _("Reason"), reasons, many=True)] if is_over else [])],
                   search=["name", "product"], default_sort=at, exportable=True, name=name)  # fmt: skip
