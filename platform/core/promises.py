"""The rows of promises as runners move them: claimed, renewed, settled, given back, taken back.

Every time is the database's own, so that runners whose clocks differ agree on what is due and whose lease is over.
An outcome is fenced by worker and attempt: what a runner says after it lost its lease changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from core.database import dialect, later_by, lock, rows, the_time, transaction, write
from core.events import listeners_of
from core.jobs import back_off, job_named

LEASE = timedelta(seconds=10)
# A job that brings its runner down must end among the dead, and one that a runner held who is killed again and again
# for another reason must not: after two silences it waits longer and longer, so that it meets other company the next
# time and the others go first; this often takes most of a day.
MOST_SILENCES, FREE_SILENCES = 20, 2
# A newer release's promise may meet an older runner for an hour while the house is being upgraded.
UNKNOWN_ATTEMPTS = 12
FACTS_AT_ONCE = 100
CLAIM = (
    "WITH due AS MATERIALIZED (SELECT id FROM promise WHERE state = 'waiting' AND lane = ? AND due_at <= {time}"
    " ORDER BY due_at, id LIMIT ?{skip})"
    " UPDATE promise SET state = 'running', worker = ?, lease_until = {time}, started_at = {time},"
    " attempts = attempts + 1 WHERE id IN (SELECT id FROM due) AND state = 'waiting'"
    " RETURNING id, name, arguments, attempts"
)


def _skipping() -> str:
    return " FOR UPDATE SKIP LOCKED" if dialect() == "postgresql" else ""


async def claim(worker: str, lane: str, most: int) -> list[Any]:
    """Take up to `most` due promises of a lane: rows of id, name, arguments, attempts."""
    at = later_by()
    if dialect() == "sqlite" and not await rows(
        f"SELECT 1 FROM promise WHERE state = 'waiting' AND lane = ? AND due_at <= {the_time()} LIMIT 1", lane, at
    ):
        return []  # nobody waits for the writer to learn that nothing is due
    sql = CLAIM.format(time=the_time(), skip=_skipping())
    return await write(sql, lane, at, most, worker, later_by(LEASE), at)


async def renew(worker: str, held: Iterable[int]) -> set[int]:
    """Hold `held` for another lease; the ids that are still this worker's."""
    marks = ", ".join(str(int(id)) for id in held)
    if not marks:
        return set()
    kept = await write(
        f"UPDATE promise SET lease_until = {the_time()} WHERE id IN ({marks}) AND state = 'running' AND worker = ?"
        " RETURNING id", later_by(LEASE), worker,
    )  # fmt: skip
    return {row[0] for row in kept}


async def settle(id: int, name: str, worker: str, attempts: int, error: str | None, outcome: Any) -> None:
    """Write the outcome: done, again after a while, or among the dead."""
    fence = " WHERE id = ? AND state = 'running' AND worker = ? AND attempts = ?"
    at, held = later_by(), (id, worker, attempts)
    if error is None:
        said = None if outcome is None else storable(json.dumps(outcome, ensure_ascii=False, default=str)[:2000])
        done = f"UPDATE promise SET state = 'done', finished_at = {the_time()}, outcome = ?, lease_until = NULL"
        await write(done + fence, at, said, *held)
    elif attempts >= most_attempts(name):
        dead = f"UPDATE promise SET state = 'dead', finished_at = {the_time()}, last_error = ?, lease_until = NULL"
        await write(dead + fence, at, storable(error), *held)
    else:
        # The key goes, because a newer promise of the same key may wait already.
        again = ("UPDATE promise SET state = 'waiting', key = NULL, lease_until = NULL,"
                 f" due_at = {the_time()}, last_error = ?")  # fmt: skip
        await write(again + fence, later_by(back_off(attempts)), storable(error), *held)


def most_attempts(name: str) -> int:
    found = job_named(name)
    return found.attempts if found else UNKNOWN_ATTEMPTS


def storable(text: str) -> str:
    """What both engines can keep: PostgreSQL refuses NUL, SQLite lone surrogates."""
    return text.replace("\x00", "\\0").encode("utf-8", "backslashreplace").decode()


async def give_back(worker: str) -> int:
    """What a runner that ends did not finish waits again at once; the attempt was not the job's fault."""
    back = await write(
        "UPDATE promise SET state = 'waiting', key = NULL, lease_until = NULL, attempts = attempts - 1"
        " WHERE state = 'running' AND worker = ? RETURNING id", worker,
    )  # fmt: skip
    return len(back)


async def take_back() -> int:
    """What a silent runner held waits again; what silenced its runner too often is dead. How many there were."""
    at = later_by()
    silent = await rows(
        f"SELECT id, name, attempts FROM promise WHERE state = 'running' AND lease_until < {the_time()} LIMIT 500", at
    )
    return sum([await _take_one_back(row["id"], row["name"], row["attempts"], at) for row in silent])


async def _take_one_back(id: int, name: str, attempts: int, at: Any) -> int:
    """1, or 0 where its runner spoke or another took it back meanwhile."""
    change, moments = "state = 'waiting'", list[str]()
    if attempts >= max(most_attempts(name), MOST_SILENCES):
        change, moments = f"state = 'dead', finished_at = {the_time()}", [later_by()]
    elif attempts > FREE_SILENCES:
        change, moments = f"state = 'waiting', due_at = {the_time()}", [later_by(back_off(attempts - FREE_SILENCES))]
    back = await write(
        f"UPDATE promise SET {change}, key = NULL, worker = NULL, lease_until = NULL,"
        " last_error = 'the runner went silent' WHERE id = ? AND state = 'running' AND attempts = ?"
        f" AND lease_until < {the_time()} RETURNING id", *moments, id, attempts, at,
    )  # fmt: skip
    return len(back)


async def tell_facts() -> int:
    """Turn untold facts into one promise per listener, in the transaction that marks them told. How many there were."""
    if not await rows("SELECT 1 FROM fact WHERE is_told = ? LIMIT 1", False):
        return 0
    async with transaction():
        told = await write(
            "UPDATE fact SET is_told = ? WHERE id IN"
            f" (SELECT id FROM fact WHERE is_told = ? ORDER BY id LIMIT {FACTS_AT_ONCE}{_skipping()})"
            " RETURNING id, name, body", True, False,
        )  # fmt: skip
        for fact in sorted(told, key=lambda row: row["id"]):
            body = json.loads(fact["body"]) if isinstance(fact["body"], str) else fact["body"]
            for listener in listeners_of(fact["name"]):
                await listener.promise(body)
    return len(told)


async def promise_tick(name: str, tick: datetime) -> bool:
    """Promise this tick of a schedule, unless it or a later one was promised. Clocks may differ; ticks are unique."""
    async with transaction():
        await lock(f"tick:{name}")
        if await rows("SELECT 1 FROM tick WHERE job = ? AND tick >= ? LIMIT 1", name, tick):
            return False
        fresh = await write(
            "INSERT INTO tick (job, tick) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING id", name, tick
        )
        if fresh and (found := job_named(name)):
            await found.later()
    return bool(fresh)
