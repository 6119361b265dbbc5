# ruff: noqa: E501 -- a statement and a table are read whole
"""Accounts of the same size, as a middle and a range: nothing that could be read back to one of them.

Peers are the 50 active accounts nearest in seats between half and double, of the same plan where there are at least
five such; less than five that were measured, and nothing is kept at all. What is kept are quartiles rounded to
five points, never a value, a name or an id. The own group of companies is left out: they may know each other.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np

from core.database import rows
from customers.days import as_day
from insights.reviews.periods import Period
from insights.reviews.use import seats

LEAST, MOST = 5, 50
NEAR = 2  # from half to double
FRESH = 7  # days that a snapshot may be older than the period's end
ROUNDED = 5
# From the facts of a snapshot's reasons: what it measures, and the share in per cent that it makes.
SHARES = {"active_seats": ("active", "seats"), "login_days": ("days", None), "core_features": ("used", "most")}
WINDOW = 28

Shares = dict[str, float]


async def peers(account_id: int, period: Period) -> dict[str, Any] | None:
    """{"n", "same_plan", "size", "measures": [{"name", "own", "low", "middle", "high"}]}; None with less than five."""
    size = await seats(account_id, period.last)
    if size is None:
        return None
    found = await _near(account_id, size, period)
    plan = await _plan(account_id, period)
    for is_same_plan in (True, False):
        ids = [int(row["id"]) for row in found if not is_same_plan or (plan and row["plan"] == plan)][:MOST]
        measured = await _measured(ids, period)
        if len(measured) >= LEAST:
            own = (await _measured([account_id], period)).get(account_id, {})
            measures = [one for name in (*SHARES, "score") if (one := _held(name, own, list(measured.values())))]
            said = {"n": len(measured), "same_plan": is_same_plan, "size": size, "measures": measures}
            return said if measures else None
    return None


def _held(name: str, own: Shares, all_of: Sequence[Shares]) -> dict[str, Any] | None:
    """One's own against the quartiles of the others, of which at least five must have the measure too."""
    values = [one[name] for one in all_of if name in one]
    if name not in own or len(values) < LEAST:
        return None
    low, middle, high = (int(ROUNDED * round(float(one) / ROUNDED)) for one in np.quantile(values, (0.25, 0.5, 0.75)))
    return {"name": name, "own": round(own[name]), "low": low, "middle": middle, "high": high}


PLAN = ("(SELECT p.plan FROM contract p WHERE p.account_id = {0} AND p.seats > 0 AND p.starts_on <= ?"
        " AND (p.ended_on IS NULL OR p.ended_on > ?) ORDER BY p.amount DESC, p.id LIMIT 1)")  # fmt: skip


async def _near(account_id: int, size: int, period: Period) -> list[Any]:
    """Active accounts with about as many seats, the nearest first; parents, children and siblings are none."""
    last = as_day(period.last)
    return list(await rows(
        f"SELECT a.id AS id, {PLAN.format('a.id')} AS plan FROM contract k JOIN account a ON a.id = k.account_id"
        " WHERE a.state = 'active' AND a.id <> ? AND k.seats > 0 AND k.starts_on <= ? AND (k.ended_on IS NULL OR k.ended_on > ?)"
        " AND NOT EXISTS (SELECT 1 FROM account o WHERE o.id = ? AND (o.parent_id = a.id OR a.parent_id = o.id"
        " OR a.parent_id = o.parent_id))"
        " GROUP BY a.id HAVING MAX(k.seats) >= ? AND MAX(k.seats) <= ? ORDER BY ABS(MAX(k.seats) - ?), a.id LIMIT ?",
        last, last, account_id, last, last, account_id, -(-size // NEAR), size * NEAR, size, 4 * MOST,
    ))  # fmt: skip


async def _plan(account_id: int, period: Period) -> str:
    last = as_day(period.last)
    found = await rows(f"SELECT {PLAN.format('?')} AS plan", account_id, last, last)
    return str(found[0]["plan"] or "")


async def _measured(ids: Sequence[int], period: Period) -> dict[int, Shares]:
    """Of each account that was scored around the period's end: its measures, as health counted them over 28 days."""
    if not ids:
        return {}
    marks = ", ".join("?" * len(ids))
    found = await rows(
        f"SELECT s.account_id AS id, s.score AS score, s.reasons AS reasons FROM health_snapshot s WHERE s.account_id IN"
        f" ({marks}) AND s.day > ? AND s.day <= ? ORDER BY s.day", *ids, as_day(period.last - timedelta(days=FRESH)),
        as_day(period.last),
    )  # fmt: skip
    latest = {int(row["id"]): row for row in found}  # the last of each stays
    shares = {id: _shares(row) for id, row in latest.items()}
    return {id: one for id, one in shares.items() if one}


def _shares(row: Any) -> Shares:
    reasons = json.loads(row["reasons"]) if isinstance(row["reasons"], str) else row["reasons"]
    found: Shares = {}
    for one in reasons:
        part, whole = SHARES.get(one["measure"], ("", ""))
        if part and one["points"] is not None and part in one["facts"]:
            of = WINDOW if whole is None else one["facts"].get(whole) or 0
            if of:
                found[one["measure"]] = min(100.0, 100 * one["facts"][part] / of)
    if row["score"] is not None:
        found["score"] = float(row["score"])
    return found
