"""Signing in at an identity provider, and back. The settings of providers are in pages/oidc_providers.py."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import Cookie

from access.actions import oidc
from access.forms import Going
from access.pages.doors import NO_REFERRER, inside
from core.errors import Refused
from core.forms import Form
from core.pages import page, safe_path
from core.settings import settings


def _cookie(name: str, token: str) -> Cookie:
    age = int(oidc.WITHIN.total_seconds()) if token else 0
    return Cookie(key=name, value=token, path="/", max_age=age, httponly=True, samesite="lax",
                  secure=settings().is_secure)  # fmt: skip


class ProviderDoor(Controller):
    path = "/sign-in/with/{slug:str}"
    include_in_schema = False

    @post("/", may="anyone", status_code=200)
    async def go(self, slug: str, request: Request[Any, Any, Any]) -> Response[Any]:
        """A page that leads on at once. A redirect would be held to this site's form-action, and so would each of the
        provider's own redirects, to wherever a company has its sign-in."""
        form = Form(Going, await request.form())
        next = safe_path(form.value("next"), "")
        began = await oidc.begin(slug, request, next=next, again=form.valid and form.data.again)
        headers = NO_REFERRER | {"Refresh": f"0; url={began.address}", "Cache-Control": "private, no-store"}
        answer = page("access/oidc-go.html", headers=headers, address=began.address, name=began.provider)
        answer.set_cookie(_cookie(began.cookie, began.token))
        return answer

    @get("/back", may="anyone")
    async def back(self, slug: str, request: Request[Any, Any, Any]) -> Response[Any]:
        """A GET, as the protocol has it; it signs in only the browser that set out, once."""
        try:
            entered = await oidc.finish(slug, request)
        except Refused as refused:
            answer: Response[Any] = page("access/sign-on-over.html", status=refused.status, headers=NO_REFERRER,
                                         sentence=refused.sentence)  # fmt: skip
        else:
            answer = await inside(entered)
            answer.headers.update(NO_REFERRER)
        answer.set_cookie(_cookie(oidc.cookie_of(request.query_params.get("state", "")[:200]), ""))
        return answer


controllers = [ProviderDoor]
