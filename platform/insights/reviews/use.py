# ruff: noqa: E501 -- a statement and a table are read whole
"""How an account uses the product: who is active of its seats, on how many days, and which core features.

Counted from `usage_day`, one walk down its index of (account, name, day); nothing but sums leaves the database.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from core.database import rows
from customers.days import as_day
from customers.rules import HealthRule, rule
from customers.tracking.counting import ANY
from insights.reviews.periods import DAY, Period

FEATURES = 8
FEATURE_DAYS = 92  # at most, the last ones
MONTH = 28  # days, for "days of 28"
COUNTED = ("people", "people_before", "times", "times_before")
Figures = dict[str, Any]


async def use(account_id: int, period: Period) -> Figures | None:
    """None where nothing was ever heard of the account's product use in both periods."""
    active, days = await _active(account_id, period.first, period.points())
    active_before, days_before = await _active(account_id, period.before_first, period.points_before())
    if not days and not days_before:
        return None
    length_before = (period.before_last - period.before_first).days + 1
    return {
        "people": len(days), "people_before": len(days_before), "seats": await seats(account_id, period.last),
        "days": _each(days, period.days), "days_before": _each(days_before, length_before),
        "ends": [str(one) for one in period.points()], "is_monthly": period.is_monthly,
        "active": active, "active_before": active_before, "features": await features(account_id, period),
        "feature_days": min(FEATURE_DAYS, period.days),
    }  # fmt: skip


def _each(days: dict[int, int], length: int) -> float | None:
    """Days of 28 on which somebody who is active was."""
    return round(sum(days.values()) / len(days) / (length / MONTH), 1) if days else None


async def _active(account_id: int, first: date, ends: list[date]) -> tuple[list[int], dict[int, int]]:
    """(people at each point, days on which each person did anything): a row stands for a person and a day."""
    steps = " ".join(f"WHEN day <= ? THEN {n}" for n in range(len(ends)))
    found = await rows(
        f"SELECT CASE {steps} END AS point, person_id, COUNT(*) AS days FROM usage_day WHERE account_id = ? AND name = ?"
        " AND day >= ? AND day <= ? GROUP BY 1, 2",
        *(as_day(one) for one in ends), account_id, ANY, as_day(first), as_day(ends[-1]),
    )  # fmt: skip
    points, days = [0] * len(ends), dict[int, int]()
    for row in found:
        points[int(row[0])] += 1
        days[int(row[1])] = days.get(int(row[1]), 0) + int(row[2])
    return points, days


async def seats(account_id: int, day: date) -> int | None:
    """Of the running contract with most of them: options are for the same people."""
    found = await rows("SELECT MAX(seats) FROM contract WHERE account_id = ? AND seats > 0 AND starts_on <= ?"
                       " AND (ended_on IS NULL OR ended_on > ?)", account_id, as_day(day), as_day(day))  # fmt: skip
    return int(found[0][0]) if found[0][0] else None


async def features(account_id: int, period: Period) -> list[Figures]:
    """Core features, those that most people used first; where the house named none, what the account does most.

    Of a long period the last quarter, against the last of the time before: a year of them is half a million rows.
    """
    given: HealthRule = await rule("health")
    names = list(given.core_features) or [row[0] for row in await rows(
        "SELECT metric FROM account_metric WHERE account_id = ? AND metric NOT LIKE '@@%' ORDER BY total DESC, metric"
        f" LIMIT {FEATURES}", account_id)]  # fmt: skip
    if not names:
        return []
    marks = ", ".join("?" * len(names))
    spans = [_last_days(period.before_first, period.before_last), _last_days(period.first, period.last)]
    now, before = (f"CASE WHEN day {sign} ? THEN {{}} END" for sign in (">=", "<"))
    first = as_day(period.first)
    found = await rows(
        f"SELECT name, COUNT(DISTINCT {now.format('person_id')}) AS people, SUM({now.format('count')}) AS times,"
        f" COUNT(DISTINCT {before.format('person_id')}) AS people_before, SUM({before.format('count')}) AS times_before"
        f" FROM usage_day WHERE account_id = ? AND name IN ({marks}) AND (day >= ? AND day <= ? OR day >= ? AND day <= ?)"
        " GROUP BY name", first, first, first, first, account_id, *names, *(as_day(one) for span in spans for one in span),
    )  # fmt: skip
    counts = {row["name"]: row for row in found}
    made = [
        {"name": name} | {of: int(counts[name][of] or 0) if name in counts else 0 for of in COUNTED} for name in names
    ]
    return sorted(made, key=lambda one: (-int(one["people"]), -int(one["times"]), str(one["name"])))[:FEATURES]


def _last_days(first: date, last: date) -> tuple[date, date]:
    return max(first, last - (FEATURE_DAYS - 1) * DAY), last
