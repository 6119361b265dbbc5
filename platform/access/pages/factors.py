"""The second factor: one's own page, the code at the door, proving once more that it is you."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, delete, get, post
from litestar.response import Redirect

from access.actions import doors, factor, own
from access.forms import Code, Proof
from access.models import Credential
from access.pages.doors import NO_REFERRER, inside
from access.policy import ties_of
from access.sessions import cookie_name, session_cookie, waiting_for_factor
from core.context import here
from core.forms import Form
from core.i18n import _, lazy
from core.pages import brand, flash, page, safe_path, url

WRONG = lazy("This code is wrong or was used already. Wait for the next one.")


def _me() -> int:
    return here().principal.person_id or 0


async def _shown(form: Form[Code] | None = None, status: int = 200, codes: list[str] | None = None) -> Response[Any]:
    return page(
        "access/second-factor.html", status=status, form=form or Form(Code), codes=codes,
        has_factor=await factor.has_factor(_me()), begun=await factor.beginning(_me(), brand().name),
        left=await factor.left_on_paper(_me()), due=await factor.due_of(_me()),
    )  # fmt: skip


class OwnFactor(Controller):
    path = "/me/second-factor"
    include_in_schema = False

    @get("/", may="signed_in", needs_fresh=True)
    async def show(self) -> Response[Any]:
        return await _shown()

    @post("/", may="signed_in", needs_fresh=True, status_code=303)
    async def begin(self) -> Response[Any]:
        await factor.begin(_me())
        return Redirect("/me/second-factor", status_code=303)

    @post("/confirmation", may="signed_in", needs_fresh=True, status_code=200)
    async def confirm(self, request: Request[Any, Any, Any]) -> Response[Any]:
        form = Form(Code, await request.form())
        if not form.valid:
            return await _shown(form, 422)
        codes = await factor.confirm(_me(), form.data.code, request, session_id=here().principal.session_id)
        if codes is None:
            form.add_error("code", str(WRONG))
            return await _shown(form, 422)
        # The codes are shown on this page only: only hashes are kept, so there is nothing to redirect to.
        return await _shown(codes=codes)

    @post("/codes", may="signed_in", needs_fresh=True, status_code=200)
    async def codes(self) -> Response[Any]:
        if not await factor.has_factor(_me()):
            return Redirect("/me/second-factor", status_code=303)
        return await _shown(codes=await factor.fresh_codes(_me()))

    @delete("/", may="signed_in", needs_fresh=True, status_code=303)
    async def remove(self) -> Response[Any]:
        await factor.remove(_me(), by=here().principal)
        flash(_("The second factor is removed."))
        return Redirect("/me/second-factor", status_code=303)


class CodePages(Controller):
    path = "/sign-in/second-factor"
    include_in_schema = False

    @get("/", may="anyone")
    async def show(self, request: Request[Any, Any, Any]) -> Response[Any]:
        next = safe_path(request.query_params.get("next"), "")
        if await waiting_for_factor(request.cookies.get(cookie_name(), "")) is None:
            return Redirect(url("/sign-in", next=next), status_code=303)
        return page("access/code.html", headers=NO_REFERRER, form=Form(Code, initial={"next": next}))

    @post("/", may="anyone", status_code=200)
    async def enter(self, request: Request[Any, Any, Any]) -> Response[Any]:
        form = Form(Code, await request.form())
        if form.valid and await waiting_for_factor(request.cookies.get(cookie_name(), "")) is None:
            flash(_("This took too long. Sign in again."), "warn")
            return Redirect(url("/sign-in", next=safe_path(form.data.next, "")), status_code=303)
        entered = await doors.give_code(form.data.code, request) if form.valid else None
        if entered is None:
            if form.valid:
                form.add_error("code", str(WRONG))
            return page("access/code.html", status=422, headers=NO_REFERRER, form=form)
        return await inside(entered, form.data.next)


class AgainPages(Controller):
    path = "/sign-in/again"
    include_in_schema = False

    @get("/", may="signed_in")
    async def show(self, request: Request[Any, Any, Any]) -> Response[Any]:
        next = safe_path(request.query_params.get("next"), "/me")
        if here().principal.is_fresh:
            return Redirect(next, status_code=303)
        return await _again(Form(Proof, initial={"next": next}))

    @post("/", may="signed_in", status_code=200)
    async def prove(self, request: Request[Any, Any, Any]) -> Response[Any]:
        form = Form(Proof, await request.form())
        if not form.valid:
            return await _again(form, 422)
        who, field = here().principal, "code"
        if await factor.has_factor(_me()):
            right = await factor.passes(_me(), form.data.code, request)
        else:
            field = "password"
            right = await _has_password() and await own.is_password(who, form.data.password, request)
        if not right:
            form.add_error(field, str(WRONG) if field == "code" else _("This is not your current password."))
            return await _again(form, 422)
        token = await factor.step_up(who, request)
        return Redirect(safe_path(form.data.next, "/me"), status_code=303, cookies=[session_cookie(token or "")])


async def _has_password() -> bool:
    return await Credential.filter(person_id=_me()).exists()


async def _again(form: Form[Proof], status: int = 200) -> Response[Any]:
    return page(
        "access/again.html", status=status, form=form, has_factor=await factor.has_factor(_me()),
        has_password=await _has_password(), providers=[one.provider for one in await ties_of(_me())],
    )  # fmt: skip


controllers = [OwnFactor, CodePages, AgainPages]
