"""Who read what: views per article, and one line a day on the timeline of a person who is signed in."""

from __future__ import annotations

import asyncio

from core.clock import local_day
from core.database import transaction, write
from core.principal import Principal
from core.tasks import spawn
from customers.timeline import record
from helpcenter import caches
from helpcenter.reading import Shown

PAUSE = 5.0  # seconds in which views of this process are gathered before one write


async def was_read(principal: Principal, article: Shown) -> None:
    """Count a view. A crash within five seconds loses those views, and nothing else."""
    if not caches.views:
        spawn(_later(), "helpcenter.views")
    caches.views[article.id] = caches.views.get(article.id, 0) + 1
    key = f"help.read:{principal.person_id}:{article.id}:{local_day()}"
    if principal.is_signed_in and not principal.is_staff and caches.is_new(key):
        await record(principal.person_id, "help.read", about=article.ref, key=key, title=article.title)


async def _later() -> None:
    await asyncio.sleep(PAUSE)
    await write_views()


async def write_views() -> None:
    """Write what was gathered, in one short transaction."""
    waiting = dict(caches.views)
    caches.views.clear()
    if not waiting:
        return
    async with transaction():
        for article_id, n in sorted(waiting.items()):
            await write("UPDATE article SET views = views + ? WHERE id = ?", n, article_id)
