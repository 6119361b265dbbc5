"""One's own: questions, what one follows, drafts."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, delete, get, post
from litestar.response import Redirect

from community import actions, records, rules
from community.forms import Level
from community.pages.desk import filled
from community.reading import lists
from community.reading.lists import Asked
from community.routing import reading as calls
from community.words import page
from core.context import here
from core.i18n import _
from core.pages import flash


class OwnPages(Controller):
    path = "/community"

    @get("/mine", may="signed_in")
    async def mine(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        return await _list(request, "mine", _("My questions"))

    @get("/following", may="signed_in")
    async def following(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        return await _list(request, "following", _("Following"))

    @get("/asked", may="signed_in")
    async def asked(self) -> Response[bytes]:
        """Questions that nobody answers, and about which this person may know."""
        who = here().principal
        found = await calls.mine(who, await records.boards())
        return page("community/asked.html", found=found, most=rules.ASKED_A_DAY,
                    is_asked=await calls.wants_to_be_asked(who))  # fmt: skip

    @post("/asked/rest", may="signed_in")
    async def rest(self) -> Response[Any]:
        await actions.be_asked(here().principal, False)
        flash(_("You will not be asked to answer questions any more."))
        return Redirect("/community/asked", status_code=303)

    @delete("/asked/rest", may="signed_in", status_code=303)
    async def work(self) -> Response[Any]:
        await actions.be_asked(here().principal, True)
        flash(_("Thank you. You will be asked when a question is about what you know."))
        return Redirect("/community/asked", status_code=303)

    @post("/b/{slug:str}/follow", may="signed_in")
    async def follow(self, request: Request[Any, Any, Any], slug: str) -> Response[Any]:
        board = await records.board_called(slug)
        level = (await filled(request, Level)).level
        await actions.follow(here().principal, "board", board.id, level)
        flash(_("You follow this board.") if level == "watching" else _("You no longer follow this board."))
        return Redirect(f"/community/b/{slug}", status_code=303)


async def _list(request: Request[Any, Any, Any], show: str, title: str) -> Response[bytes]:
    who, boards = here().principal, await records.boards()
    asked = Asked(show, after=request.query_params.get("after", "")[:80])
    unseen = await lists.of_author(who, boards) if show == "mine" and not asked.after else []
    return page("community/own.html", title=title, show=show, asked=asked, unseen=unseen,
                threads=await lists.threads(who, boards, asked))  # fmt: skip
