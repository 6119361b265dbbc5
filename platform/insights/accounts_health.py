# ruff: noqa: E501 -- a definition is one sentence, a statement and a table are read whole
"""Customers: their health by tier, who fell and who rose, what renews, who still signs in."""

from __future__ import annotations

from datetime import date
from typing import Any

from core.charts import Series, bars
from core.database import rows
from core.i18n import _, day, lazy, ngettext, number
from core.listing import Choice, Column, Listing, Rows
from core.principal import Principal
from customers.days import a_day, as_day
from customers.rules import HealthRule, rule
from insights import contracts
from insights.customer_measures import MEASURES, TIERS, figure
from insights.parts import Cell, Chart, Figure, Report, Section, Table, against, behind, over_time
from insights.policy import own_accounts
from insights.spans import Span

BANDS = ("good", "watch", "risk", "unknown")
LOOKS = {"good": "c2", "watch": "c3", "risk": "c4", "unknown": "c6"}
BAND = "CASE WHEN {0} IS NULL THEN 'unknown' WHEN {0} > 75 THEN 'good' WHEN {0} > 50 THEN 'watch' ELSE 'risk' END"
RANK = "CASE {0} WHEN 'good' THEN 3 WHEN 'watch' THEN 2 WHEN 'risk' THEN 1 ELSE 0 END"
# The last snapshot up to a day: two steps down the index of (account, day) for each account.
SCORE = ("(SELECT s.score FROM health_snapshot s WHERE s.account_id = a.id AND s.day <= ?"
         " ORDER BY s.day DESC LIMIT 1)")  # fmt: skip


async def report(who: Principal, span: Span) -> Report:
    moved, tiers = await _moves(who, span), await _by_tier(who, span)
    total = sum(moved.values())
    return Report(
        [*(_band(span, moved, one) for one in BANDS), *(_step(span, moved, one) for one in ("fell", "rose")),
         *await contracts.renewals(who, span), await contracts.ended(who, span), *await _use(who, span), await _coverage(who, span)],
        [_drawn(tiers), await _signing_in(who, span)],
        [tiers, _movements(span, moved), await contracts.due(who, span)],
        "" if total else _("No customers yet. Import them from a CSV file."),
    )  # fmt: skip


# Health ------------------------------------------------------------------------------------------------------


def _states(who: Principal) -> str:
    """Active accounts with their band at the ends of the period before and of this one (two parameters)."""
    return (
        "SELECT b.id AS id, b.name AS name, b.tier AS tier, b.old_score AS old_score, b.score AS score, b.coverage AS coverage,"
        f" b.renews_on AS renews_on, {BAND.format('b.old_score')} AS old_band, {BAND.format('b.score')} AS band FROM ("
        f"SELECT a.id AS id, a.name AS name, a.tier AS tier, {SCORE} AS old_score, {SCORE} AS score,"
        " a.health_coverage AS coverage, a.renews_on AS renews_on FROM account a"
        f" WHERE a.state = 'active' AND {own_accounts(who, 'a.id')}) b"
    )


def _ends(span: Span) -> tuple[Any, Any]:
    return as_day(span.before_last), as_day(span.last)


async def _moves(who: Principal, span: Span) -> dict[tuple[str, str], int]:
    """(band before, band now) → accounts."""
    found = await rows(f"SELECT m.old_band AS old_band, m.band AS band, COUNT(*) AS n FROM ({_states(who)}) m"
                       " GROUP BY m.old_band, m.band", *_ends(span))  # fmt: skip
    return {(row["old_band"], row["band"]): int(row["n"]) for row in found}


def _band(span: Span, moved: dict[tuple[str, str], int], name: str) -> Figure:
    now = sum(n for (_old, new), n in moved.items() if new == name)
    before = sum(n for (old, _new), n in moved.items() if old == name)
    return figure(span, name, now, against(number(before), now - before), LOOKS[name])


def _step(span: Span, moved: dict[tuple[str, str], int], name: str) -> Figure:
    ranks = {"risk": 1, "watch": 2, "good": 3}
    sign = 1 if name == "rose" else -1
    n = sum(count for (old, new), count in moved.items()
            if old in ranks and new in ranks and sign * (ranks[new] - ranks[old]) > 0)  # fmt: skip
    return figure(span, name, n, _("since %(day)s", day=day(span.before_last)), "c4" if sign < 0 else "c2")


def _band_words() -> dict[str, str]:
    return {"good": _("Good"), "watch": _("Watch"), "risk": _("At risk"), "unknown": _("Unknown")}


