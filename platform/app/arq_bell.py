"""arq as the messenger: a message only rings the runner of a worker; the promise in the database is the truth."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from arq.connections import ArqRedis, RedisSettings, create_pool
from redis.exceptions import RedisError

from core import ring
from core.settings import settings
from core.tasks import spawn

log = logging.getLogger("engawa.jobs")
QUEUE = "engawa:wake"
_state: dict[str, Any] = {"pool": None, "pending": False}


def redis_settings() -> RedisSettings:
    found = RedisSettings.from_dsn(settings().redis_url)
    found.conn_retries, found.conn_timeout = 1, 2
    return found


async def ring_workers() -> None:
    """From now on every committed promise also sends one arq message (many at once send one)."""
    ring.add_remote(_ring)


async def stop_ringing() -> None:
    ring.clear_remote()
    pool: ArqRedis | None = _state.pop("pool", None)
    _state["pool"] = None
    if pool is not None:
        await pool.aclose()


def _ring() -> None:
    if not _state["pending"]:
        _state["pending"] = True
        spawn(_send(), "ring-workers")


async def _send() -> None:
    await asyncio.sleep(0)
    _state["pending"] = False
    try:
        if _state["pool"] is None:
            _state["pool"] = await create_pool(redis_settings(), default_queue_name=QUEUE)
        await _state["pool"].enqueue_job("wake", _expires=60)
    except (RedisError, OSError, TimeoutError):
        # The workers look by themselves once a second, so a lost ring only costs that second.
        log.warning("Redis does not answer; workers will find the promise by themselves")
        _state["pool"] = None
