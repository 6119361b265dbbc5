"""Ringing the runners: in this process at once, others through arq where Redis is set, else through NOTIFY.

SQLite needs no messenger: runners see another process's commit in `data_version`. Losing a ring loses nothing: a
runner looks by itself once a second.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from core import database
from core.tasks import spawn

log = logging.getLogger("engawa.jobs")
CHANNEL = "engawa_ring"
PATIENCE = 3.0
_bells: list[asyncio.Event] = []
_remote: list[Callable[[], None]] = []


class Messenger:
    """Calls `send` soon. However often it is rung meanwhile, one more `send` follows, never a pile of them."""

    def __init__(self, send: Callable[[], Awaitable[None]]) -> None:
        self.send = send
        self.is_wanted = False
        self.round: asyncio.Task[None] | None = None

    def __call__(self) -> None:
        self.is_wanted = True
        if self.round is None or self.round.done() or self.round.get_loop() is not asyncio.get_running_loop():
            self.round = spawn(self._rounds(), "ring")

    async def _rounds(self) -> None:
        while self.is_wanted:
            self.is_wanted = False
            try:
                async with asyncio.timeout(PATIENCE):
                    await self.send()
            except Exception as away:
                log.warning("other runners could not be rung (%s); they look by themselves", type(away).__name__)

    async def flush(self) -> None:
        """Before the database or Redis is closed: what was rung has left."""
        if self.round and not self.round.done() and self.round.get_loop() is asyncio.get_running_loop():
            await asyncio.wait([self.round], timeout=PATIENCE)


async def _notify() -> None:
    await database.rows("SELECT pg_notify(?, '')", CHANNEL)


shout = Messenger(_notify)
database.before_close.append(shout.flush)


def listen(bell: asyncio.Event) -> None:
    _bells.append(bell)


def unlisten(bell: asyncio.Event) -> None:
    if bell in _bells:
        _bells.remove(bell)


def add_remote(call: Callable[[], None]) -> None:
    _remote.append(call)


def clear_remote() -> None:
    _remote.clear()


def ring() -> None:
    for bell in _bells:
        bell.set()
    for call in _remote:
        call()
    if not _remote and database.dialect() == "postgresql":
        shout()


def after_commit() -> None:
    """Ring when the open transaction is committed (once, however many promises it wrote)."""
    database.after_commit(ring)
