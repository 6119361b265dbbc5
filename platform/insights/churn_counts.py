"""What a period took: accounts and amounts a month, as contracts had them at its beginning and at its end.

The beginning is how things stood the evening before its first day, the end the evening of its last, so that the end of
one month is the beginning of the next. A contract runs from its first day to the day before `ended_on`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import pairwise

import msgspec

from core.database import rows
from core.principal import Principal
from insights.policy import own_accounts

CURRENCY = "(SELECT currency FROM contract GROUP BY currency ORDER BY COUNT(*) DESC, currency LIMIT 1)"
PAID = "SUM(CASE WHEN {runs} AND k.currency = (SELECT code FROM main) THEN k.amount ELSE 0 END)"
# The rule calls whoever has no contract tech touch: a former customer is counted as they were when they ended.
STOOD = "CASE WHEN a.state = 'churned' THEN COALESCE(MIN(NULLIF(k.end_{0}, '')), a.{0}) ELSE a.{0} END"


class Lost(msgspec.Struct, frozen=True):
    """`began`: accounts with a running contract at the beginning, `gone` those of them without one at the end.

    `paid`: what `began` paid a month then, `kept` what they pay at the end, `lost` what those pay less that pay less.
    """

    began: int = 0
    gone: int = 0
    paid: int = 0
    kept: int = 0
    lost: int = 0

    @property
    def churn(self) -> float | None:
        return rate(self.gone, self.began)

    @property
    def revenue_churn(self) -> float | None:
        return rate(self.lost, self.paid)

    @property
    def retention(self) -> float | None:
        """Net revenue retention: above 100 where those who stayed grew by more than the others took away."""
        return rate(self.kept, self.paid)


def rate(part: float, whole: float) -> float | None:
    """Per cent, to a tenth: a good month and a bad one differ by two points."""
    return round(100 * part / whole, 1) if whole else None


def runs(day: date) -> str:
    """A condition: the contract runs in the evening of this day. Only dates of ours are written into it."""
    return f"k.starts_on <= '{day.isoformat()}' AND (k.ended_on IS NULL OR k.ended_on > '{day.isoformat()}')"


def accounts(who: Principal, first: date, last: date) -> str:
    """Accounts with a running contract at the beginning of the days."""
    opening, closing = first - timedelta(days=1), last
    was, now = runs(opening), runs(closing)
    ended = f"k.ended_on > '{opening}' AND k.ended_on <= '{closing}'"
    return (
        f"WITH main AS (SELECT {CURRENCY} AS code)"
        f" SELECT a.id AS id, a.name AS name, {STOOD.format('tier')} AS tier, {STOOD.format('phase')} AS phase,"
        f" MAX(CASE WHEN {now} THEN 1 ELSE 0 END) AS stays, {PAID.format(runs=was)} AS paid,"
        f" {PAID.format(runs=now)} AS kept,"
        f" MAX(CASE WHEN {ended} THEN k.ended_on END) AS ended_on"
        " FROM contract k JOIN account a ON a.id = k.account_id"
        f" WHERE a.state <> 'merged' AND {own_accounts(who, 'a.id')} AND k.starts_on <= '{closing}'"
        f" AND (k.ended_on IS NULL OR k.ended_on > '{opening}')"
        f" GROUP BY a.id, a.name, a.tier, a.phase, a.state HAVING MAX(CASE WHEN {was} THEN 1 ELSE 0 END) = 1"
    )  # fmt: skip


SUMS = ("COUNT(*) AS began, COUNT(CASE WHEN b.stays = 0 THEN 1 END) AS gone, COALESCE(SUM(b.paid), 0) AS paid,"
        " COALESCE(SUM(b.kept), 0) AS kept,"
        " COALESCE(SUM(CASE WHEN b.kept < b.paid THEN b.paid - b.kept ELSE 0 END), 0) AS lost")  # fmt: skip


async def lost_by(who: Principal, first: date, last: date) -> dict[tuple[str, str], Lost]:
    """By tier and phase, in one walk: what a tier, a phase or all together lost is the `together` of theirs."""
    found = await rows(f"SELECT b.tier, b.phase, {SUMS} FROM ({accounts(who, first, last)}) b GROUP BY b.tier, b.phase")
    return {(str(row["tier"]), str(row["phase"])): Lost(*(int(row[name]) for name in Lost.__struct_fields__))
            for row in found}  # fmt: skip


def together(parts: Iterable[Lost]) -> Lost:
    return Lost(*(sum(each) for each in zip(*map(msgspec.structs.astuple, parts), strict=True)))


async def lost_between(who: Principal, evenings: Sequence[date]) -> list[Lost]:
    """The same from each evening to the next, in one walk over the contracts."""
    stood = ", ".join(
        f"MAX(CASE WHEN {runs(day)} THEN 1 ELSE 0 END) AS r{n}, {PAID.format(runs=runs(day))} AS p{n}"
        for n, day in enumerate(evenings)
    )
    sums = ", ".join(
        f"COUNT(CASE WHEN r{a} = 1 THEN 1 END), COUNT(CASE WHEN r{a} = 1 AND r{b} = 0 THEN 1 END),"
        f" SUM(p{a}), SUM(CASE WHEN r{a} = 1 THEN p{b} ELSE 0 END),"
        f" SUM(CASE WHEN p{b} < p{a} THEN p{a} - p{b} ELSE 0 END)"
        for a, b in pairwise(range(len(evenings)))
    )
    found = await rows(
        f"WITH main AS (SELECT {CURRENCY} AS code) SELECT {sums} FROM (SELECT {stood}"
        " FROM contract k JOIN account a ON a.id = k.account_id"
        f" WHERE a.state <> 'merged' AND {own_accounts(who, 'a.id')} AND k.starts_on <= '{evenings[-1]}'"
        f" AND (k.ended_on IS NULL OR k.ended_on > '{evenings[0]}') GROUP BY a.id) b"
    )
    said = [int(value or 0) for value in tuple(found[0])]
    return [Lost(*said[at : at + 5]) for at in range(0, len(said), 5)]


async def main_currency() -> str:
    """That of most contracts: amounts of others are in no sum, because nobody knows their rate."""
    found = await rows(f"SELECT {CURRENCY}")
    return str(found[0][0] or "JPY")
