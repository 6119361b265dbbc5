"""The budget of attention: every automatic touch, on every channel, is reserved here first."""

from __future__ import annotations

from core.clock import days_ago, now
from core.database import lock, rows, transaction, write
from customers.rules import AttentionRule, rule


async def reserve_touch(person_id: int, channel: str, kind: str, key: str) -> bool:
    """Take one touch from the person's budget; False when it is used up.

    Atomic over all channels and processes. `key` names the one thing that will be sent ("delivery:7"): asked again
    with the same key, the answer is True and nothing more is taken, so a job may run twice.
    """
    limits: AttentionRule = await rule("attention")
    async with transaction():
        await lock(f"touch:{person_id}")
        if await rows("SELECT 1 FROM touch WHERE key = ?", key):
            return True
        if not await _has_room(person_id, limits):
            return False
        taken = await write(
            "INSERT INTO touch (person_id, channel, kind, key, at) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (key) DO NOTHING RETURNING id",
            person_id, channel, kind, key, now(),
        )  # fmt: skip
    return bool(taken)


async def _has_room(person_id: int, limits: AttentionRule) -> bool:
    found = await rows(
        "SELECT SUM(CASE WHEN at > ? THEN 1 ELSE 0 END), SUM(CASE WHEN at > ? THEN 1 ELSE 0 END), COUNT(*)"
        " FROM touch WHERE person_id = ? AND at > ?",
        days_ago(1), days_ago(7), person_id, days_ago(30),
    )  # fmt: skip
    day, week, month = (int(used or 0) for used in found[0])
    return day < limits.per_day and week < limits.per_week and month < limits.per_month


async def release_touch(key: str) -> None:
    """Give a reservation back: what was to be sent was not sent after all."""
    await write("DELETE FROM touch WHERE key = ?", key)


async def used(person_id: int) -> dict[int, int]:
    """How many touches the person got in the last 1, 7 and 30 days."""
    return {days: int((await rows("SELECT COUNT(*) FROM touch WHERE person_id = ? AND at > ?",
                                  person_id, days_ago(days)))[0][0]) for days in (1, 7, 30)}  # fmt: skip
