"""Tasks that outlive their caller start here, in a fresh context.

A task made inside a transaction inherits its connection and could write into a stranger's transaction
after it ended (facts/reliability.md, trap 4), so `asyncio.create_task` is refused elsewhere by a test.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")
_running: set[asyncio.Task[Any]] = set()
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="engawa-cpu")
_one = ThreadPoolExecutor(max_workers=1, thread_name_prefix="engawa-large")
log = logging.getLogger("engawa.tasks")

_clean = contextvars.Context()


def remember_clean_context() -> None:
    """Called once the database is open: later tasks start from a copy of this moment's context."""
    global _clean
    _clean = contextvars.copy_context()


def spawn(work: Coroutine[Any, Any, T], name: str = "") -> asyncio.Task[T]:
    """Start `work` beside the caller; what it raises is logged, never lost."""
    task = asyncio.get_running_loop().create_task(work, name=name or None, context=_clean.copy())
    _running.add(task)
    task.add_done_callback(_ended)
    return task


def _ended(task: asyncio.Task[Any]) -> None:
    _running.discard(task)
    if not task.cancelled() and (error := task.exception()):
        log.error("task %s failed", task.get_name(), exc_info=error)


async def in_thread(function: Any, *arguments: Any) -> Any:
    """Run CPU work (search, MJML, argon2) in a bounded pool; the loop is never held over 5 ms."""
    return await _run(_threads, function, *arguments)


async def one_at_a_time(function: Any, *arguments: Any) -> Any:
    """The same for what takes seconds and hundreds of megabytes, as a picture may: beside the pool, so that nobody's
    sign-in waits for it, and never two together."""
    return await _run(_one, function, *arguments)


async def _run(threads: ThreadPoolExecutor, function: Any, *arguments: Any) -> Any:
    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(threads, context.run, function, *arguments)


async def together(*parts: Coroutine[Any, Any, Any]) -> list[Any]:
    """Parts of one piece of work, also of one transaction: the Python of one runs while the database works for another.

    They begin in their order, and all have ended when this returns or raises (what the first to fail raised).
    """
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(part) for part in parts]
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from None
    return [task.result() for task in tasks]


async def finish(work: Coroutine[Any, Any, T]) -> T:
    """Await `work` to its end even when cancelled meanwhile; the cancellation is raised afterwards.

    Its result is lost then, so use it for steps that must not stop half-way (begin, commit, rollback, release).
    """
    task = asyncio.get_running_loop().create_task(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as stop:
            cancelled = stop
        except BaseException:
            break
    if cancelled is not None:
        if not task.cancelled():
            task.exception()
        raise cancelled
    return task.result()
