"""Counting along a period: one statement gives every number of a table, point by point, now and before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import msgspec

from core.database import dialect, rows
from insights.spans import Span, midnight

BEFORE = 1000  # added to a point's number in the period before
NOWHERE = -1
DAY = timedelta(days=1)


class Counted(msgspec.Struct):
    """For each name its count at each point, oldest first."""

    now: dict[str, list[int]]
    before: dict[str, list[int]]

    def total(self, name: str) -> int:
        return sum(self.now[name])

    def earlier(self, name: str) -> int:
        return sum(self.before[name])


async def counted(
    span: Span, source: str, at: str, conditions: Mapping[str, str], where: str = "1 = 1",
    parameters: Sequence[Any] = (),
) -> Counted:  # fmt: skip
    """How many rows of `source` fulfil each condition, by where `at` lies. `conditions` hold no parameters.

    One walk over both periods, down the index that `at` has: nothing but the sums leaves the database.
    """
    points = [(BEFORE + n, last) for n, (_first, last) in enumerate(span.points(before=True))]
    points.append((NOWHERE, span.first - DAY))  # between a month that is not over and as many days of the one before
    points += [(n, last) for n, (_first, last) in enumerate(span.points())]
    steps = " ".join(f"WHEN {at} < ? THEN {n}" for n, _last in points)
    sums = ", ".join(f"COUNT(CASE WHEN {said} THEN 1 END)" for said in conditions.values())
    found = await rows(
        f"SELECT CASE {steps} END AS point, {sums} FROM {source} WHERE {within(at)} AND {where} GROUP BY 1",
        *(midnight(last + DAY) for _n, last in points), span.before_begins, span.ends, *parameters,
    )  # fmt: skip
    by_point = {int(row[0]): [int(value) for value in tuple(row)[1:]] for row in found}
    return Counted(*(
        {name: [by_point[n + shift][at_] if n + shift in by_point else 0 for n in range(size)]
         for at_, name in enumerate(conditions)}
        for shift, size in ((0, len(span.points())), (BEFORE, len(span.points(before=True))))
    ))  # fmt: skip


def within(at: str) -> str:
    """The condition of the rows behind a number; its two parameters are the ends of the period."""
    return f"{at} >= ? AND {at} < ?"


def hours_after(column: str, hours: int) -> str:
    """A moment that much later, comparable with a stored one."""
    if dialect() == "postgresql":
        return f"({column} + interval '{int(hours)} hours')"
    return f"strftime('%Y-%m-%d %H:%M:%f', {column}, '+{int(hours)} hours')"


def hours_ago(hours: int) -> str:
    if dialect() == "postgresql":
        return f"(clock_timestamp() - interval '{int(hours)} hours')"
    return f"strftime('%Y-%m-%d %H:%M:%f', 'now', '-{int(hours)} hours')"


def percentile(values: Sequence[float], share: float) -> float | None:
    """The nearest-rank percentile: the smallest value that `share` of all are not above."""
    if not values:
        return None
    ranked = sorted(values)
    return ranked[max(0, -(-len(ranked) * round(share * 100) // 100) - 1)]
