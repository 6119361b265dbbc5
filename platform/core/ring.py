"""Ringing the runner: in-process at once, through arq to the workers where Redis is set.

Losing a ring loses nothing: the runner looks by itself once a second.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from core import database

log = logging.getLogger("engawa.jobs")
_bells: list[asyncio.Event] = []
_remote: list[Callable[[], None]] = []


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


def after_commit() -> None:
    """Ring when the open transaction is committed (once, however many promises it wrote)."""
    database.after_commit(ring)
