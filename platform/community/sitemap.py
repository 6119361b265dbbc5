"""What search engines may know of: public threads, for the site's /sitemap.xml."""

from __future__ import annotations

from datetime import datetime

from community import records
from core.clock import when
from core.database import rows


async def sitemap_entries(brand: str = "default", limit: int = 40_000) -> list[tuple[str, datetime]]:
    """(path, last change) of the front page's public boards and threads, the latest first."""
    public = [board for board in await records.boards() if board.is_public and board.brand == brand]
    if not public:
        return []
    marks = ", ".join("?" * len(public))
    found = await rows(
        f"SELECT id, last_post_at FROM thread WHERE visibility = 'visible' AND board_id IN ({marks})"
        " ORDER BY last_post_at DESC, id DESC LIMIT ?",
        *(board.id for board in public), limit,
    )  # fmt: skip
    threads = [(f"/community/{row[0]}", moment) for row in found if (moment := when(row[1]))]
    latest = threads[0][1] if threads else None
    boards = [(f"/community/b/{board.slug}", latest) for board in public if latest]
    return [*([("/community", latest)] if latest else []), *boards, *threads]
