"""How notices reach a person: their choice, and what the links of a mail about them do."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.response import Redirect

from core.context import current_principal
from core.forms import Form
from core.i18n import _
from core.pages import flash, page, safe_path
from customers.models import NoticeLetter
from customers.noticing import direct, letters, stops, ways
from customers.noticing.groups import BELL, DAILY, SLACK, SOON, WAYS, WEEKLY, Group, groups_of

# As campaigns' pages of mails: the token is the proof, so nothing may remember the address.
QUIET = {"Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}


class NoticeWayPages(Controller):
    path = "/me/notices"

    @get("/", may="signed_in")
    async def show(self) -> Response[Any]:
        chosen = await ways.ways_of(current_principal().person_id or 0)
        return await _page(Form(_wanted(groups_of(current_principal())), initial=chosen), chosen)

    @post("/", may="signed_in")
    async def save(self, request: Request[Any, Any, Any]) -> Response[Any]:
        mine = groups_of(current_principal())
        form = Form(_wanted(mine), await request.form())
        if not form.valid:
            return await _page(form, await ways.ways_of(current_principal().person_id or 0), status=422)
        await ways.choose({name: getattr(form.data, name) for name in mine})
        flash(_("Saved. This is how notifications reach you from now on."))
        return Redirect("/me/notices", status_code=303)


def _wanted(groups: dict[str, Group]) -> Any:
    way = Literal[BELL, SOON, DAILY, WEEKLY, SLACK]  # type: ignore[valid-type]
    return msgspec.defstruct("Wanted", [(name, way) for name in groups])


async def _page(form: Form[Any], chosen: dict[str, str], status: int = 200) -> Response[Any]:
    who = current_principal()
    mine, address = groups_of(who), await letters.address_of(who.person_id or 0)
    on_slack = await direct.address_of(who.person_id or 0) is not None
    options = {name: {way: label for way, label in WAYS.items()
                      if way != SLACK or chosen[name] == SLACK or (on_slack and group.is_for_staff)}
               for name, group in mine.items()}  # fmt: skip
    theirs = [(name, group) for name, group in mine.items() if not group.is_for_staff]
    work = [(name, group) for name, group in mine.items() if group.is_for_staff]
    return page("customers/notice_ways.html", status=status, form=form, options=options, address=address[0],
                reason=address[1], zone=who.time_zone, patience=int(ways.PATIENCE.total_seconds() // 60),
                cards=[(_("Community and help centre"), theirs), (_("Your work"), work)])  # fmt: skip


class NoticeLetterPages(Controller):
    """What a mail's links open. No cookie, no sign-in."""

    path = "/n/{token:str}"

    @get("/stop", may="anyone")
    async def ask(self, token: str) -> Response[Any]:
        """Scanners follow links, so this only shows a button (RFC 8058)."""
        return await _stop_page(await stops.letter_by(token))

    @post("/stop", may="anyone", status_code=200, exclude_from_csrf=True)
    async def stop(self, token: str, request: Request[Any, Any, Any]) -> Response[Any]:
        """A mail program's one click, or the button. What answers here has no token for a form: the page is a GET."""
        form = await request.form()
        by_program = form.get("List-Unsubscribe") == "One-Click"
        letter = await stops.stop(token, "one_click" if by_program else "form")
        return await _stop_page(letter) if by_program else Redirect(f"/n/{token}/stop", status_code=303, headers=QUIET)

    @post("/again", may="anyone")
    async def again(self, token: str) -> Redirect:
        """It was a mistake. Only from our own page: a third party must not say yes for somebody."""
        await stops.take_back(token)
        flash(_("You will get these mails again."))
        return Redirect(f"/n/{token}/stop", status_code=303, headers=QUIET)

    @get("/{notice_id:int}", may="anyone")
    async def follow(self, token: str, notice_id: int) -> Redirect:
        """Only to what the letter told of; the page there asks who it is."""
        return Redirect(safe_path(await stops.lead(token, notice_id), "/notices"), status_code=302, headers=QUIET)


async def _stop_page(letter: NoticeLetter) -> Response[Any]:
    leaving, stopped = await stops.labels(letter)
    return page("customers/notice_stop.html", headers=QUIET, path=f"/n/{letter.token}", leaving=leaving,
                stopped=stopped, can_return=await stops.can_return(letter))  # fmt: skip
