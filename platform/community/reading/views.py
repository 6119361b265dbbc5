"""How often threads are looked at: counted in this process and written every ten seconds."""

from __future__ import annotations

import time

from community.caches import views
from core.database import write_many
from core.tasks import spawn

EVERY = 10.0
_written = 0.0


def count_view(thread_id: int) -> None:
    global _written
    views[thread_id] += 1
    if time.monotonic() - _written > EVERY:
        _written = time.monotonic()
        spawn(write_views(), "community.views")


async def write_views() -> None:
    """A view more or less does not matter, so what a killed process held is lost."""
    found = [[n, thread_id] for thread_id, n in views.items()]
    views.clear()
    if found:
        await write_many("UPDATE thread SET view_count = view_count + ? WHERE id = ?", found)