async def _by_tier(who: Principal, span: Span) -> Table:
    found = await rows(f"SELECT m.tier AS tier, m.band AS band, COUNT(*) AS n FROM ({_states(who)}) m"
                       " GROUP BY m.tier, m.band", *_ends(span))  # fmt: skip
    counts = {(row["tier"], row["band"]): int(row["n"]) for row in found}
    words = _band_words()
    lines = [[str(label), *(Cell(counts.get((tier, one), 0), behind("customers", span, one, tier=tier)) for one in BANDS),
              sum(counts.get((tier, one), 0) for one in BANDS)] for tier, label in TIERS.items()]  # fmt: skip
    return Table("tiers", _("Health by tier"), [(_("Tier"), False), *((words[one], True) for one in BANDS), (_("All"), True)],
                 lines if counts else [], _("No customers yet."))  # fmt: skip


def _drawn(tiers: Table) -> Chart:
    """The table of tiers as bars."""
    counts = [[int(_plain(cell)) for cell in row[1:-1]] for row in tiers.rows]
    words = _band_words()
    series = [Series(words[one], [row[n] for row in counts], one) for n, one in enumerate(BANDS)]
    risky = sum(row[BANDS.index("risk")] for row in counts)
    finding = ngettext("%(n)s customer is at risk", "%(n)s customers are at risk", risky)
    return Chart(tiers.title, bars(series, [str(row[0]) for row in tiers.rows], finding=finding, unit=_("Companies")))


def _plain(cell: Any) -> Any:
    return cell.text if isinstance(cell, Cell) else cell


def _movements(span: Span, moved: dict[tuple[str, str], int]) -> Table:
    words = _band_words()
    found = sorted(((n, old, new) for (old, new), n in moved.items() if old != new), key=lambda one: (-one[0], one[1:]))
    return Table("movements", _("From band to band"), [(_("Before"), False), (_("At the end"), False), (_("Companies"), True)],
                 [[words[old], words[new], Cell(n, behind("customers", span, new, old_band=old))] for n, old, new in found],
                 _("No customer changed its band."),
                 _("From %(first)s to %(last)s.", first=day(span.before_last), last=day(span.last)))  # fmt: skip


async def _coverage(who: Principal, span: Span) -> Figure:
    found = await rows("SELECT AVG(a.health_coverage) AS part FROM account a WHERE a.state = 'active'"
                       f" AND {own_accounts(who, 'a.id')}")  # fmt: skip
    part = found[0]["part"]
    return figure(span, "coverage", None if part is None else round(float(part)), unit="%", look="c5")


# Use ---------------------------------------------------------------------------------------------------------


async def _used(who: Principal, first: date, last: date, login: str) -> tuple[int, int]:
    """(sign-ins, people who did anything) from the table of days."""
    found = await rows(
        "SELECT COALESCE(SUM(CASE WHEN u.name = ? THEN u.count ELSE 0 END), 0) AS logins, COUNT(DISTINCT u.person_id) AS people"
        f" FROM usage_day u WHERE u.day >= ? AND u.day <= ? AND u.account_id > 0 AND {own_accounts(who, 'u.account_id')}",
        login, as_day(first), as_day(last),
    )  # fmt: skip
    return int(found[0]["logins"]), int(found[0]["people"])


async def _use(who: Principal, span: Span) -> list[Figure]:
    given: HealthRule = await rule("health")
    logins, people = await _used(who, span.first, span.last, given.login)
    logins_before, people_before = await _used(who, span.before_first, span.before_last, given.login)
    seats = int((await rows(f"SELECT COALESCE(SUM(k.seats), 0) FROM {contracts.contracts(who)} AND k.starts_on <= ?"
                            " AND (k.ended_on IS NULL OR k.ended_on > ?)", as_day(span.last), as_day(span.last)))[0][0])  # fmt: skip
    note = (
        _("%(n)s people, %(seats)s seats", n=number(people), seats=number(seats))
        if seats
        else ngettext("%(n)s person", "%(n)s people", people)
    )
    return [
        figure(span, "logins", logins, against(number(logins_before), logins - logins_before), "c1"),
        figure(span, "seats", round(100 * people / seats) if seats else None,
                f"{note} · {against(number(people_before), people - people_before)}", "c2", "%"),
    ]  # fmt: skip


