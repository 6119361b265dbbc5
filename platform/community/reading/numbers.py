"""How the community is doing: a few numbers, each with its definition in docs/community.md."""

from __future__ import annotations

from statistics import median
from typing import Any

import msgspec

from community import caches, policy
from community.reading.people import Face, names_of
from community.records import BoardRow
from core.clock import days_ago, now, when
from core.database import rows
from core.principal import Principal


class Thanked(msgspec.Struct, frozen=True):
    face: Face
    solved: int


class Numbers(msgspec.Struct, frozen=True):
    """Over all boards. `first_response` in minutes: the median of questions of the last 30 days that have a reply."""

    first_response: int | None
    unanswered: int
    people: int
    asked: int = 0
    accepted: int = 0

    @property
    def accepted_share(self) -> int | None:
        return round(100 * self.accepted / self.asked) if self.asked else None


async def numbers() -> Numbers:
    found: Numbers = await caches.kept("numbers", 300, count)
    return found


async def count() -> Numbers:
    month = days_ago(30)
    asked = await rows(
        "SELECT t.created_at, t.first_reply_at, t.accepted_post_id FROM thread t WHERE t.status <> ''"
        " AND t.status IN ('new', 'needs_info', 'answered', 'accepted', 'verified', 'outdated')"
        " AND t.visibility = 'visible' AND t.created_at > ? ORDER BY t.id DESC LIMIT 5000",
        month,
    )  # fmt: skip
    waits = [(when(row[1]) - when(row[0])).total_seconds() for row in asked if row[1]]  # type: ignore[operator]
    unanswered = await rows(
        "SELECT COUNT(*) FROM thread WHERE status IN ('new', 'needs_info') AND visibility = 'visible'"
        " AND state = 'open'"
        " AND created_at > ?", days_ago(7))  # fmt: skip
    people = await rows("SELECT COUNT(DISTINCT author_id) FROM post WHERE created_at > ? AND state = 'visible'", month)
    first = round(median(waits) / 60) if waits else None
    return Numbers(first, unanswered[0][0], people[0][0], len(asked), sum(1 for row in asked if row[2]))


async def thanked(limit: int = 3) -> list[Thanked]:
    """Who helped most this month: answers that were accepted."""
    found: list[Any] = await caches.kept("thanked", 300, _thanked)
    faces = await names_of(row[0] for row in found[:limit])
    return [Thanked(faces[row[0]], row[1]) for row in found[:limit] if row[0] in faces]


async def _thanked() -> list[Any]:
    begin = now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    found = await rows(
        "SELECT person_id, COUNT(*) AS solved FROM point WHERE kind = 'community.helped' AND points > 0 AND at >= ?"
        " GROUP BY person_id ORDER BY COUNT(*) DESC, person_id LIMIT 10",
        begin,
    )  # fmt: skip
    return [(row[0], row[1]) for row in found]


async def waiting(who: Principal, boards: list[BoardRow], limit: int = 3) -> list[Any]:
    """The questions that have waited longest, of the boards this person sees, none of their own."""
    seen, parameters = policy.visible_threads(who, boards)
    found = await rows(
        f"SELECT t.id, t.title, t.created_at FROM thread t WHERE {seen} AND t.status = 'new' AND t.state = 'open'"
        " AND t.author_id <> ? ORDER BY t.last_post_at, t.id LIMIT ?",
        *parameters, who.person_id or 0, limit,
    )  # fmt: skip
    return [{"id": row[0], "title": row[1], "at": when(row[2])} for row in found]


async def weekly() -> list[dict[str, Any]]:
    """Questions asked and accepted in each of the last eight weeks, the oldest first."""
    found = await rows("SELECT created_at, accepted_post_id FROM thread WHERE created_at > ? AND visibility = 'visible'"
                       " AND status IN ('new', 'needs_info', 'answered', 'accepted', 'verified', 'outdated')",
                       days_ago(56))  # fmt: skip
    weeks = [{"asked": 0, "accepted": 0, "begin": days_ago(7 * (n + 1))} for n in reversed(range(8))]
    for row in found:
        age = (now() - when(row[0])).days // 7  # type: ignore[operator]
        if 0 <= age < 8:
            weeks[7 - age]["asked"] += 1
            weeks[7 - age]["accepted"] += 1 if row[1] else 0
    return weeks
