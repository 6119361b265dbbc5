"""The one runner: starts due promises, holds their leases, fans facts out, keeps schedules.

Embedded it lives in the web process; at scale in workers. Either way the promise row (core/promises.py) is the
truth: a killed runner's lease runs out and another takes the row; a frozen runner finds its worker and attempt
replaced, its job is stopped and its outcome refused.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import secrets
import sqlite3
import time
from collections.abc import Awaitable, Callable
from typing import Any

from core import ring
from core.clock import now
from core.context import Here, enter
from core.database import dialect, later_by, rows, the_time
from core.jobs import LANES, job_named, latest_tick, scheduled
from core.metrics import JOB_DELAY, JOBS
from core.principal import SYSTEM
from core.promises import claim, give_back, promise_tick, renew, settle, take_back, tell_facts
from core.settings import settings
from core.tasks import finish, spawn

log = logging.getLogger("engawa.jobs")
LOOK = 1.0  # seconds between looks when nobody rings
SETTLE_AGAIN = (0.2, 1.0, 3.0)  # while the database is away; together shorter than a lease
LAST_WORDS = 2.0  # seconds a cancelled job has to clean up
FEEL = 0.05  # seconds between looks at how late the loop comes round
LATE = 0.01  # seconds; beyond them whoever knocks at this process waits for a round of jobs at each of its steps


class Held:
    """A promise that this runner claimed, and the task that keeps it."""

    def __init__(self, lane: str, row: Any) -> None:
        self.lane, self.id, self.name, self.attempts = lane, int(row["id"]), str(row["name"]), int(row["attempts"])
        self.arguments: Any = row["arguments"]
        self.is_settling = False
        self.task: asyncio.Task[None] | None = None


class Runner:
    """`await runner.start()`, `await runner.stop()`; `lanes` says how many jobs run side by side in each.

    `beside_pages`: this process also answers visitors and webhooks, so jobs give way to them while the loop is late.
    """

    def __init__(self, lanes: dict[str, int] | None = None, *, beside_pages: bool = False) -> None:
        self.name = f"w-{secrets.token_hex(6)}"
        self.lanes = lanes or LANES
        self.beside_pages = beside_pages
        self.lateness = 0.0
        self.bell = asyncio.Event()
        self.running: set[Held] = set()
        self.stopping = False
        self.loops: list[asyncio.Task[Any]] = []
        self.holding: asyncio.Task[Any] | None = None

    async def start(self) -> None:
        ring.listen(self.bell)
        self.bell.set()
        ears = self._watch if dialect() == "sqlite" else self._hear
        steps = {"runner": self._work, "runner-keeper": self._keep, "runner-ears": ears}
        if self.beside_pages:
            steps["runner-pulse"] = self._feel
        self.loops = [spawn(self._always(step), name) for name, step in steps.items()]
        self.holding = spawn(self._hold_on(), "runner-leases")

    async def stop(self, patience: float = 10.0) -> None:
        """Take no more, let running jobs end for `patience` seconds (their leases held), give the rest back at once."""
        self.stopping = True
        ring.unlisten(self.bell)
        await _cancel(self.loops)
        tasks = [held.task for held in self.running if held.task]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=patience)
            await _cancel(late)
        await _cancel([self.holding] if self.holding else [])
        if await give_back(self.name):
            ring.ring()

    async def idle(self, timeout: float = 30.0) -> None:
        """For tests and the command line: until nothing is due, untold or running."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            left = await rows(
                "SELECT (SELECT COUNT(*) FROM fact WHERE is_told = ?) + (SELECT COUNT(*) FROM promise"
                f" WHERE state = 'running' OR (state = 'waiting' AND due_at <= {the_time()}))", False, later_by(),
            )  # fmt: skip
            if not left[0][0] and not self.running:
                return
            self.bell.set()
            await asyncio.sleep(0.02)
        raise TimeoutError("jobs are still due")

    async def _always(self, step: Callable[[], Awaitable[None]]) -> None:
        while not self.stopping:
            await self._tried(step)

    async def _hold_on(self) -> None:
        """Also while the last jobs end: until it is cancelled."""
        while True:
            await self._tried(self._hold)

    async def _tried(self, step: Callable[[], Awaitable[None]]) -> None:
        """While the outside world (the database) fails a step, it is tried once a second."""
        try:
            await step()
        except Exception:
            log.exception("the runner could not %s; trying again", step.__name__.strip("_"))
            await asyncio.sleep(LOOK)

    # Starting and ending jobs -------------------------------------------------------------------------------------

    async def _work(self) -> None:
        # Not `wait_for`: Python 3.11's loses a cancellation that comes together with the ring, and the loop went on.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK):
                await self.bell.wait()
        self.bell.clear()
        await self._tried(self.fan_out)  # trouble with one fact holds no promise up
        await self._tried(self.claim)

    async def fan_out(self) -> None:
        if await tell_facts():
            self.bell.set()  # there may be more; meanwhile jobs start

    async def claim(self) -> None:
        for lane, width in self.lanes.items():
            free = self._width(width) - sum(1 for held in self.running if held.lane == lane)
            if free > 0:
                for row in await claim(self.name, lane, free):
                    self._start(Held(lane, row))

    def _width(self, width: int) -> int:
        """Jobs share one thread: more of them side by side end no sooner, but make everybody else's round longer."""
        return max(1, width // 4) if self.lateness > LATE else width

    async def _feel(self) -> None:
        """How late the loop came round lately; it rises at once and falls slowly."""
        due = time.monotonic() + FEEL
        await asyncio.sleep(FEEL)
        late = time.monotonic() - due
        self.lateness = max(late, 0.9 * self.lateness + 0.1 * late)

    def is_full(self) -> bool:
        """Whether a ring should be passed on, because no further job of the default lane could start here."""
        return sum(1 for held in self.running if held.lane == "default") >= self.lanes.get("default", 0)

    def _start(self, held: Held) -> None:
        held.task = spawn(self._run(held), f"job {held.name}")
        self.running.add(held)
        held.task.add_done_callback(lambda _: self._ended(held))

    def _ended(self, held: Held) -> None:
        self.running.discard(held)
        self.bell.set()

    async def _run(self, held: Held) -> None:
        enter(Here(principal=SYSTEM, language=settings().default_language, time_zone=settings().time_zone))
        began = time.perf_counter()
        error, outcome = await self._outcome(held)
        held.is_settling = True
        await finish(self._settle(held.id, held.name, held.attempts, error, outcome))
        JOBS.labels(held.name, "failed" if error else "done").inc()
        JOB_DELAY.labels(held.name).observe(time.perf_counter() - began)

    async def _outcome(self, held: Held) -> tuple[str | None, Any]:
        """(error or None, what the job returned). A cancellation from outside passes; the job's own is an error."""
        found = job_named(held.name)
        try:
            if found is None:
                raise LookupError(f"no job is called {held.name}")
            given = json.loads(held.arguments) if isinstance(held.arguments, str) else dict(held.arguments)
            async with asyncio.timeout(found.timeout) as limit:
                outcome = await found.function(**given)
            return None, outcome
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            log.exception("job %s (promise %s, attempt %s) cancelled itself", held.name, held.id, held.attempts)
            return "CancelledError: something the job waited for was cancelled", None
        except Exception as failure:
            log.exception("job %s (promise %s, attempt %s) failed", held.name, held.id, held.attempts)
            if isinstance(failure, TimeoutError) and found and limit.expired():
                return f"TimeoutError: longer than {found.timeout:g} seconds", None
            return f"{type(failure).__name__}: {failure}"[:2000], None

    async def _settle(self, id: int, name: str, attempts: int, error: str | None, outcome: Any) -> None:
        """Write the outcome, also when the database is away for a moment: else the job would run again."""
        for pause in SETTLE_AGAIN:
            try:
                return await settle(id, name, self.name, attempts, error, outcome)
            except Exception:
                log.warning("the outcome of job %s (promise %s) could not be written; trying again", name, id)
                await asyncio.sleep(pause)
        await settle(id, name, self.name, attempts, error, outcome)

    # Leases and schedules -----------------------------------------------------------------------------------------

    async def _hold(self) -> None:
        await self._renew()
        await asyncio.sleep(1.0)

    async def _renew(self) -> None:
        """Renew the leases; a job whose lease went to another runner is stopped."""
        held = {one for one in self.running if not one.is_settling}
        if not held:
            return
        kept = await renew(self.name, [one.id for one in held])
        for one in held:
            if one.id not in kept and not one.is_settling and one.task:
                log.warning("job %s (promise %s) lost its lease and is stopped", one.name, one.id)
                one.task.cancel()

    async def _keep(self) -> None:
        await self._take_back()
        await self.tick()
        await asyncio.sleep(1.0)

    async def _take_back(self) -> None:
        if taken := await take_back():
            log.warning("took back %s promises whose runner went silent", taken)
            self.bell.set()

    async def tick(self) -> None:
        """Promise the latest tick of every schedule that nobody promised yet."""
        moment = now().astimezone(settings().zone)
        for found in scheduled():
            assert found.schedule is not None
            due = latest_tick(found.schedule, moment)
            if _told.get(found.name) != due:
                await promise_tick(found.name, due)
                _told[found.name] = due

    # Hearing what other processes write ---------------------------------------------------------------------------

    async def _watch(self) -> None:
        """SQLite: what another process committed shows in data_version (4 µs a look, every 50 ms)."""
        path = settings().database.removeprefix("sqlite://")
        eye = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        seen = None
        try:
            while True:
                version = eye.execute("PRAGMA data_version").fetchone()[0]
                if version != seen:
                    seen = version
                    self.bell.set()
                await asyncio.sleep(0.05)
        finally:
            eye.close()

    async def _hear(self) -> None:
        """PostgreSQL: LISTEN on a connection of its own; the one-second look catches what a lost one missed."""
        from core.engines.asyncpg import connect

        connection = await connect(settings().database, timeout=10)
        try:
            await connection.add_listener(ring.CHANNEL, lambda *_: self.bell.set())
            self.bell.set()
            while not connection.is_closed():
                await asyncio.sleep(LOOK)
        finally:
            connection.terminate()
        await asyncio.sleep(LOOK)


async def _cancel(tasks: Any) -> None:
    """Cancel and wait, but not for ever: a job that will not end is fenced and left behind."""
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=LAST_WORDS)


_told: dict[str, Any] = {}
