"""Linking one's own LINE account: the bot sends the address, the person is signed in here, LINE confirms."""

from __future__ import annotations

import re
from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.response import Redirect

from bots import linking
from core.context import here
from core.errors import Refused
from core.i18n import _
from core.pages import page

TOKEN = re.compile(r"^[A-Za-z0-9_-]{8,200}$")


class LinkPages(Controller):
    path = "/link/line"
    include_in_schema = False

    @get("/", may="signed_in")
    async def ask(self, request: Request[Any, Any, Any]) -> Response[Any]:
        """A page with a button: a GET never links anything."""
        here().leads_to = linking.LINE
        return page("bots/link.html", token=_token(request.query_params.get("linkToken", "")))

    @post("/", may="signed_in")
    async def go(self, request: Request[Any, Any, Any]) -> Response[Any]:
        token = _token((await request.form()).get("token", ""))
        return Redirect(await linking.begin_line(here().principal.person_id or 0, token), status_code=303)


def _token(given: Any) -> str:
    if not isinstance(given, str) or not TOKEN.match(given):
        raise Refused(_("This link is not complete. Ask the bot on LINE for a new one by writing “link”."))
    return given


controllers = [LinkPages]
