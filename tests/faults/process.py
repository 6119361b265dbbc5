"""`python -m faults.process KIND`: a process of the house with the trial's jobs, for a test to kill, freeze or stop.

KIND is `runner` (database and Runner only), `writer` (promises `mark` at FAULT_RATE a second), `crowd` (50 writers and
a reader), `filler` (writes until the disk is full), `upgrade` (migrates a few rooms, a step at a time), or a command of
`engawa` (`serve`, `worker`, `migrate`). FAULT_SKEW puts its clock off by seconds, FAULT_LEASE shortens leases,
FAULT_EVERY keeps a schedule of so many seconds. Prints `ready` when it works.
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
    """Promises one `mark` after the other; prints the key and time of each once it is committed. FAULT_STUBBORN goes on
    when the database is away."""
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
        try:
            async with transaction():
                await trial.mark.later(name=f"{os.getpid()}-{number}")
            print(f"{os.getpid()}-{number} {time.time()}", flush=True)
        except Exception as error:
            if not os.environ.get("FAULT_STUBBORN"):
                raise
            print(type(error).__name__, file=sys.stderr, flush=True)
        number += 1
        await asyncio.sleep(pause)
    await stop.wait()
    await close_database()


async def run_crowd() -> None:
    """50 tasks write as often as they can for FAULT_SECONDS, one reads every few milliseconds; prints a JSON line."""
    import json
    import time

    from core.database import close_database, open_database, rows, transaction, write

    await open_database(settings().database, ["core"])
    end = time.monotonic() + float(os.environ["FAULT_SECONDS"])
    written, waits = 0, []

    async def writer(who: int) -> None:
        nonlocal written
        while time.monotonic() < end:
            async with transaction():
                await rows("SELECT COUNT(*) FROM note WHERE id > ?", written)
                await write("INSERT INTO note (name, value, changed_at) VALUES (?, '1', CURRENT_TIMESTAMP)",
                            f"{os.getpid()}-{who}-{time.monotonic_ns()}")  # fmt: skip
            written += 1

    async def reader() -> None:
        while time.monotonic() < end:
            began = time.perf_counter()
            await rows("SELECT name FROM note ORDER BY id DESC LIMIT 20")
            waits.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(0.005)

    await asyncio.gather(reader(), *(writer(who) for who in range(50)))
    waits.sort()
    found = {"written": written, "read": len(waits), "p50_ms": waits[len(waits) // 2],
             "p99_ms": waits[int(len(waits) * 0.99)]}  # fmt: skip
    print(json.dumps(found), flush=True)
    await close_database()


async def run_filler() -> None:
    """Writes until it fails, prints the failure, waits for SIGTERM (room was made), writes once more."""
    import resource

    from core.database import close_database, open_database, transaction, write

    stop = stop_event()
    await open_database(settings().database, ["core"])
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    if limit := int(os.environ.get("FAULT_FILE_LIMIT", "0")):
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, unlimited[1]))

    async def put(name: str) -> None:
        async with transaction():
            await write("INSERT INTO note (name, value, changed_at) VALUES (?, ?, CURRENT_TIMESTAMP)", name,
                        {"much": "x" * 20_000})  # fmt: skip

    print("ready", flush=True)
    number = 0
    try:
        while True:
            await put(f"n{number}")
            number += 1
    except Exception as full:
        print(f"full after {number}: {type(full).__name__}: {full}", flush=True)
    await stop.wait()
    resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    await put("afterwards")
    await close_database()


UPGRADED = ["core", "search", "channels"]


async def run_upgrade() -> None:
    """Prints each migration before and after it; FAULT_PAUSE seconds between the two."""
    import time

    from core import migrating
    from core.database import close_database, open_database

    def emit(_: Any, event: str, key: Any) -> None:
        print(f"{event} {key.app_label}.{key.name}", flush=True)
        time.sleep(float(os.environ.get("FAULT_PAUSE", "0")))

    if "FAULT_PAUSE" in os.environ:
        migrating.Executor._emit = staticmethod(emit)  # type: ignore[assignment]
    await open_database(settings().database, UPGRADED)
    try:
        applied = await migrating.migrate(settings().database, UPGRADED)
        print("applied", len(applied), "left", len(await migrating.pending(settings().database, UPGRADED)), flush=True)
    finally:
        await close_database()


KINDS = {"runner": run_runner, "writer": run_writer, "crowd": run_crowd, "filler": run_filler, "upgrade": run_upgrade}


def main(kind: str) -> int:
    use(read_settings())
    prepare()
    if kind in KINDS:
        from core import logs

        logs.set_up("text")
        asyncio.run(KINDS[kind]())
        return 0
    from app import cli

    return cli.main([kind])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
