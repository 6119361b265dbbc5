"""`python -m faults.process KIND`: a process of the house with the trial's jobs, for a test to kill, freeze or stop.

KIND is `runner` (database and Runner only), `writer` (promises `mark` at FAULT_RATE a second), `migrate`, or a command
of `engawa` (`serve`, `worker`). FAULT_SKEW puts its clock off by seconds, FAULT_LEASE shortens leases, FAULT_EVERY
keeps a schedule of so many seconds. Prints `ready` when it works.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import timedelta
from typing import Any

from core import clock, promises
from core.settings import read_settings, settings, use
from faults import trial


def put_the_clock_off(seconds: float) -> None:
    """Every module that took `now` by name gets the wrong one."""
    right = clock.now

    def wrong() -> Any:
        return right() + timedelta(seconds=seconds)

    for module in list(sys.modules.values()):
        if getattr(module, "now", None) is right:
            module.now = wrong  # type: ignore[attr-defined]


def prepare() -> None:
    if seconds := float(os.environ.get("FAULT_LEASE", "0")):
        promises.LEASE = timedelta(seconds=seconds)
    if seconds := float(os.environ.get("FAULT_EVERY", "0")):
        trial.keep_a_schedule(int(seconds))
    if seconds := float(os.environ.get("FAULT_SKEW", "0")):
        import core.runner  # noqa: F401

        put_the_clock_off(seconds)


def stop_event() -> asyncio.Event:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    return stop


async def run_runner() -> None:
    from core.database import close_database, open_database
    from core.runner import Runner

    stop = stop_event()
    await open_database(settings().database, ["core"])
    runner = Runner()
    await runner.start()
    print("ready", flush=True)
    await stop.wait()
    await runner.stop(float(os.environ.get("FAULT_PATIENCE", "10")))
    await close_database()


async def run_writer() -> None:
    """Promises one `mark` after the other; prints the key and time of each once it is committed."""
    import time

    from core.database import close_database, open_database, transaction

    stop = stop_event()
    await open_database(settings().database, ["core"])
    if settings().redis_url:
        from app.arq_bell import ring_workers

        await ring_workers()
    print("ready", flush=True)
    number, pause = 0, 1 / float(os.environ.get("FAULT_RATE", "20"))
    while not stop.is_set() and number < int(os.environ.get("FAULT_COUNT", "1000000")):
        async with transaction():
            await trial.mark.later(name=f"{os.getpid()}-{number}")
        print(f"{os.getpid()}-{number} {time.time()}", flush=True)
        number += 1
        await asyncio.sleep(pause)
    await stop.wait()
    await close_database()


def main(kind: str) -> int:
    use(read_settings())
    prepare()
    if kind in {"runner", "writer"}:
        from core import logs

        logs.set_up("text")
        asyncio.run({"runner": run_runner, "writer": run_writer}[kind]())
        return 0
    from app import cli

    return cli.main([kind])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
