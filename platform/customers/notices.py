"""Notices at the bell: `await tell(people, about=Ref("thread", 7), kind="community.replied", key="post:9")`.

What is not read there also goes out, by mail or on Slack, as each person chose (customers.noticing).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from core.clock import now
from core.database import glance, write, write_many
from core.refs import Ref
from customers.noticing.ways import due_times


async def tell(
    people: Iterable[int], *, about: Ref, kind: str, key: str, url: str, data: dict[str, Any] | None = None
) -> None:
    """One notice per person id; the same (person, key) is told once, however often the job runs."""
    body = json.dumps(data or {}, ensure_ascii=False)
    moment, whom = now(), list(dict.fromkeys(people))
    due = await due_times(whom, kind)
    told = [[person, kind, about.kind, about.id, key, url, body, moment, due.get(person)] for person in whom]
    if told:
        await write_many(
            "INSERT INTO notice (person_id, kind, about_kind, about_id, key, url, data, created_at, due_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (person_id, key) DO NOTHING",
            told,
        )


async def unread_count(person_id: int) -> int:
    found = await glance("SELECT COUNT(*) FROM notice WHERE person_id = ? AND read_at IS NULL", person_id)
    return int(found[0][0])


async def mark_read(person_id: int, notice_id: int | None = None) -> None:
    """One notice, or all of them. What is read goes nowhere else."""
    one, which = ("", []) if notice_id is None else (" AND id = ?", [notice_id])
    await write(f"UPDATE notice SET read_at = ?, due_at = NULL WHERE person_id = ? AND read_at IS NULL{one}",
                now(), person_id, *which)  # fmt: skip
