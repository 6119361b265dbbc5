"""The one runner: claims due promises by state and lease, fans facts out, keeps schedules.

Embedded it lives in the web process; at scale in workers. Either way the promise row is the truth: a killed
runner's lease runs out and another takes the row; a frozen runner finds its worker and attempt replaced and
its outcome is refused.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import secrets
import sqlite3
import time
from datetime import timedelta
from typing import Any

from core import ring
from core.clock import now
from core.context import Here, enter
from core.database import dialect, rows, transaction, write
from core.events import listeners_of
from core.jobs import LEASE, Job, back_off, job_named, latest_tick, scheduled
from core.metrics import JOB_DELAY, JOBS
from core.principal import SYSTEM
from core.settings import settings
from core.tasks import spawn

log = logging.getLogger("engawa.jobs")
LANES = {"default": 8, "bulk": 2}
CLAIM = (
    "UPDATE promise SET state = 'running', worker = ?, lease_until = ?, attempts = attempts + 1, started_at = ?"
    " WHERE id IN (SELECT id FROM promise WHERE state = 'waiting' AND lane = ? AND due_at <= ?"
    " ORDER BY due_at, id LIMIT ?{skip}) AND state = 'waiting' RETURNING id, name, arguments, attempts, due_at"
)


class Runner:
    """`await runner.start()`, `await runner.stop()`; `lanes` says how many jobs run side by side in each."""

    def __init__(self, lanes: dict[str, int] | None = None) -> None:
        self.name = f"w-{secrets.token_hex(6)}"
        self.lanes = lanes or LANES
        self.bell = asyncio.Event()
        self.running: dict[int, tuple[str, asyncio.Task[None], int]] = {}
        self.stopping = False
        self.loops: list[asyncio.Task[Any]] = []

    async def start(self) -> None:
        ring.listen(self.bell)
        self.bell.set()
        self.loops = [spawn(self._work(), "runner"), spawn(self._keep(), "runner-keeper")]
        if dialect() == "sqlite":
            self.loops.append(spawn(self._watch(), "runner-watch"))
        else:
            self.loops.append(spawn(self._hear(), "runner-listen"))

    async def stop(self, patience: float = 10.0) -> None:
        """Take no more, let running jobs end for `patience` seconds, give the rest back at once."""
        self.stopping = True
        ring.unlisten(self.bell)
        for loop in self.loops:
            loop.cancel()
        await asyncio.gather(*self.loops, return_exceptions=True)
        tasks = [task for _, task, _ in self.running.values()]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=patience)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await write("UPDATE promise SET state = 'waiting', lease_until = NULL WHERE state = 'running' AND worker = ?",
                    self.name)  # fmt: skip

    async def idle(self, timeout: float = 30.0) -> None:
        """For tests and the command line: until nothing is due, untold or running."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            left = await rows(
                "SELECT (SELECT COUNT(*) FROM fact WHERE is_told = ?) + "
                "(SELECT COUNT(*) FROM promise WHERE state = 'running' OR (state = 'waiting' AND due_at <= ?))",
                False, now(),
            )  # fmt: skip
            if not left[0][0] and not self.running:
                return
            self.bell.set()
            await asyncio.sleep(0.02)
        raise TimeoutError("jobs are still due")

    async def _work(self) -> None:
        while not self.stopping:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.bell.wait(), timeout=1.0)
            self.bell.clear()
            try:
                await self.fan_out()
                await self.claim()
            except asyncio.CancelledError:
                raise
            except Exception:  # the database is away: the outside world
                log.exception("the runner could not claim; trying again")
                await asyncio.sleep(1.0)

    async def claim(self) -> None:
        for lane, width in self.lanes.items():
            busy = sum(1 for held, _, _ in self.running.values() if held == lane)
            if busy >= width:
                continue
            skip = " FOR UPDATE SKIP LOCKED" if dialect() == "postgresql" else ""
            moment = now()
            if dialect() == "sqlite" and not await rows(
                "SELECT 1 FROM promise WHERE state = 'waiting' AND lane = ? AND due_at <= ? LIMIT 1", lane, moment
            ):
                continue
            claimed = await write(
                CLAIM.format(skip=skip), self.name, moment + LEASE, moment, lane, moment, width - busy
            )
            for row in claimed:
                self._start(lane, row)

    def _start(self, lane: str, row: Any) -> None:
        task = spawn(self._run(row["id"], row["name"], row["arguments"], row["attempts"]), f"job {row['name']}")
        self.running[row["id"]] = (lane, task, row["attempts"])
        task.add_done_callback(lambda _: self._ended(row["id"]))

    def _ended(self, id: int) -> None:
        self.running.pop(id, None)
        self.bell.set()

    async def _run(self, id: int, name: str, arguments: Any, attempts: int) -> None:
        enter(Here(principal=SYSTEM, language=settings().default_language, time_zone=settings().time_zone))
        found = job_named(name)
        began = time.perf_counter()
        error: str | None = None
        outcome: Any = None
        try:
            if found is None:
                raise LookupError(f"no job is called {name}")
            given = json.loads(arguments) if isinstance(arguments, str) else dict(arguments)
            async with asyncio.timeout(found.timeout):
                outcome = await found.function(**given)
        except asyncio.CancelledError:
            error = "cancelled"
            raise
        except Exception as failure:
            error = f"{type(failure).__name__}: {failure}"[:2000] or type(failure).__name__
            log.exception("job %s (promise %s, attempt %s) failed", name, id, attempts)
        finally:
            if error != "cancelled":
                await self._settle(id, found, attempts, error, outcome)
                JOBS.labels(name, "failed" if error else "done").inc()
                JOB_DELAY.labels(name).observe(time.perf_counter() - began)

    async def _settle(self, id: int, found: Job | None, attempts: int, error: str | None, outcome: Any) -> None:
        """Write the outcome, fenced by worker and attempt: a runner frozen past its lease changes nothing."""
        fence = " WHERE id = ? AND state = 'running' AND worker = ? AND attempts = ?"
        held = (id, self.name, attempts)
        if error is None:
            said = None if outcome is None else json.dumps(outcome, ensure_ascii=False, default=str)[:2000]
            done = "UPDATE promise SET state = 'done', finished_at = ?, outcome = ?, lease_until = NULL"
            await write(done + fence, now(), said, *held)
        elif attempts >= (found.attempts if found else 3):
            dead = "UPDATE promise SET state = 'dead', finished_at = ?, last_error = ?, lease_until = NULL"
            await write(dead + fence, now(), error, *held)
        else:
            # The key goes, because a newer promise of the same key may wait already.
            again = "UPDATE promise SET state = 'waiting', key = NULL, due_at = ?, last_error = ?, lease_until = NULL"
            await write(again + fence, now() + back_off(attempts), error, *held)

    async def fan_out(self) -> None:
        """Turn untold facts into promises, each in the transaction that marks it told."""
        while await rows("SELECT 1 FROM fact WHERE is_told = ? LIMIT 1", False):
            async with transaction():
                skip = " FOR UPDATE SKIP LOCKED" if dialect() == "postgresql" else ""
                told = await write(
                    "UPDATE fact SET is_told = ? WHERE id IN"
                    f" (SELECT id FROM fact WHERE is_told = ? ORDER BY id LIMIT 100{skip}) RETURNING name, body",
                    True, False,
                )  # fmt: skip
                for fact in told:
                    body = json.loads(fact["body"]) if isinstance(fact["body"], str) else fact["body"]
                    for listener in listeners_of(fact["name"]):
                        await listener.later(**body)
            if not told:
                return

    async def _keep(self) -> None:
        """Every second: renew leases, take back expired ones, promise the ticks that are due."""
        while not self.stopping:
            try:
                await self._renew()
                await self._take_back()
                await self.tick()
            except asyncio.CancelledError:
                raise
            except Exception:
                log.exception("the keeper failed; trying again")
            await asyncio.sleep(1.0)

    async def _renew(self) -> None:
        if self.running:
            marks = ", ".join(str(int(id)) for id in self.running)
            renew = f"UPDATE promise SET lease_until = ? WHERE id IN ({marks}) AND state = 'running' AND worker = ?"
            await write(renew, now() + LEASE, self.name)

    async def _take_back(self) -> None:
        if not await rows("SELECT 1 FROM promise WHERE state = 'running' AND lease_until < ? LIMIT 1", now()):
            return
        back = await write(
            "UPDATE promise SET state = 'waiting', key = NULL, worker = NULL, lease_until = NULL,"
            " last_error = 'lease expired' WHERE state = 'running' AND lease_until < ? RETURNING id",
            now(),
        )
        if back:
            log.warning("took back %s promises whose runner went silent", len(back))
            self.bell.set()

    async def tick(self) -> None:
        """Promise the latest tick of every schedule that nobody promised yet."""
        moment = now().astimezone(settings().zone)
        for found in scheduled():
            assert found.schedule is not None
            due = latest_tick(found.schedule, moment)
            if _told.get(found.name) == due:
                continue
            async with transaction():
                fresh = await write("INSERT INTO tick (job, tick) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING id",
                                    found.name, due)  # fmt: skip
                if fresh:
                    await found.later()
            _told[found.name] = due

    async def _watch(self) -> None:
        """SQLite: what another process committed shows in data_version (4 µs a look, every 50 ms)."""
        path = settings().database.removeprefix("sqlite://")
        eye = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        seen = None
        try:
            while not self.stopping:
                version = eye.execute("PRAGMA data_version").fetchone()[0]
                if version != seen:
                    seen = version
                    self.bell.set()
                await asyncio.sleep(0.05)
        finally:
            eye.close()

    async def _hear(self) -> None:
        """PostgreSQL: LISTEN on a connection of its own; the one-second look catches what a lost one missed."""
        import asyncpg

        while not self.stopping:
            connection = None
            try:
                connection = await asyncpg.connect(settings().database)
                await connection.add_listener("engawa_ring", lambda *_: self.bell.set())
                self.bell.set()
                while not connection.is_closed() and not self.stopping:
                    await asyncio.sleep(1.0)
            except (OSError, asyncpg.PostgresError):
                await asyncio.sleep(1.0)
            finally:
                if connection and not connection.is_closed():
                    connection.terminate()


_told: dict[str, Any] = {}
RETENTION = timedelta(days=7)
