"""The web process: the database, the rooms' pages, and (unless Redis is set) the runner inside it."""

from __future__ import annotations

import logging
import socket
from contextlib import AsyncExitStack
from typing import Any

import uvicorn

from access import setup
from app import rooms
from app.arq_bell import ring_workers, stop_ringing
from channels.incoming import listener
from channels.sessions import close_clients
from channels.warming import warm_up
from core.database import close_database, open_database
from core.entrance import Entrance
from core.migrating import pending
from core.navigation import navigation
from core.pages import configure_templates
from core.runner import Runner
from core.settings import SettingsError, settings
from core.streams import hall
from core.tasks import spawn
from core.web import build_web

log = logging.getLogger("engawa.web")
closing: list[Any] = []


def make_app(*, with_runner: bool | None = None) -> Entrance:
    """The ASGI application. `with_runner` defaults to: embedded unless ENGAWA_REDIS_URL is set."""
    embedded = not settings().redis_url if with_runner is None else with_runner
    rooms.load()
    configure_templates(rooms.present())
    navigation.staff_home, navigation.search, navigation.staff_search = "/staff", "/help/search", "/staff/search"
    open_things = AsyncExitStack()  # closed in reverse, each also when another fails: an open thread hangs the process

    async def open_house() -> None:
        hall.open()
        await open_database(settings().database, rooms.with_models())
        open_things.push_async_callback(close_database)
        open_things.push_async_callback(_close_rooms)
        try:
            if left := await pending(settings().database, rooms.with_models()):
                raise SettingsError(f"The database is behind by {len(left)} migrations. Run: engawa migrate")
            if words := await setup.sentence():
                log.warning(words)
            if settings().redis_url:
                await ring_workers()
                open_things.push_async_callback(stop_ringing)
            if embedded:
                runner = Runner(beside_pages=True)
                open_things.push_async_callback(runner.stop)
                await runner.start()
                if door := await listener.listen():
                    open_things.push_async_callback(listener.close, door)
            spawn(warm_up(), "warm up")
        except BaseException:
            await open_things.aclose()
            raise

    return build_web(rooms.handlers(), on_startup=[open_house], on_shutdown=[open_things.aclose])


class Server(uvicorn.Server):
    """uvicorn's, that also ends open streams: it would wait for them until its patience is over."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        hall.close()
        await super().shutdown(sockets)


async def _close_rooms() -> None:
    async with AsyncExitStack() as clients:
        clients.push_async_callback(close_clients)
        for close in closing:
            clients.push_async_callback(close)


def on_close(close: Any) -> None:
    """A room's client to close at shutdown (LINE, Slack, SMTP)."""
    closing.append(close)
