# ruff: noqa: E501 -- a definition is one sentence, a statement and a table are read whole
"""Churn: who left, what it costs a month, and why; by month, reason, tier and phase."""

from __future__ import annotations

from datetime import timedelta

from core.charts import Series, line
from core.database import rows
from core.i18n import _, lazy, number
from core.principal import Principal
from customers import end_reasons, seeing
from customers.days import as_day
from insights import contracts, spans
from insights.churn_counts import CURRENCY, Lost, lost_between, lost_by, main_currency, rate, together
from insights.churn_rows import UNSAID, listing
from insights.customer_measures import PHASES, TIERS
from insights.parts import Cell, Chart, Figure, Measure, Report, Section, Table, against, behind
from insights.spans import Span

MEASURES = {
    "churn": Measure(lazy("Customer churn"), lazy("Accounts with a running contract at the beginning of the period that have none at its end, of all with a running contract at its beginning. The beginning is the evening before the first day, the end the evening of the last.")),
    "gone": Measure(lazy("Customers lost"), lazy("Accounts with a running contract at the beginning of the period that have none at its end.")),
    "ended": Measure(lazy("Contracts ended"), lazy("Contracts whose end lies in the period.")),
    "unsaid": Measure(lazy("Ended without a reason"), lazy("Contracts whose end lies in the period, and of which nobody has said why.")),
    "lost": Measure(lazy("Amount lost a month"), lazy("What accounts with a running contract at the beginning of the period pay less a month at its end, counting only those that pay less, in the currency of most contracts.")),
    "revenue_churn": Measure(lazy("Revenue churn"), lazy("The amount lost a month, of what all accounts paid a month at the beginning of the period. A changed price counts only where it is a contract of its own.")),
    "retention": Measure(lazy("Net revenue retention"), lazy("What the accounts with a running contract at the beginning of the period pay a month at its end, of what they paid at its beginning. Above 100 % those who stayed grew by more than the others took away. New customers are not in it.")),
}  # fmt: skip


async def report(who: Principal, span: Span) -> Report:
    sees = (await seeing.sight()).sees("account.money")
    parts = await lost_by(who, span.first, span.last)
    now = together(parts.values())
    before = together((await lost_by(who, span.before_first, span.before_last)).values())
    months, currency = await _by_month(who, span), await main_currency()
    found = [_rate(span, "churn", now, before), _count(span, "gone", now.gone, before.gone, "c4"),
             await contracts.ended(who, span, "churn"), await _unsaid(who, span)]  # fmt: skip
    if sees:
        found += [_count(span, "lost", now.lost, before.lost, "c4", currency), _rate(span, "revenue_churn", now, before, currency),
                  _rate(span, "retention", now, before, currency)]  # fmt: skip
    tables = [_months(months, await _ended(who, list(months)), sees, currency), await _reasons(who, span, sees, currency),
              _parts("tiers", "tier", _("By tier"), _("Tier"), TIERS, _of_each(parts, 0), span, sees),
              _parts("phases", "phase", _("By phase"), _("Phase"), PHASES, _of_each(parts, 1), span, sees)]  # fmt: skip
    known = await rows(f"SELECT 1 FROM {contracts.contracts(who)} LIMIT 1")
    empty = "" if known else _("No contract is known yet. Import them from a CSV file.")
    return Report(found, [_drawn(months, sees)], tables, empty)


def _of_each(parts: dict[tuple[str, str], Lost], at: int) -> dict[str, Lost]:
    """Of each tier (0) or phase (1)."""
    return {name: together(one for key, one in parts.items() if key[at] == name) for name in {key[at] for key in parts}}


# Figures -----------------------------------------------------------------------------------------------------


def _count(span: Span, name: str, now: int, before: int, look: str, unit: str = "") -> Figure:
    made = MEASURES[name]
    return Figure(name, str(made.label), number(now), str(made.meaning), unit, behind("churn", span, name),
                  against(number(before), now - before), look=look)  # fmt: skip


def _rate(span: Span, name: str, now: Lost, before: Lost, currency: str = "") -> Figure:
    made, value, was = MEASURES[name], getattr(now, name), getattr(before, name)
    part, whole = {"churn": (now.gone, now.began), "revenue_churn": (now.lost, now.paid), "retention": (now.kept, now.paid)}[name]  # fmt: skip
    note = _("%(n)s of %(whole)s", n=number(part), whole=number(whole))
    if currency:
        note = _("%(part)s of %(whole)s %(currency)s", part=number(part), whole=number(whole), currency=currency)
    if was is not None:
        note += " · " + against(f"{number(was, 1)} %", None if value is None else round(value - was, 1))
    return Figure(name, str(made.label), number(value, 1), str(made.meaning), "%" if value is not None else "",
                  behind("churn", span, name), note, look="c4" if name != "retention" else "c2")  # fmt: skip


async def _unsaid(who: Principal, span: Span) -> Figure:
    sql = (
        f"SELECT COUNT(*) FROM {contracts.contracts(who)} AND k.end_reason = '' AND k.ended_on >= ? AND k.ended_on <= ?"
    )
    now = int((await rows(sql, as_day(span.first), as_day(span.last)))[0][0])
    before = int((await rows(sql, as_day(span.before_first), as_day(span.before_last)))[0][0])
    return _count(span, "unsaid", now, before, "c6")


# By month ----------------------------------------------------------------------------------------------------


