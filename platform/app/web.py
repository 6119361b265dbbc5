"""The web process: the database, the rooms' pages, and (unless Redis is set) the runner inside it."""

from __future__ import annotations

from typing import Any

from app import rooms
from app.arq_bell import ring_workers, stop_ringing
from core.database import close_database, open_database
from core.entrance import Entrance
from core.migrating import pending
from core.navigation import navigation
from core.pages import configure_templates
from core.runner import Runner
from core.settings import SettingsError, settings
from core.web import build_web

closing: list[Any] = []


def make_app(*, with_runner: bool | None = None) -> Entrance:
    """The ASGI application. `with_runner` defaults to: embedded unless ENGAWA_REDIS_URL is set."""
    embedded = not settings().redis_url if with_runner is None else with_runner
    rooms.load()
    configure_templates(rooms.present())
    navigation.staff_home, navigation.search, navigation.staff_search = "/staff", "/help/search", "/staff/search"
    held: list[Runner] = []

    async def open_house() -> None:
        await open_database(settings().database, rooms.with_models())
        if left := await pending(settings().database, rooms.with_models()):
            await close_database()
            raise SettingsError(f"The database is behind by {len(left)} migrations. Run: engawa migrate")
        if settings().redis_url:
            await ring_workers()
        if embedded:
            held.append(Runner())
            await held[0].start()

    async def close_house() -> None:
        for runner in held:
            await runner.stop()
        await stop_ringing()
        for close in closing:
            await close()
        await close_database()

    return build_web(rooms.handlers(), on_startup=[open_house], on_shutdown=[close_house])


def on_close(close: Any) -> None:
    """A room's client to close at shutdown (LINE, Slack, SMTP)."""
    closing.append(close)
