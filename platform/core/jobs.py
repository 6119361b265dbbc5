"""Jobs: `await notify.later(thread_id=1)` writes a promise in the caller's transaction.

A job takes ids, may run twice, and checks rights and state again when it runs. The runner is core/runner.py.
"""

from __future__ import annotations

import json
import random
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, overload

import msgspec

from core import ring
from core.clock import now
from core.database import write

LEASE = timedelta(seconds=10)


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
        moment = due or now() + (after or timedelta())
        await write(
            "INSERT INTO promise (name, arguments, lane, key, state, due_at, attempts, created_at)"
            " VALUES (?, ?, ?, ?, 'waiting', ?, 0, ?)"
            " ON CONFLICT (name, key) WHERE state = 'waiting' DO NOTHING",
            self.name, json.dumps(arguments, ensure_ascii=False), self.lane, key, moment, now(),
        )  # fmt: skip
        ring.after_commit()


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
    """Register a job. `attempts` runs at most, `timeout` seconds each; lane "bulk" never delays the default one."""

    def register(found: Callable[..., Awaitable[Any]]) -> Job:
        made = Job(found, lane=lane, attempts=attempts, timeout=timeout)
        if made.name in _jobs and _jobs[made.name].function.__code__ is not found.__code__:
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
        made.schedule = Schedule(hours * 3600 + minutes * 60 + seconds, int(hour) * 3600 + int(minute) * 60)
        return made

    return register


def job_named(name: str) -> Job | None:
    return _jobs.get(name)


def scheduled() -> list[Job]:
    return [found for found in _jobs.values() if found.schedule]


def latest_tick(schedule: Schedule, moment: datetime) -> datetime:
    """The last tick at or before `moment` (which is in the installation's zone)."""
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    since = (moment - midnight).total_seconds() - schedule.offset
    if schedule.seconds >= 86400 and since < 0:
        return midnight - timedelta(days=1) + timedelta(seconds=schedule.offset)
    return midnight + timedelta(seconds=schedule.offset + since // schedule.seconds * schedule.seconds)


def back_off(attempts: int) -> timedelta:
    """Seconds 2, 4, 8 … to an hour, half of it jitter, so that what failed together does not return together."""
    ceiling = min(3600.0, 2.0**attempts)
    return timedelta(seconds=ceiling / 2 + random.random() * ceiling / 2)  # noqa: S311
