"""The budget of attention: every automatic touch, on every channel, is reserved here first."""

from __future__ import annotations

import json
from collections.abc import Sequence

from core.clock import days_ago, now
from core.database import dialect, rows, transaction, write
from customers.rules import AttentionRule, rule


async def reserve_touch(person_id: int, channel: str, kind: str, key: str) -> bool:
    """Take one touch from the person's budget; False when it is used up."""
    return key in await reserve_touches(channel, kind, [(person_id, key)])


async def reserve_touches(channel: str, kind: str, wanted: Sequence[tuple[int, str]]) -> set[str]:
    """Take a touch for each (person, key); the keys that got one.

    Atomic over all channels and processes. A key names the one thing that will be sent ("delivery:7"): asked again
    with the same key, the answer is yes and nothing more is taken, so a job may run twice. Set-based, because one call
    for each of a newsletter's readers costs more than rendering and sending their mail.
    """
    limits: AttentionRule = await rule("attention")
    pairs = json.dumps([list(one) for one in wanted])
    async with transaction():
        if dialect() == "postgresql":  # always in the same order; on SQLite the transaction is the lock
            await write("SELECT pg_advisory_xact_lock(hashtextextended('touch:' || who.person, 0)) FROM"
                        f" (SELECT DISTINCT person FROM {_pairs()} ORDER BY person) AS who", pairs)  # fmt: skip
        await _take(channel, kind, pairs, limits)
        taken = await rows(f"SELECT t.key FROM touch t JOIN {_pairs()} ON t.key = wanted.key", pairs)
    return {str(row[0]) for row in taken}


def _pairs() -> str:
    """The (person, key) pairs of one JSON parameter, as a table."""
    if dialect() == "postgresql":
        table = "SELECT (e->>0)::bigint AS person, e->>1 AS key FROM json_array_elements(CAST(? AS json)) AS e"
    else:
        table = "SELECT json_extract(value, '$[0]') AS person, json_extract(value, '$[1]') AS key FROM json_each(?)"
    return f"({table}) AS wanted"


async def _take(channel: str, kind: str, pairs: str, limits: AttentionRule) -> None:
    text, moment = ("CAST(? AS text)", "CAST(? AS timestamptz)") if dialect() == "postgresql" else ("?", "?")
    used = f"(SELECT COUNT(*) FROM touch u WHERE u.person_id = w.person AND u.at > {moment})"
    room = " AND ".join(f"{used} + w.place <= {int(most)}"
                        for most in (limits.per_day, limits.per_week, limits.per_month))  # fmt: skip
    await write(
        f"INSERT INTO touch (person_id, channel, kind, key, at) SELECT w.person, {text}, {text}, w.key, {moment} FROM"
        f" (SELECT person, key, ROW_NUMBER() OVER (PARTITION BY person ORDER BY key) AS place FROM {_pairs()}"
        f" WHERE NOT EXISTS (SELECT 1 FROM touch t WHERE t.key = wanted.key)) AS w WHERE {room}"
        " ON CONFLICT (key) DO NOTHING",
        channel, kind, now(), pairs, days_ago(1), days_ago(7), days_ago(30),
    )  # fmt: skip


async def release_touch(key: str) -> None:
    """Give a reservation back: what was to be sent was not sent after all."""
    await write("DELETE FROM touch WHERE key = ?", key)


async def used(person_id: int) -> dict[int, int]:
    """How many touches the person got in the last 1, 7 and 30 days."""
    return {days: int((await rows("SELECT COUNT(*) FROM touch WHERE person_id = ? AND at > ?",
                                  person_id, days_ago(days)))[0][0]) for days in (1, 7, 30)}  # fmt: skip
