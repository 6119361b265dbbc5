"""The command line `engawa`. Exit status 0, 1 (refused, with a sentence), 2 (wrong usage)."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core import settings as settings_module
from core.errors import Refused
from core.settings import Settings, SettingsError, read_settings, settings, use

# Seconds that a busy thread (an import, the night's matching) keeps the interpreter while the loop wants it back.
# Python's own 5 ms are paid again at each of a request's dozen steps through the database's thread.
TURN = 0.0005
# Seconds that a connection may lie idle. Longer than any proxy in front keeps one (Caddy 120, load balancers 60):
# whoever closes first risks a request that is already on its way, and a POST comes back as 502.
IDLE = 130


def main(arguments: list[str] | None = None) -> int:
    """Entry point; also callable with a list of arguments."""
    with loading():
        parser = build_parser()
    given = parser.parse_args(arguments)
    if not hasattr(given, "run"):
        parser.print_help()
        return 2
    try:
        if getattr(given, "needs_settings", True):
            use(read_settings())
        result = given.run(given)
        return int(result or 0)
    except (SettingsError, Refused) as error:
        print(f"engawa: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


@contextmanager
def loading() -> Iterator[None]:
    """For importing the house. What that makes lives as long as the process, so the collector neither runs meanwhile
    (a sixth of the time) nor looks through it ever after (pauses of all threads that grow with the house)."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def build_parser() -> argparse.ArgumentParser:
    from app import rooms
    from app.moving import cli as moving

    parser = argparse.ArgumentParser(prog="engawa", description="A community and tech-touch engagement platform.")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _own_commands(commands)
    moving.commands(commands)
    for module in rooms.command_modules():
        module.commands(commands)
    return parser


def _own_commands(commands: Any) -> None:
    demo = commands.add_parser("demo", help="a demo company on an SQLite file, served at once")
    demo.add_argument("--no-serve", action="store_true", help="only prepare the data")
    demo.set_defaults(run=run_demo, needs_settings=False)
    serve = commands.add_parser("serve", help="the web process")
    serve.add_argument("--host")
    serve.add_argument("--port", type=int)
    serve.set_defaults(run=run_serve)
    commands.add_parser("worker", help="a worker process (with ENGAWA_REDIS_URL)").set_defaults(run=run_worker)
    commands.add_parser("migrate", help="bring the database up to date").set_defaults(run=run_migrate)
    check = commands.add_parser("check", help="look at settings, database, Redis and mail")
    check.add_argument("--json", action="store_true")
    check.set_defaults(run=run_check)
    models = commands.add_parser("makemigrations", help="write migrations for changed models (developers)")
    models.add_argument("--check", action="store_true", help="only fail if one is missing")
    models.set_defaults(run=run_makemigrations, needs_settings=False)


def with_house(work: Callable[[], Awaitable[int]]) -> int:
    """Open the migrated database with every room loaded, do `work`, close: what rooms' commands stand on."""
    from app import rooms
    from core.database import close_database, open_database
    from core.migrating import pending
    from core.pages import configure_templates

    async def opened() -> int:
        rooms.load()
        configure_templates(rooms.present())
        await open_database(settings().database, rooms.with_models())
        try:
            if left := await pending(settings().database, rooms.with_models()):
                raise SettingsError(f"The database is behind by {len(left)} migrations. Run: engawa migrate")
            return await work()
        finally:
            await close_database()

    return asyncio.run(opened())


def run_serve(given: argparse.Namespace) -> int:
    serve(given.host or settings().host, given.port or settings().port)
    return 0


def serve(host: str, port: int) -> None:
    sys.setswitchinterval(TURN)
    import uvicorn

    from core import logs

    logs.set_up(settings().log)
    with loading():
        from app.web import Server, make_app

        application = make_app()
    config = uvicorn.Config(
        application, host=host, port=port, log_config=None, access_log=False, server_header=False, proxy_headers=False,
        timeout_keep_alive=IDLE, timeout_graceful_shutdown=15, lifespan="on", h11_max_incomplete_event_size=65_536,
    )  # fmt: skip
    server = Server(config)
    # uvicorn raises the signal that stopped it once more, which would turn a clean end into exit status -15.
    signal.signal(signal.SIGTERM, lambda *_: None)
    with contextlib.suppress(SystemExit):  # its own way to say that the start failed
        server.run()
    if not server.started:
        raise SettingsError(f"The server could not start on {host}:{port}; see the lines above.")


def run_worker(_: argparse.Namespace) -> int:
    from app.worker import work
    from core import logs

    sys.setswitchinterval(TURN)
    logs.set_up(settings().log)
    asyncio.run(work())
    return 0


def run_migrate(_: argparse.Namespace) -> int:
    for name in asyncio.run(migrate_now()):
        print(f"applied {name}")
    return 0


async def migrate_now() -> list[str]:
    from app import rooms
    from core.database import close_database, open_database
    from core.migrating import migrate

    rooms.load()
    await open_database(settings().database, rooms.with_models())
    try:
        return await migrate(settings().database, rooms.with_models())
    finally:
        await close_database()


def run_makemigrations(given: argparse.Namespace) -> int:
    from app import rooms
    from core.migrating import make_migrations, missing_migrations

    use(read_settings({}, secret_key=settings_module.new_secret()))
    if given.check:
        missing = asyncio.run(missing_migrations(rooms.with_models()))
        for name in missing:
            print(f"models changed without a migration: {name}", file=sys.stderr)
        return 1 if missing else 0
    for path in asyncio.run(make_migrations(rooms.with_models())):
        print(path)
    return 0


def run_check(given: argparse.Namespace) -> int:
    from app.checks import check_everything

    found = asyncio.run(check_everything())
    if given.json:
        print(json.dumps({name: {"ok": ok, "said": said} for name, ok, said in found}, ensure_ascii=False))
    else:
        for name, ok, said in found:
            print(f"{'ok  ' if ok else 'FAIL'} {name}: {said}")
    return 0 if all(ok for _, ok, _ in found) else 1


def demo_settings() -> Settings:
    """The demo's own: an SQLite file, a key made at the first start, addresses from the environment."""
    import os

    folder = Path(os.environ.get("ENGAWA_DATA_DIR") or "var/demo")
    folder.mkdir(parents=True, exist_ok=True)
    key = folder / "secret_key"
    if not key.exists():
        key.touch(mode=0o600)
        key.write_text(settings_module.new_secret())
    return use(read_settings(secret_key=os.environ.get("ENGAWA_SECRET_KEY") or key.read_text().strip(),
                             data_dir=str(folder), demo=True))  # fmt: skip


async def _greet() -> int:
    from app.demo.loading import welcome

    print(await welcome(), flush=True)
    return 0


def run_demo(given: argparse.Namespace) -> int:
    demo_settings()
    from app.demo.loading import load_once

    asyncio.run(migrate_now())
    with_house(load_once)
    with_house(_greet)
    if not given.no_serve:
        serve(settings().host, settings().port)
    return 0


if __name__ == "__main__":
    sys.exit(main())
