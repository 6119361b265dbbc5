"""Atom feeds of public boards."""

from __future__ import annotations

from litestar import Controller, Response, get

from community import policy, records
from community.reading import lists
from community.reading.lists import Asked
from community.records import BoardRow
from core.errors import NotFound
from core.i18n import _
from core.pages import brand, render
from core.principal import NOBODY


async def _feed(boards: list[BoardRow], title: str, path: str) -> Response[bytes]:
    """What anybody may read, whoever asks: feed readers have no session."""
    found = await lists.threads(NOBODY, boards, Asked())
    body = render("community/feed.xml", lines=found.lines, title=title, path=path)
    return Response(body.encode(), media_type="application/atom+xml; charset=utf-8",
                    headers={"Cache-Control": "public, max-age=300"})  # fmt: skip


class FeedPages(Controller):
    path = "/community"

    @get("/feed.atom", may="community.read")
    async def all(self) -> Response[bytes]:
        return await _feed(await records.boards(), f"{brand().name} {_('Community')}", "/community/feed.atom")

    @get("/b/{slug:str}/feed.atom", may="community.read")
    async def board(self, slug: str) -> Response[bytes]:
        board = await records.board_called(slug)
        if not policy.can_see(NOBODY, board):
            raise NotFound(_("There is no such board."))
        return await _feed([board], f"{brand().name} {board.name}", f"/community/b/{slug}/feed.atom")
