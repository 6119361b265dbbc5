"""What the help centre shows of the community: threads among what readers find, the way to ask there, solved questions
on the first page, public addresses for search engines."""

from __future__ import annotations

from community import records
from community.fragments import line
from community.reading import lists
from community.reading.lists import Asked
from core.clock import when
from core.database import rows
from core.i18n import lazy
from core.pages import render
from core.principal import Principal
from helpcenter import home, sitemap
from helpcenter.asking import Way, ways
from helpcenter.finding import Kind, kinds
from helpcenter.sitemap import Entry

SOLVED = 4  # questions on the first page
MOST = 40_000  # of the 50,000 addresses that a sitemap may have


async def solved(who: Principal) -> home.Section | None:
    """The latest questions that found an answer, of the boards this reader sees."""
    if not who.may("community.read"):
        return None
    found = await lists.threads(who, await records.boards(), Asked("solved", limit=SOLVED))
    if not found.lines:
        return None
    return home.Section(render("community/solved.html", lines=[line(one) for one in found.lines]))


async def addresses() -> list[Entry]:
    """The front page, public boards and their threads, the latest first; of the brand that is not asked for by name."""
    public = [board for board in await records.boards() if board.is_public and board.brand == "default"]
    if not public:
        return []
    marks = ", ".join("?" * len(public))
    found = await rows(
        f"SELECT id, last_post_at FROM thread WHERE visibility = 'visible' AND board_id IN ({marks})"
        " ORDER BY last_post_at DESC, id DESC LIMIT ?",
        *(board.id for board in public), MOST,
    )  # fmt: skip
    threads = [Entry(f"/community/{row[0]}", when(row[1])) for row in found]
    latest = threads[0].changed_at if threads else None
    return [Entry("/community", latest), *(Entry(f"/community/b/{board.slug}", latest) for board in public), *threads]


kinds["thread"] = Kind(lazy("Community"), "talk")
ways.append(Way(lazy("Ask in the community"), "/community/new", order=20, may="community.post"))
home.sections.append(solved)
sitemap.sources.append(addresses)
