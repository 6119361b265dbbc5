"""Jobs: `await notify.later(thread_id=1)` writes a promise in the caller's transaction.

A job takes ids, may run twice, and checks rights and state again when it runs. The runner is core/runner.py.
"""

from __future__ import annotations

import inspect
import json
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, overload

import msgspec

from core import ring
from core.clock import now
from core.database import dialect, in_transaction, later_by, rows, the_time, write

DAY = 86400
LANES = {"default": 8, "bulk": 2, "long": 2}


class Schedule(msgspec.Struct, frozen=True):
    """Every `seconds`, counted from `offset` seconds past midnight in the installation's zone."""

    seconds: int
    offset: int = 0


class Job:
    """A registered async function of keyword arguments that JSON can hold."""

    def __init__(self, function: Callable[..., Awaitable[Any]], *, lane: str, attempts: int, timeout: float) -> None:
        self.function = function
        self.name = f"{function.__module__}.{function.__name__}".replace(".jobs.", ".").replace("..", ".")
        self.lane = lane
        self.attempts = attempts
        self.timeout = timeout
        self.schedule: Schedule | None = None
        self.__doc__ = function.__doc__

    async def __call__(self, **arguments: Any) -> Any:
        return await self.function(**arguments)

    async def later(
        self,
        *,
        after: timedelta | None = None,
        due: datetime | None = None,
        key: str | None = None,
        **arguments: Any,
    ) -> None:
        """Promise one run, due now unless `after` or `due` says later. Of one `key` at most one promise waits."""
        await self.promise(arguments, after=after, due=due, key=key)

    async def promise(
        self,
        arguments: dict[str, Any],
        *,
        after: timedelta | None = None,
        due: datetime | None = None,
        key: str | None = None,
    ) -> None:
        """`later` for arguments of any name."""
        moment, parameter = ("?", due) if due else (the_time(), later_by(after or timedelta()))
        insert = (
            "INSERT INTO promise (name, arguments, lane, key, state, due_at, attempts, created_at)"
            f" VALUES (?, ?, ?, ?, 'waiting', {moment}, 0, ?)"
            " ON CONFLICT (name, key) WHERE state = 'waiting' DO NOTHING RETURNING id"
        )
        body = json.dumps(arguments, ensure_ascii=False)
        while not await write(insert, self.name, body, self.lane, key, parameter, now()):
            if await self._is_kept_waiting(key):
                break
        ring.after_commit()

    async def _is_kept_waiting(self, key: str | None) -> bool:
        """Whether the waiting promise of `key` will run after our commit, and so will see what we changed.

        SQLite has one writer: nobody claims before we commit. On PostgreSQL a runner could; sharing the row's lock
        makes it skip the promise until then. Gone meanwhile: False, and a new one is promised.
        """
        if dialect() == "sqlite" or not in_transaction():
            return True
        shared = "SELECT 1 FROM promise WHERE name = ? AND key = ? AND state = 'waiting' FOR KEY SHARE"
        return bool(await rows(shared, self.name, key))


_jobs: dict[str, Job] = {}


@overload
def job(function: Callable[..., Awaitable[Any]], **options: Any) -> Job: ...
@overload
def job(function: None = None, **options: Any) -> Callable[[Callable[..., Awaitable[Any]]], Job]: ...
def job(
    function: Callable[..., Awaitable[Any]] | None = None,
    *,
    lane: str = "default",
    attempts: int = 8,
    timeout: float = 60.0,
) -> Any:
    """Register a job: at most `attempts` runs of `timeout` seconds each.

    A lane never delays another: "default" for what somebody waits for, "bulk" for minutes of work, "long" for hours.
    """
    if lane not in LANES:
        raise ValueError(f"there is no lane {lane!r}; there are {', '.join(LANES)}")

    def register(found: Callable[..., Awaitable[Any]]) -> Job:
        if taken := {"after", "due", "key"} & set(inspect.signature(found).parameters):
            raise ValueError(f"{found.__name__}: later() has its own {', '.join(sorted(taken))}")
        made = Job(found, lane=lane, attempts=attempts, timeout=timeout)
        known = _jobs.get(made.name)
        if known and inspect.unwrap(known.function).__code__ is not inspect.unwrap(found).__code__:
            raise RuntimeError(f"two jobs are called {made.name}")
        return _jobs.setdefault(made.name, made)

    return register(function) if function else register


def every(
    *, hours: int = 0, minutes: int = 0, seconds: int = 0, at: str = "00:00", **options: Any
) -> Callable[[Callable[[], Awaitable[Any]]], Job]:
    """A job on a schedule. `at="03:00"` shifts the ticks from midnight in the installation's zone.

    Ticks are exact multiples, UNIQUE(job, tick), so that no clock skew and no second scheduler doubles one;
    after a pause only the latest missed tick is caught up.
    """

    def register(function: Callable[[], Awaitable[Any]]) -> Job:
        made: Job = job(function, **options)
        hour, minute = at.split(":")
        period = hours * 3600 + minutes * 60 + seconds
        if period <= 0 or (period > DAY and period % DAY):
            raise ValueError("a schedule is a part of a day or whole days")
        made.schedule = Schedule(period, int(hour) * 3600 + int(minute) * 60)
        return made

    return register


def job_named(name: str) -> Job | None:
    return _jobs.get(name)


def scheduled() -> list[Job]:
    return [found for found in _jobs.values() if found.schedule]


def latest_tick(schedule: Schedule, moment: datetime) -> datetime:
    """The last tick at or before `moment` (which is in the installation's zone).

    Days follow the clock on the wall; shorter periods are exact from midnight, also when the clock is put back.
    """
    if schedule.seconds >= DAY:
        return _latest_day(schedule, moment)
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0, fold=0).astimezone(UTC)
    since = (moment.astimezone(UTC) - midnight).total_seconds() - schedule.offset
    tick = midnight + timedelta(seconds=schedule.offset + since // schedule.seconds * schedule.seconds)
    return tick.astimezone(moment.tzinfo)


def _latest_day(schedule: Schedule, moment: datetime) -> datetime:
    days = schedule.seconds // DAY
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    tick = midnight - timedelta(days=midnight.toordinal() % days) + timedelta(seconds=schedule.offset)
    return tick if tick <= moment else tick - timedelta(days=days)


def back_off(attempts: int) -> timedelta:
    """Seconds 2, 4, 8 … to an hour, half of it jitter, so that what failed together does not return together."""
    ceiling = min(3600.0, 2.0**attempts)
    return timedelta(seconds=ceiling / 2 + random.random() * ceiling / 2)  # noqa: S311
