"""The worker process at scale: arq rings, the runner works; a supervisor outlives Redis."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from typing import Any

from arq.worker import Worker, func

from app import rooms
from app.arq_bell import QUEUE, redis_settings, ring_workers, stop_ringing
from channels.incoming import listener
from channels.sessions import close_clients
from core import ring
from core.database import close_database, dialect, open_database
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
    stop = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    async with contextlib.AsyncExitStack() as open_things:
        await open_database(settings().database, rooms.with_models())
        open_things.push_async_callback(close_database)
        open_things.push_async_callback(close_clients)
        if left := await pending(settings().database, rooms.with_models()):
            raise SettingsError(f"The database is behind by {len(left)} migrations. Run: engawa migrate")
        runner = Runner()
        if settings().redis_url:
            await ring_workers()
            open_things.push_async_callback(stop_ringing)
        open_things.push_async_callback(runner.stop)
        await runner.start()
        if settings().redis_url:
            open_things.push_async_callback(_silence, spawn(listen(runner), "arq"))
        if door := await listener.listen():
            open_things.push_async_callback(listener.close, door)
        log.info("worker %s is ready", runner.name)
        await stop.wait()


async def _silence(listener: asyncio.Task[None]) -> None:
    listener.cancel()
    await asyncio.wait([listener], timeout=3.0)


async def listen(runner: Runner) -> None:
    """An arq worker whose only job rings the bell; when Redis goes away it is started again."""

    async def wake(_: Any) -> None:
        runner.bell.set()
        if runner.is_full() and dialect() == "postgresql":
            ring.shout()  # arq gave the ring to this worker alone; another may be free

    while True:
        worker: Worker | None = None
        try:
            worker = Worker(functions=[func(wake, name="wake", keep_result=0, max_tries=1)], queue_name=QUEUE,
                            redis_settings=redis_settings(), poll_delay=0.02, handle_signals=False,
                            health_check_interval=3600, max_jobs=100)  # fmt: skip
            runner.bell.set()
            await worker.async_run()
        except Exception as away:  # whatever Redis or arq come up with, the worker stays
            log.warning("Redis is away (%s); the runner looks by itself meanwhile", type(away).__name__)
            await asyncio.sleep(1.0)
        finally:
            if worker is not None:
                with contextlib.suppress(Exception):
                    await worker.close()
