"""Requests in the order of their weight, counted over the voices that the reader may see.

    points = 3 × companies + 2 × high-touch companies + people + 2 × companies heard from in the last 90 days

Revenue stands beside the points, not in them: the order is the same for those who may not see money.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from core.clock import days_ago, local_day, when
from core.context import current_principal
from core.database import rows
from core.listing import Rows
from core.principal import Principal
from core.settings import settings
from customers.days import as_day
from customers.models import FULL_NAME

RECENT = 90  # days
WEIGHTS = {"accounts": 3, "high": 2, "people": 1, "recent": 2}
POINTS = " + ".join(f"{weight} * COALESCE(s.{name}, 0)" for name, weight in WEIGHTS.items())
CURRENCY = "(SELECT currency FROM contract GROUP BY currency ORDER BY COUNT(*) DESC, currency LIMIT 1)"


class Asked(msgspec.Struct, frozen=True):
    """Which voices count: said in these days (both included), of these tiers, of people in this segment."""

    first: date | None = None
    last: date | None = None
    tiers: tuple[str, ...] = ()
    segment: int = 0
    request: int = 0
    account: int = 0


class Weight(msgspec.Struct, frozen=True):
    """`revenue`: a month, in the currency of most contracts; None for those who may not see money."""

    accounts: int = 0
    people: int = 0
    high: int = 0
    recent: int = 0
    voices: int = 0
    points: int = 0
    revenue: int | None = None
    last_at: datetime | None = None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), settings().zone)


def counted(who: Principal, asked: Asked) -> tuple[str, list[Any]]:
    """A condition over `voice v LEFT JOIN account a`, and its parameters."""
    said: list[str] = ["1 = 1"]
    values: list[Any] = []
    if not who.may("customers.read"):
        said.append("1 = 0")
    elif not who.all_accounts:
        own = ", ".join(str(int(one)) for one in sorted(who.own_accounts)) or "0"
        said.append(f"v.account_id IN ({own})")
    if asked.first:
        said.append("v.said_at >= ?")
        values.append(_midnight(asked.first))
    if asked.last:
        said.append("v.said_at < ?")
        values.append(_midnight(asked.last + timedelta(days=1)))
    if asked.tiers:
        said.append(f"a.tier IN ({', '.join('?' * len(asked.tiers))})")
        values += asked.tiers
    if asked.segment:
        said.append("v.person_id IN (SELECT person_id FROM segment_member WHERE segment_id = ?)")
        values.append(asked.segment)
    for column, id in (("request_id", asked.request), ("account_id", asked.account)):
        if id:
            said.append(f"v.{column} = ?")
            values.append(id)
    return " AND ".join(said), values


def weighed(who: Principal, asked: Asked, *, with_money: bool) -> tuple[str, list[Any]]:
    """A SELECT of request ids with their counts."""
    where, values = counted(who, asked)
    sql = (
        "SELECT v.request_id AS request_id, COUNT(DISTINCT v.account_id) AS accounts,"
        " COUNT(DISTINCT v.person_id) AS people, COUNT(DISTINCT CASE WHEN a.tier = 'high' THEN a.id END) AS high,"
        " COUNT(DISTINCT CASE WHEN v.said_at >= ? THEN v.account_id END) AS recent, COUNT(*) AS voices,"
        " MAX(v.said_at) AS last_at FROM voice v LEFT JOIN account a ON a.id = v.account_id"
        f" WHERE {where} GROUP BY v.request_id"
    )
    parameters = [days_ago(RECENT), *values]
    if not with_money:
        return sql, parameters
    money, more = _money(where, values)
    return (f"SELECT t.*, CAST(COALESCE(m.revenue, 0) AS BIGINT) AS revenue FROM ({sql}) t"
            f" LEFT JOIN ({money}) m ON m.request_id = t.request_id"), [*parameters, *more]  # fmt: skip


def _money(where: str, values: list[Any]) -> tuple[str, list[Any]]:
    """What the accounts behind each request pay a month today; an account counts once for a request."""
    today = as_day(local_day())
    paid = (f"SELECT account_id, SUM(amount) AS paid FROM contract WHERE currency = {CURRENCY} AND starts_on <= ?"
            " AND (ended_on IS NULL OR ended_on > ?) GROUP BY account_id")  # fmt: skip
    sql = ("SELECT d.request_id AS request_id, SUM(k.paid) AS revenue FROM (SELECT DISTINCT v.request_id AS request_id,"
           f" v.account_id AS account_id FROM voice v LEFT JOIN account a ON a.id = v.account_id WHERE {where}) d"
           f" JOIN ({paid}) k ON k.account_id = d.account_id GROUP BY d.request_id")  # fmt: skip
    return sql, [*values, today, today]


def ranked(who: Principal, asked: Asked, *, with_money: bool) -> Rows:
    """For a list: every request that was not merged, also one without voices."""
    sql, parameters = weighed(who, asked, with_money=with_money)
    counts = ", ".join(
        f"COALESCE(s.{name}, 0) AS {name}" for name in ("accounts", "people", "high", "recent", "voices")
    )
    money = ", COALESCE(s.revenue, 0) AS revenue" if with_money else ""
    return Rows(
        "SELECT r.id AS id, r.title AS title, r.description AS description, r.status AS status, r.area AS area,"
        f" COALESCE(r.owner_id, 0) AS owner_id, CASE WHEN p.id IS NULL THEN '' ELSE {FULL_NAME} END AS owner,"
        f" r.shipped_at AS shipped_at, {counts}{money}, s.last_at AS last_at, {POINTS} AS points"
        f" FROM product_request r LEFT JOIN ({sql}) s ON s.request_id = r.id LEFT JOIN person p ON p.id = r.owner_id"
        " WHERE r.merged_into_id IS NULL", *parameters,
    )  # fmt: skip


async def weights(ids: list[int], *, with_money: bool, who: Principal | None = None) -> dict[int, Weight]:
    """Of these requests, as far as the reader sees their voices."""
    if not ids:
        return {}
    sql, parameters = weighed(who or current_principal(), Asked(), with_money=with_money)
    marks = ", ".join("?" * len(ids))
    found = await rows(f"SELECT s.*, {POINTS} AS points FROM ({sql}) s WHERE s.request_id IN ({marks})",
                       *parameters, *ids)  # fmt: skip
    return {int(row["request_id"]): _weight(row, with_money) for row in found}


def _weight(row: Any, with_money: bool) -> Weight:
    counts = {name: int(row[name]) for name in ("accounts", "people", "high", "recent", "voices", "points")}
    return Weight(**counts, revenue=int(row["revenue"]) if with_money else None, last_at=when(row["last_at"]))


class Behind(msgspec.Struct, frozen=True):
    """An account behind a request. `paid`: a month."""

    id: int
    name: str
    tier: str
    voices: int
    last_at: datetime | None
    paid: int
    renews_on: Any


async def accounts_behind(request_id: int, most: int = 50) -> list[Behind]:
    """The high-touch ones first, then those that pay most."""
    where, values = counted(current_principal(), Asked(request=request_id))
    today = as_day(local_day())
    found = await rows(
        "SELECT a.id AS id, a.name AS name, a.tier AS tier, a.renews_on AS renews_on, COUNT(*) AS voices,"
        " MAX(v.said_at) AS last_at, CAST(COALESCE((SELECT SUM(k.amount) FROM contract k WHERE k.account_id = a.id"
        f" AND k.currency = {CURRENCY} AND k.starts_on <= ? AND (k.ended_on IS NULL OR k.ended_on > ?)), 0) AS BIGINT)"
        f" AS paid FROM voice v JOIN account a ON a.id = v.account_id WHERE {where} GROUP BY a.id, a.name, a.tier,"
        " a.renews_on ORDER BY CASE a.tier WHEN 'high' THEN 0 WHEN 'low' THEN 1 ELSE 2 END, paid DESC, a.name, a.id"
        " LIMIT ?", today, today, *values, most,
    )  # fmt: skip
    return [Behind(int(row["id"]), row["name"], row["tier"], int(row["voices"]), when(row["last_at"]), int(row["paid"]),
                   row["renews_on"]) for row in found]  # fmt: skip


async def currency() -> str:
    """Of most contracts: the one in which revenue is summed up."""
    found = await rows(f"SELECT {CURRENCY}")
    return str(found[0][0] or "")


def quarter_of(day: date) -> tuple[int, int]:
    return day.year, (day.month - 1) // 3 + 1


def days_of_quarter(year: int, quarter: int) -> tuple[date, date]:
    """Its first and last day."""
    first = date(year, 3 * quarter - 2, 1)
    after = date(year + quarter // 4, 3 * (quarter % 4) + 1, 1)
    return first, after - timedelta(days=1)
