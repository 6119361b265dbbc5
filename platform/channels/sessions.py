"""One aiohttp session for Slack and forwarding, per event loop, closed at shutdown."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from channels.outcomes import TIMEOUT

_session: Any = None
_closers: list[Callable[[], Awaitable[None]]] = []


async def session() -> Any:
    """The shared session. The time-out is set here, because with it a client's own `timeout=` is ignored."""
    global _session
    import aiohttp

    if _session is None or _session.closed or _session._loop is not asyncio.get_running_loop():
        _session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT))
    return _session


def on_close(closer: Callable[[], Awaitable[None]]) -> None:
    _closers.append(closer)


async def close_clients() -> None:
    """Close every client of this room; `app` calls it at shutdown."""
    global _session
    for closer in _closers:
        await closer()
    if _session is not None and not _session.closed and _session._loop is asyncio.get_running_loop():
        await _session.close()
    _session = None