async def _signing_in(who: Principal, span: Span) -> Chart:
    given: HealthRule = await rule("health")
    lines = []
    for before in (False, True):
        points = span.points(before=before)
        found = await rows(
            "SELECT u.day AS day, SUM(u.count) AS n FROM usage_day u WHERE u.name = ? AND u.day >= ? AND u.day <= ?"
            f" AND u.account_id > 0 AND {own_accounts(who, 'u.account_id')} GROUP BY u.day",
            given.login, as_day(points[0][0]), as_day(points[-1][1]),
        )  # fmt: skip
        by_day = {a_day(row["day"]): int(row["n"]) for row in found}
        lines.append([sum(n for at, n in by_day.items() if at and first <= at <= last) for first, last in points])
    n = sum(lines[0])
    return over_time(_("Sign-ins"), span, [(_("Sign-ins"), lines[0])], (_("Sign-ins before"), lines[1]), _("times"),
                     ngettext("%(n)s sign-in in the period", "%(n)s sign-ins in the period", n))  # fmt: skip


# The rows behind ---------------------------------------------------------------------------------------------


async def listing(request: Any, who: Principal, span: Span, name: str) -> Listing:
    if name in {"renewals", "renewals_at_risk", "ended"}:
        return await contracts.contract_rows(request, who, span, name)
    if name in {"logins", "seats"}:
        return await _use_rows(request, who, span, name)
    said = {"fell": "m.band <> 'unknown' AND m.old_band <> 'unknown' AND {new} < {old}",
            "rose": "m.band <> 'unknown' AND m.old_band <> 'unknown' AND {new} > {old}",
            "coverage": "1 = 1"}.get(name, f"m.band = '{name}'")  # fmt: skip
    said = said.format(new=RANK.format("m.band"), old=RANK.format("m.old_band"))
    query = Rows(f"SELECT m.* FROM ({_states(who)}) m WHERE {said}", *_ends(span))
    words = _band_words()
    columns = [
        Column("name", _("Company"), head=True, sort=True, href=lambda row: f"/staff/customers/{row['id']}"),
        Column("tier", _("Tier"), value=lambda row: str(TIERS.get(row["tier"], row["tier"])), wide=True),
        Column("old_score", _("Health before"), num=True, wide=True),
        Column("score", _("Health"), num=True, sort=True, empty=-1),
        Column("band", _("State"), value=lambda row: words[row["band"]], wide=True),
        Column("coverage", _("Coverage (%)"), num=True, sort=True, wide=True),
        Column("renews_on", _("Renews"), format=day, wide=True),
    ]  # fmt: skip
    filters = [Choice("tier", _("Tier"), {key: str(label) for key, label in TIERS.items()}, many=True),
               Choice("old_band", _("Before"), words)]  # fmt: skip
    return Listing(request, query=query, columns=columns, filters=filters, search=["name"], default_sort="score",
                   exportable=True, name=name)  # fmt: skip


async def _use_rows(request: Any, who: Principal, span: Span, name: str) -> Listing:
    given: HealthRule = await rule("health")
    query = Rows(
        "SELECT a.id AS id, a.name AS name, a.tier AS tier, u.logins AS logins, u.people AS people, (SELECT SUM(k.seats)"
        " FROM contract k WHERE k.account_id = a.id AND k.starts_on <= ? AND (k.ended_on IS NULL OR k.ended_on > ?)) AS seats"
        " FROM (SELECT d.account_id AS account_id, SUM(CASE WHEN d.name = ? THEN d.count ELSE 0 END) AS logins,"
        " COUNT(DISTINCT d.person_id) AS people FROM usage_day d WHERE d.day >= ? AND d.day <= ? AND d.account_id > 0"
        f" AND {own_accounts(who, 'd.account_id')} GROUP BY d.account_id) u JOIN account a ON a.id = u.account_id",
        as_day(span.last), as_day(span.last), given.login, as_day(span.first), as_day(span.last),
    )  # fmt: skip
    columns = [
        Column("name", _("Company"), head=True, sort=True, href=lambda row: f"/staff/customers/{row['id']}"),
        Column("tier", _("Tier"), value=lambda row: str(TIERS.get(row["tier"], row["tier"])), wide=True),
        Column("logins", _("Sign-ins"), num=True, sort=True),
        Column("people", _("People"), num=True, sort=True),
        Column("seats", _("Seats"), num=True),
    ]  # fmt: skip
    return Listing(request, query=query, columns=columns, filters=[Choice("tier", _("Tier"), {key: str(label) for key, label in TIERS.items()}, many=True)],
                   search=["name"], default_sort="-logins", exportable=True, name=name)  # fmt: skip


SECTION = Section("customers", lazy("Customers"), MEASURES, report, listing,
                  lazy("Their health by tier, what renews, and who still signs in."))  # fmt: skip