async def _by_month(who: Principal, span: Span) -> dict[Span, Lost]:
    """Twelve months up to that of the period's last day, oldest first."""
    found, at = [], span.last.replace(day=1)
    for _n in range(spans.MONTHS):
        found.append(spans.chosen({"month": at.strftime("%Y-%m")}))
        at = (at - timedelta(days=1)).replace(day=1)
    months = found[::-1]
    evenings = [months[0].first - timedelta(days=1), *(one.last for one in months)]
    return dict(zip(months, await lost_between(who, evenings), strict=True))


async def _ended(who: Principal, months: list[Span]) -> dict[Span, int]:
    """How many contracts ended in each."""
    sums = ", ".join(f"COUNT(CASE WHEN k.ended_on >= '{one.first}' AND k.ended_on <= '{one.last}' THEN 1 END)" for one in months)  # fmt: skip
    found = await rows(f"SELECT {sums} FROM {contracts.contracts(who)} AND k.ended_on >= ? AND k.ended_on <= ?",
                       as_day(months[0].first), as_day(months[-1].last))  # fmt: skip
    return dict(zip(months, (int(n) for n in found[0]), strict=True))


def _month(span: Span) -> str:
    return _("%(month)s/%(year)s", month=span.first.month, year=span.first.year)


def _is_over(span: Span) -> bool:
    return (span.last + timedelta(days=1)).day == 1


def _drawn(months: dict[Span, Lost], sees: bool) -> Chart:
    over = {span: one for span, one in months.items() if _is_over(span)}  # half a month looks like a good one
    series = [Series(_("Customer churn"), [one.churn for one in over.values()])]
    if sees:
        series.append(Series(_("Revenue churn"), [one.revenue_churn for one in over.values()], "c4"))
    last = next(reversed(over.values()), Lost())
    finding = _("Customer churn of the last whole month: %(rate)s %%", rate=number(last.churn, 1))
    return Chart(_("Churn by month"), line(series, [_month(span) for span in over], finding=finding, unit="%"))


def _months(months: dict[Span, Lost], ended: dict[Span, int], sees: bool, currency: str) -> Table:
    heads = [
        (_("Month"), False),
        (_("Customers at the beginning"), True),
        (_("Lost"), True),
        (_("Churn (%)"), True),
        (_("Contracts ended"), True),
    ]
    money = [(_("Amount lost a month"), True), (_("Revenue churn (%)"), True), (_("Net revenue retention (%)"), True)]
    lines = [
        [_month(span), one.began, Cell(one.gone, behind("churn", span, "gone")), one.churn, Cell(ended[span], behind("churn", span, "ended")),
         *([Cell(one.lost, behind("churn", span, "lost")), one.revenue_churn, one.retention] if sees else [])]
        for span, one in reversed(months.items()) if one.began or ended[span]
    ]  # fmt: skip
    note = _("A month that is not over is counted up to today, and not drawn.")
    if sees:
        note += " " + _("Amounts are in %(currency)s; contracts in other currencies are in no amount.", currency=currency)  # fmt: skip
    return Table("months", _("Churn by month"), heads + (money if sees else []), lines, _("No contract ran in these months."), note)  # fmt: skip


# Why, and who ------------------------------------------------------------------------------------------------


async def _reasons(who: Principal, span: Span, sees: bool, currency: str) -> Table:
    found = await rows(
        f"SELECT k.end_reason AS reason, COUNT(*) AS n, COALESCE(SUM(CASE WHEN k.currency = {CURRENCY} THEN k.amount ELSE 0 END), 0) AS amount"
        f" FROM {contracts.contracts(who)} AND k.ended_on >= ? AND k.ended_on <= ? GROUP BY k.end_reason", as_day(span.first), as_day(span.last)
    )  # fmt: skip
    ranked = sorted(
        ((int(row["amount"]) if sees else 0, int(row["n"]), str(row["reason"])) for row in found),
        key=lambda one: (-one[0], -one[1], one[2]),
    )
    count, amount = sum(one[1] for one in ranked), sum(one[0] for one in ranked)
    heads = [(_("Reason"), False), (_("Contracts"), True), (_("Share (%)"), True)]
    heads += [(_("Amount lost a month"), True), (_("Share of the amount (%)"), True)] if sees else []
    lines = [[end_reasons.said(reason) or _("Nobody has said why"),
              Cell(n, behind("churn", span, "ended", reason=reason or UNSAID)), rate(n, count), *([paid, rate(paid, amount)] if sees else [])]
             for paid, n, reason in ranked]  # fmt: skip
    note = _("Of the contracts that ended, also of those that another one replaced.") if lines else ""
    return Table("reasons", _("Why contracts ended"), heads, lines, _("No contract ended in this time."), note)


def _parts(name: str, column: str, title: str, head: str, words: dict[str, object], found: dict[str, Lost],
           span: Span, sees: bool) -> Table:  # fmt: skip
    heads = [(head, False), (_("Customers at the beginning"), True), (_("Lost"), True), (_("Churn (%)"), True)]
    heads += [(_("Amount lost a month"), True), (_("Revenue churn (%)"), True)] if sees else []
    lines = [
        [str(label), found[part].began, Cell(found[part].gone, behind("churn", span, "gone", **{column: part})), found[part].churn,
         *([Cell(found[part].lost, behind("churn", span, "lost", **{column: part})), found[part].revenue_churn] if sees else [])]
        for part, label in words.items() if part in found
    ]  # fmt: skip
    return Table(name, title, heads, lines, _("No contract ran at the beginning of this time."),
                 _("Customers count as they are today, former ones as they were when their end was written down."))  # fmt: skip


SECTION = Section("churn", lazy("Churn"), MEASURES, report, listing,
                  lazy("Who left, what it costs, and why."))  # fmt: skip
