"""arq as the messenger: a message only rings the runner of a worker; the promise in the database is the truth."""

from __future__ import annotations

from arq.connections import ArqRedis, RedisSettings, create_pool

from core import ring
from core.settings import settings

QUEUE = "engawa:wake"
_pool: ArqRedis | None = None


def redis_settings() -> RedisSettings:
    found = RedisSettings.from_dsn(settings().redis_url)
    found.conn_retries, found.conn_timeout = 1, 2
    return found


async def _send() -> None:
    global _pool
    if _pool is None:
        _pool = await create_pool(redis_settings(), default_queue_name=QUEUE)
    await _pool.enqueue_job("wake", _expires=60)


_messenger = ring.Messenger(_send)


async def ring_workers() -> None:
    """From now on every committed promise also sends one arq message (many at once send one)."""
    ring.add_remote(_messenger)


async def stop_ringing() -> None:
    global _pool
    await _messenger.flush()
    ring.clear_remote()
    pool, _pool = _pool, None
    if pool is not None:
        await pool.aclose()
