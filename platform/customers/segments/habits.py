"""When and where people are most active, of the last 90 days: for conditions, and for sending at their own hour."""

from __future__ import annotations

from core.clock import days_ago, now
from core.database import dialect, transaction, write
from core.settings import settings

CHANNELS = ("email", "line", "slack", "web", "in_app")


async def work_out() -> None:
    """Every night, whole. Hours are of the installation's zone, with its offset of today."""
    async with transaction():
        await write("DELETE FROM person_habit WHERE person_id IN (SELECT id FROM person)")
        await write(
            "INSERT INTO person_habit (person_id, hour, channel)"
            f" SELECT p.id, h.hour, COALESCE(c.channel, '') FROM person p LEFT JOIN ({_most(_hours())}) h"
            f" ON h.person_id = p.id LEFT JOIN ({_most(_channels())}) c ON c.person_id = p.id"
            " WHERE h.hour IS NOT NULL OR c.channel IS NOT NULL",
            days_ago(90), days_ago(90), *CHANNELS,
        )  # fmt: skip


def _most(counted: str) -> str:
    """Of each person the row with the largest `n`, the later one of equals."""
    return (f"SELECT * FROM (SELECT x.*, ROW_NUMBER() OVER (PARTITION BY person_id ORDER BY n DESC, last DESC) AS place"
            f" FROM ({counted}) x) y WHERE place = 1")  # fmt: skip


def _hours() -> str:
    offset = now().astimezone(settings().zone).utcoffset()
    minutes = int(offset.total_seconds() // 60) if offset else 0
    if dialect() == "sqlite":
        hour = f"CAST(strftime('%H', at, '{minutes:+d} minutes') AS INTEGER)"
    else:
        hour = f"CAST(EXTRACT(hour FROM (at AT TIME ZONE 'UTC') + interval '{minutes} minutes') AS integer)"
    return (f"SELECT person_id, {hour} AS hour, COUNT(*) AS n, MAX(at) AS last FROM event"
            f" WHERE at > ? AND person_id IS NOT NULL GROUP BY person_id, {hour}")  # fmt: skip


def _channels() -> str:
    marks = ", ".join("?" * len(CHANNELS))
    return ("SELECT person_id, channel, COUNT(*) AS n, MAX(at) AS last FROM touchpoint"
            f" WHERE at > ? AND channel IN ({marks}) AND person_id IS NOT NULL"
            " GROUP BY person_id, channel")  # fmt: skip
