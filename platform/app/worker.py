"""The worker process at scale: arq rings, the runner works; a supervisor outlives Redis."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from typing import Any

from arq.worker import Worker, func
from redis.exceptions import RedisError

from app import rooms
from app.arq_bell import QUEUE, redis_settings, ring_workers, stop_ringing
from core.database import close_database, open_database
from core.migrating import pending
from core.pages import configure_templates
from core.runner import Runner
from core.settings import SettingsError, settings
from core.tasks import spawn

log = logging.getLogger("engawa.jobs")


async def work() -> None:
    """Run until SIGTERM or SIGINT; running jobs get ten seconds, the rest goes back at once."""
    rooms.load()
    configure_templates(rooms.present())
    await open_database(settings().database, rooms.with_models())
    if left := await pending(settings().database, rooms.with_models()):
        await close_database()
        raise SettingsError(f"The database is behind by {len(left)} migrations. Run: engawa migrate")
    runner = Runner()
    await runner.start()
    stop = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    listener = None
    if settings().redis_url:
        await ring_workers()
        listener = spawn(listen(runner), "arq")
    log.info("worker %s is ready", runner.name)
    await stop.wait()
    if listener:
        listener.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listener
    await runner.stop()
    await stop_ringing()
    await close_database()


async def listen(runner: Runner) -> None:
    """An arq worker whose only job rings the bell; when Redis goes away it is started again."""

    async def wake(_: Any) -> None:
        runner.bell.set()

    while True:
        worker: Worker | None = None
        try:
            worker = Worker(functions=[func(wake, name="wake", keep_result=0, max_tries=1)], queue_name=QUEUE,
                            redis_settings=redis_settings(), poll_delay=0.02, handle_signals=False,
                            health_check_interval=3600, max_jobs=100)  # fmt: skip
            runner.bell.set()
            await worker.async_run()
        except (RedisError, OSError, TimeoutError) as away:
            log.warning("Redis is away (%s); the runner looks by itself meanwhile", type(away).__name__)
            await asyncio.sleep(1.0)
        finally:
            if worker is not None:
                with contextlib.suppress(Exception):
                    await worker.close()
