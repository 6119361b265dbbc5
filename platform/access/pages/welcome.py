"""The first administrator: only while there is none, and only for whoever has the code printed at the start."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, get, post

from access import setup, throttle
from access.actions import doors, staff
from access.actions.roles import has_admin
from access.forms import Welcome
from access.pages.doors import NO_REFERRER, inside
from core.context import here
from core.entrance import client_ip
from core.errors import NotFound
from core.forms import Form
from core.i18n import _
from core.pages import page


async def _ensure_open(code: str, request: Any) -> None:
    """The same answer for a wrong code and for a house that has its administrator."""
    if await has_admin():
        raise NotFound(_("There is no such page."))
    if not setup.is_setup_code(code):
        await throttle.attempt("setup", "welcome", client_ip(request.scope))
        raise NotFound(_("There is no such page."))


class WelcomePages(Controller):
    path = "/welcome"

    @get("/", may="anyone", include_in_schema=False)
    async def show(self, request: Request[Any, Any, Any]) -> Response[Any]:
        code = request.query_params.get("code", "")
        await _ensure_open(code, request)
        return page("access/welcome.html", headers=NO_REFERRER, form=Form(Welcome, initial={"code": code}))

    @post("/", may="anyone", status_code=200, include_in_schema=False)
    async def make(self, request: Request[Any, Any, Any]) -> Response[Any]:
        sent = await request.form()
        await _ensure_open(str(sent.get("code", "")), request)
        form = Form(Welcome, sent)
        if not form.valid:
            return page("access/welcome.html", status=422, headers=NO_REFERRER, form=form)
        typed = form.data
        person = await staff.make_first_admin(typed.email, typed.family_name, typed.given_name, here().language)
        entered = await doors.enter(person.id, request, "setup")
        if entered is None:
            raise NotFound(_("There is no such page."))
        return await inside(entered, "/me")


controllers = [WelcomePages]
