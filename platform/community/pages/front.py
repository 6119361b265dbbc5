"""The front page, a board, and lists by tag."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, get

from community import policy, records
from community.reading import lists, numbers, own
from community.reading.lists import Asked
from community.records import BoardRow
from community.words import kept_page, page
from core.context import here
from core.errors import NotFound
from core.i18n import _


def asked_of(request: Request[Any, Any, Any], board: BoardRow | None = None) -> Asked:
    query = request.query_params
    show = query.get("show", "")
    known = show if show in lists.SHOWS and (here().principal.is_signed_in or show not in ("mine", "following")) else ""
    return Asked(known, board, query.get("tag", "")[:40], query.get("after", "")[:80])


class FrontPages(Controller):
    path = "/community"

    @get("/", may="community.read")
    async def front(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        who, boards, asked = here().principal, await records.boards(), asked_of(request)
        shown = {
            "boards": await lists.board_lines(who, boards) if not asked.after else [],
            "threads": await lists.threads(who, boards, asked), "asked": asked,
            "tabs": await _tabs(who, boards, "/community"),
            "waiting": await numbers.waiting(who, boards) if who.is_signed_in else [],
            "thanked": await numbers.thanked(), "numbers": await numbers.numbers(), "may_post": _may_post(boards),
        }  # fmt: skip
        return kept_page("community/front.html", depends_on=shown, context=lambda: shown)

    @get("/b/{slug:str}", may="community.read")
    async def board(self, request: Request[Any, Any, Any], slug: str) -> Response[bytes]:
        who, board = here().principal, await records.board_called(slug)
        if not policy.can_see(who, board):
            raise NotFound(_("There is no such board."))
        asked = asked_of(request, board)
        boards = [one for one in await records.boards() if one.parent_id == board.id]
        first = not (asked.after or asked.show or asked.tag)
        return page(
            "community/board.html", board=board, asked=asked, threads=await lists.threads(who, [board], asked),
            pinned=await lists.pinned(who, board) if first else [], children=policy.visible_boards(who, boards),
            tabs=await _tabs(who, [board], f"/community/b/{board.slug}"), may_post=bool(policy.can_post(who, board)),
            moderates=policy.moderates(who, board), follows=await own.follows_board(who, board.id),
        )  # fmt: skip


def _may_post(boards: list[BoardRow]) -> bool:
    """Visitors are shown the button too: it leads to the sign-in."""
    who = here().principal
    return not who.is_signed_in or any(policy.can_post(who, board) for board in boards)


async def _tabs(who: Any, boards: list[BoardRow], path: str) -> list[Any]:
    made: list[Any] = [(_("Latest"), path)]
    if any(board.kind == "question" for board in boards):
        made += [(_("No answer yet"), f"{path}?show=unanswered", await lists.count_unanswered(who, boards)),
                 (_("Solved"), f"{path}?show=solved")]  # fmt: skip
    if who.is_signed_in:
        made += [(_("My questions"), f"{path}?show=mine"), (_("Following"), f"{path}?show=following")]
    return made
