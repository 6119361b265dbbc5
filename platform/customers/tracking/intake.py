"""The intake: requests that arrive while one transaction is written are stored together in the next (group commit).

Nobody waits for a clock: a lone request is stored at once, under load as many as fit share one commit. A request is
answered when its events are committed. When more waits than MOST the next is told to come back. On PostgreSQL, when
enough waits for a whole transaction, that one looks up whose its events are while this one is still written.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from core.database import before_close, dialect
from core.errors import TooMany
from core.i18n import _
from core.tasks import spawn
from customers.tracking.arrived import Arrived
from customers.tracking.storing import store

AT_ONCE = 600  # events in one transaction, which keeps it near 20 ms
MOST = 20_000  # events waiting
AGAIN = {"40P01", "40001"}  # deadlock, serialisation: the other one went first
log = logging.getLogger("engawa.tracking")


class Waiting(msgspec.Struct):
    events: Sequence[Arrived]
    stored: Any


class Writing(msgspec.Struct):
    together: list[Waiting]
    number: int  # of events
    next_may_look: bool = False
    is_done: bool = False


class Intake:
    def __init__(self) -> None:
        self.waiting: deque[Waiting] = deque()
        self.queued = 0  # events that wait
        self.size = 0  # and those that are written
        self.task: asyncio.Task[None] | None = None
        self.latest: Writing | None = None
        self.stirred = asyncio.Event()
        self.turn = asyncio.Lock()  # to read what a request holds

    async def take(self, events: Sequence[Arrived]) -> int:
        """Store events; returns, once they are committed, how many were new. Raises TooMany under overload."""
        if self.size + len(events) > MOST and self.size:
            raise TooMany(_("More arrives than can be written down. Send it again a little later."), retry_after=2)
        parts = [events[at : at + AT_ONCE] for at in range(0, len(events), AT_ONCE)]
        futures = []
        for part in parts:
            future = asyncio.get_running_loop().create_future()
            self.waiting.append(Waiting(part, future))
            self.queued += len(part)
            self.size += len(part)
            futures.append(future)
        self.stirred.set()
        if self.task is None or self.task.done():
            self.task = spawn(self._write(), "tracking intake")
        return sum(await asyncio.gather(*futures))

    async def _write(self) -> None:
        while self.waiting or not self._is_free():
            if self._is_free():
                self.latest = self._next()
                spawn(self._write_one(self.latest), "tracking")
            self.stirred.clear()
            await self.stirred.wait()

    def _is_free(self) -> bool:
        """Whether the next may begin. In their order: what one says of a person holds for what the next brings."""
        last = self.latest
        return last is None or last.is_done or (last.next_may_look and self.queued >= AT_ONCE)

    def _next(self) -> Writing:
        together = [self.waiting.popleft()]
        number = len(together[0].events)
        while self.waiting and number + len(self.waiting[0].events) <= AT_ONCE:
            together.append(self.waiting.popleft())
            number += len(together[-1].events)
        self.queued -= number
        return Writing(together, number)

    async def _write_one(self, one: Writing) -> None:
        def next_may_look() -> None:
            one.next_may_look = dialect() == "postgresql"  # SQLite has one writer
            self.stirred.set()

        try:
            await _store(one.together, next_may_look)
        finally:
            self.size -= one.number
            one.is_done = True
            self.stirred.set()

    async def empty(self) -> None:
        if self.task is not None and not self.task.done():
            await self.task


def _nothing() -> None:
    pass


async def _store(together: list[Waiting], next_may_look: Callable[[], None]) -> None:
    """All in one transaction; when that fails each on its own, so that one does not hurt the others."""
    try:
        new = await _again([event for one in together for event in one.events], next_may_look)
    except Exception as error:
        if len(together) == 1:
            if not together[0].stored.done():
                together[0].stored.set_exception(error)
            return
        log.warning("%s requests are stored one by one: %s", len(together), error)
        for one in together:
            await _store([one], _nothing)
        return
    for at, one in enumerate(together):
        if not one.stored.done():  # who asked may be gone
            one.stored.set_result(new if at == 0 else 0)


async def _again(events: list[Arrived], next_may_look: Callable[[], None]) -> int:
    for attempt in range(4):
        try:
            return await store(events, next_may_look)
        except Exception as error:
            if getattr(error, "sqlstate", "") not in AGAIN or attempt == 3:
                raise
    raise AssertionError


_intake: Intake | None = None


def intake() -> Intake:
    """The one of this process's loop."""
    global _intake
    if _intake is None:
        _intake = Intake()
    return _intake


async def finish_writing() -> None:
    """Before the database closes; another loop (a test's) begins with a new intake."""
    global _intake
    if _intake is not None:
        await _intake.empty()
        _intake = None


before_close.append(finish_writing)
