"""The routes of `/w/chat/…`; bodies come as text/plain or as a form, so that browsers ask no leave first."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.datastructures import UploadFile

from core.entrance import client_ip
from core.errors import Refused, TooMany
from core.i18n import _
from guides import chatting
from guides.answering import JSON, OPEN, allowed, problem


@post("/w/chat/{what:str}", **OPEN)
async def chat(what: str, request: Request[Any, Any, Any]) -> Response[Any]:
    """One of chatting.VERBS."""
    origin, ip = request.headers.get("origin"), client_ip(request.scope)
    try:
        if what == "pictures":
            await _picture(request, origin, ip)
            said: Any = None
        elif what in chatting.VERBS:
            said = await chatting.VERBS[what](await request.body(), origin, ip)
        else:
            return problem(404, _("There is no such page."), origin)
    except TooMany as many:
        return problem(429, many.sentence, origin, {"Retry-After": str(many.retry_after)})
    except Refused as refused:
        return problem(refused.status, refused.sentence, origin)
    if isinstance(said, Response):
        said.headers.update(allowed(origin))
        return said
    body = None if said is None else msgspec.json.encode(said)
    return Response(body, status_code=204 if body is None else 200, headers=allowed(origin), media_type=JSON)


async def _picture(request: Request[Any, Any, Any], origin: str | None, ip: str) -> None:
    form = await request.form()
    sent = form.get("file")
    if not isinstance(sent, UploadFile):
        raise Refused(_("Send a picture as PNG, JPEG, GIF or WebP."))
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    await chatting.picture(fields, await sent.read(), sent.filename or "", origin, ip)


controllers = [chat]
