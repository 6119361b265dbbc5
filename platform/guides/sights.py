"""Whether the places that guides point at are there; a guide whose place is missing pauses itself (guides.rollout).

Kept for a day, for each person, visit (half an hour), step and page. A visit in which a place was found on one page is
good, so a guide that looks on several pages and lives on one is not blamed; and one person's browser proves nothing.
"""

from __future__ import annotations

import re
from datetime import timedelta

import msgspec

from core.clock import days_ago, now
from core.database import rows, write
from guides.deciding import VISIT

LEAST_PEOPLE = 3  # whose page lacked the place
MOST_PAGES = 5
_plain = re.compile(r"[a-zA-Z][a-zA-Z_.-]{0,39}")


class Broken(msgspec.Struct, frozen=True):
    """A step (from 1) whose place was missing in `missing` of `visits`, most often on `pages`."""

    step: int
    missing: int
    visits: int
    pages: list[str]


def page_of(path: str) -> str:
    """`/timesheets/*`: a path with * for whatever names one thing or one person (numbers, addresses, long words)."""
    parts = path[:2_000].partition("?")[0].split("/")
    return "/".join(one if not one or _plain.fullmatch(one) else "*" for one in parts)[:200]


async def note(guide_id: int, person_id: int, step: int, path: str, *, is_found: bool) -> None:
    await write(
        "INSERT INTO guide_sight (guide_id, person_id, step, page, visit, is_found, at) VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (guide_id, person_id, step, page, visit) DO UPDATE SET at = excluded.at,"
        " is_found = guide_sight.is_found OR excluded.is_found",
        guide_id, person_id, min(max(step, 1), 99), page_of(path), int(now().timestamp() // VISIT), is_found, now(),
    )  # fmt: skip


async def broken(guide_id: int, least_visits: int, share: int) -> Broken | None:
    """The step missing most, where in the last 24 hours at least `share` per cent of enough visits lacked it."""
    found = await rows(
        "SELECT step, COUNT(*) AS visits, SUM(1 - found) AS missing, COUNT(DISTINCT CASE WHEN found = 0 THEN person_id"
        " END) AS people FROM (SELECT step, person_id, visit, MAX(CASE WHEN is_found THEN 1 ELSE 0 END) AS found FROM"
        " guide_sight WHERE guide_id = ? AND at > ? GROUP BY step, person_id, visit) AS one GROUP BY step"
        " ORDER BY missing DESC, step", guide_id, days_ago(1),
    )  # fmt: skip
    for row in found:
        visits, missing = int(row["visits"]), int(row["missing"])
        if visits >= least_visits and missing * 100 >= share * visits and row["people"] >= LEAST_PEOPLE:
            return Broken(int(row["step"]), missing, visits, await _pages(guide_id, int(row["step"])))
    return None


async def _pages(guide_id: int, step: int) -> list[str]:
    found = await rows("SELECT page FROM guide_sight WHERE guide_id = ? AND step = ? AND at > ? AND is_found = ?"
                       f" AND page <> '' GROUP BY page ORDER BY COUNT(*) DESC, page LIMIT {MOST_PAGES}",
                       guide_id, step, days_ago(1), False)  # fmt: skip
    return [str(row[0]) for row in found]


async def start_anew(guide_id: int) -> None:
    await write("DELETE FROM guide_sight WHERE guide_id = ?", guide_id)


async def forget_old() -> None:
    await write("DELETE FROM guide_sight WHERE at < ?", now() - timedelta(days=2))
