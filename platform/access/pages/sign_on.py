"""Signing in with a token of the company's own product, and the settings of such products.

Neither the GET nor the product's POST signs anybody in: both show a page with a button. So no link that somebody else
made puts a browser into an account unseen, and nothing that only looks at addresses uses a token up.
"""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, delete, get, post
from litestar.response import Redirect

from access import policy, tokens
from access.actions import sign_on
from access.forms import NewSignOn, Token
from access.pages.doors import NO_REFERRER, inside
from core.context import here
from core.errors import Refused, Unauthenticated
from core.forms import Form
from core.i18n import _, lazy
from core.pages import flash, page, safe_path
from core.settings import settings
from core.web import from_our_page

HOME = "/staff/settings/sign-on"
# The token may stand in the address, which leaves to nobody; but browsers say where a form comes from only with this.
ONLY_OURS = NO_REFERRER | {"Referrer-Policy": "same-origin"}
ALGORITHMS = {
    "HS256": lazy("HS256: a secret that both sides hold"),
    "RS256": lazy("RS256: the product's public RSA key"),
    "EdDSA": lazy("EdDSA: the product's public Ed25519 key"),
}


def way_back(target: str | None) -> str:
    """A path of this site, also when it was given as a whole address of it; else empty."""
    ours = settings().url.rstrip("/")
    found = (target or "").strip()
    return safe_path(found[len(ours) :] if found.startswith(f"{ours}/") else found, "")


async def _button(key: str, token: str, target: str) -> Response[Any]:
    try:
        said = await sign_on.look(key, token)
    except Unauthenticated as refused:
        return page("access/sign-on-over.html", status=401, headers=NO_REFERRER, sentence=refused.sentence)
    return page("access/sign-on.html", headers=ONLY_OURS, said=said, key=key,
                form=Form(Token, initial={"token": token, "return_to": way_back(target)}))  # fmt: skip


class SignOnPages(Controller):
    path = "/sign-on/{key:str}"
    include_in_schema = False

    @get("/", may="anyone")
    async def show(self, key: str, request: Request[Any, Any, Any]) -> Response[Any]:
        asked = request.query_params
        return await _button(key, asked.get("token", ""), asked.get("return_to", ""))

    @post("/", may="anyone", exclude_from_csrf=True, status_code=200)
    async def arrive(self, key: str, request: Request[Any, Any, Any]) -> Response[Any]:
        """The product's own form, from its site: so that the token stands in no address."""
        form = Form(Token, await request.form())
        return await _button(key, form.value("token"), form.value("return_to"))

    @post("/entry", may="anyone", status_code=200, exclude_from_csrf=True)
    async def enter(self, key: str, request: Request[Any, Any, Any]) -> Response[Any]:
        """The button. A page that answers the product's POST has no CSRF token to put beside it."""
        from_our_page(request)
        form = Form(Token, await request.form())
        try:
            entered = await sign_on.enter(key, form.value("token"), request)
        except Refused as refused:
            return page("access/sign-on-over.html", status=refused.status, headers=NO_REFERRER,
                        sentence=refused.sentence)  # fmt: skip
        return await inside(entered, way_back(form.value("return_to")))


async def _shown(form: Form[NewSignOn], status: int = 200, secret: str = "", made: Any = None) -> Response[Any]:
    found = await policy.visible_sign_ons(here().principal).order_by("ended_at", "-id").limit(100)
    return page("access/sign-ons.html", status=status, form=form, found=found, secret=secret, made=made,
                algorithms={name: str(words) for name, words in ALGORITHMS.items()},
                address=tokens.audience_of)  # fmt: skip


class SignOnSettings(Controller):
    path = HOME
    include_in_schema = False

    @get("/", may="settings.manage", needs_fresh=True)
    async def index(self) -> Response[Any]:
        return await _shown(Form(NewSignOn))

    @post("/", may="settings.manage", needs_fresh=True, shows_secret=True, status_code=200)
    async def connect(self, request: Request[Any, Any, Any]) -> Response[Any]:
        form = Form(NewSignOn, await request.form())
        if not form.valid:
            return await _shown(form, 422)
        typed = form.data
        try:
            made, secret = await sign_on.connect(
                typed.name, typed.source, typed.algorithm, by=here().principal, public_key=typed.public_key,
                issuer=typed.issuer, trusts_email=typed.trusts_email,
            )  # fmt: skip
        except Refused as refused:
            form.add_error("public_key", refused.sentence)
            return await _shown(form, refused.status)
        return await _shown(Form(NewSignOn), secret=secret, made=made)

    @delete("/{connection_id:int}", may="settings.manage", needs_fresh=True, status_code=303)
    async def end(self, connection_id: int) -> Response[Any]:
        await sign_on.end(connection_id, by=here().principal)
        flash(_("Its tokens open nothing any more."))
        return Redirect(HOME, status_code=303)


controllers = [SignOnPages, SignOnSettings]
