"""An ambassador's duty: four lists."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Response, get

from community import policy, records, rules
from community.reading import duty, lists
from community.reading.lists import Asked
from community.words import page
from core.context import here
from core.i18n import _


async def _page(at: str, **more: Any) -> Response[bytes]:
    who, boards = here().principal, await records.boards()
    counts = await duty.counts(who, boards)
    tabs = [
        (_("Reported posts"), "/community/duty", counts["flags"]),
        (_("Held for approval"), "/community/duty/held", counts["held"]),
        (_("Waiting questions"), "/community/duty/waiting"),
        (_("My actions"), "/community/duty/actions"),
    ]
    return page("community/duty.html", tabs=tabs, at=at, boards=duty.granted(who, boards), reasons=rules.REASONS,
                action_words=action_words(),
                **{"cases": None, "lines": None, "done": None, **more})  # fmt: skip


def action_words() -> dict[str, str]:
    return {
        "hide": _("hid"), "unhide": _("showed again"), "approve": _("approved"), "flags": _("decided about reports"),
        "close": _("closed"), "reopen": _("reopened"), "pin": _("pinned"), "unpin": _("unpinned"), "move": _("moved"),
        "retitle": _("changed the title"), "accept": _("chose an answer"), "unaccept": _("took the answer back"),
        "needs_info": _("asked for more"), "verify": _("verified"), "idea_status": _("changed the state"),
        "delete": _("deleted"), "undo": _("undid"),
    }  # fmt: skip


class DutyPages(Controller):
    path = "/community/duty"

    @get("/", may="community.moderate")
    async def flags(self) -> Response[bytes]:
        return await _page("/community/duty", cases=await duty.flagged(here().principal, await records.boards()))

    @get("/held", may="community.moderate")
    async def held(self) -> Response[bytes]:
        return await _page("/community/duty/held", cases=await duty.held(here().principal, await records.boards()))

    @get("/waiting", may="community.moderate")
    async def waiting(self) -> Response[bytes]:
        who = here().principal
        boards = duty.granted(who, await records.boards())
        found = await lists.threads(who, boards, Asked("unanswered", limit=50)) if boards else lists.Page([])
        return await _page("/community/duty/waiting", lines=list(reversed(found.lines)))

    @get("/actions", may="community.moderate")
    async def actions(self) -> Response[bytes]:
        return await _page("/community/duty/actions", done=await duty.actions(here().principal, await records.boards()))


__all__ = ["DutyPages", "action_words", "policy"]
