"""What came of searches, in numbers. Suggestions opened while typing (`suggest`) are counted by themselves: all of them
ended on a result, so that they would only flatter the shares."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import msgspec

from core.clock import days_ago, local_day
from core.database import rows
from core.settings import settings

DAYS = 30
PLACES = 10


class Summary(msgspec.Struct):
    """Finished searches of the last 30 days; shares in [0, 1], None where there is nothing to divide by.

    `strict`: with a confident result; `opened`: something was opened; `first`: of those, the first result; `helped`: of
    the readers who answered or were answered, those it helped. `daily` and `missed` are per local day, oldest first.
    """

    searches: int
    picked: int
    strict: float | None
    nothing: float | None
    opened: float | None
    first: float | None
    helped: float | None
    told: int
    positions: list[int]
    daily: list[int]
    missed: list[int]
    days: list[date]


async def summary(brand: str) -> Summary:
    counted = (await rows(
        "SELECT COUNT(*) AS searches, SUM(CASE WHEN band = 'answer' THEN 1 ELSE 0 END) AS strict,"
        " SUM(CASE WHEN results = 0 THEN 1 ELSE 0 END) AS empty,"
        " SUM(CASE WHEN clicked_id IS NOT NULL THEN 1 ELSE 0 END) AS opened,"
        " SUM(CASE WHEN clicked_position = 1 THEN 1 ELSE 0 END) AS at_first,"
        " SUM(CASE WHEN outcome = 'solved' THEN 1 ELSE 0 END) AS solved,"
        " SUM(CASE WHEN outcome IN ('solved', 'not_solved', 'handed_over') THEN 1 ELSE 0 END) AS told"
        " FROM search_query WHERE created_at > ? AND brand IN ('', ?) AND surface <> 'suggest'",
        days_ago(DAYS), brand,
    ))[0]  # fmt: skip
    searches, opened, told = (int(counted[name] or 0) for name in ("searches", "opened", "told"))
    days, daily, missed = await _daily(brand)
    return Summary(
        searches, await _picked(brand), _share(counted["strict"], searches), _share(counted["empty"], searches),
        _share(opened, searches), _share(counted["at_first"], opened), _share(counted["solved"], told), told,
        await _positions(brand), daily, missed, days,
    )  # fmt: skip


def _share(part: Any, whole: int) -> float | None:
    return int(part or 0) / whole if whole else None


async def _picked(brand: str) -> int:
    found = await rows("SELECT COUNT(*) FROM search_query WHERE created_at > ? AND brand IN ('', ?)"
                       " AND surface = 'suggest'", days_ago(DAYS), brand)  # fmt: skip
    return int(found[0][0])


async def _positions(brand: str) -> list[int]:
    """How often the result at each of the first ten places was opened."""
    found = await rows(
        "SELECT clicked_position, COUNT(*) FROM search_query WHERE created_at > ? AND brand IN ('', ?)"
        " AND surface <> 'suggest' AND clicked_position BETWEEN 1 AND ? GROUP BY clicked_position",
        days_ago(DAYS), brand, PLACES,
    )  # fmt: skip
    by_place = {int(row[0]): int(row[1]) for row in found}
    return [by_place.get(place, 0) for place in range(1, PLACES + 1)]


async def _daily(brand: str) -> tuple[list[date], list[int], list[int]]:
    """(local days, searches, searches without a confident result): a range of the index each, counted there."""
    today = local_day()
    days = [today - timedelta(days=n) for n in range(DAYS - 1, -1, -1)]
    one = (
        "SELECT {} AS day, COUNT(*) AS searches, SUM(CASE WHEN band = 'answer' THEN 0 ELSE 1 END) AS missed"
        " FROM search_query WHERE created_at >= ? AND created_at < ? AND brand IN ('', ?) AND surface <> 'suggest'"
    )
    values: list[Any] = []
    for day in days:
        begins = datetime.combine(day, time(), settings().zone)
        values += [begins, begins + timedelta(days=1), brand]
    found = await rows(" UNION ALL ".join(one.format(n) for n in range(DAYS)), *values)
    by_day = {int(row["day"]): (int(row["searches"]), int(row["missed"] or 0)) for row in found}
    return days, [by_day[n][0] for n in range(DAYS)], [by_day[n][1] for n in range(DAYS)]
