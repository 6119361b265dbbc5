"""Signing in, up and out."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.response import Redirect

from access import links, policy
from access.actions import doors, factor
from access.forms import AskForLink, SignIn, SignUp
from access.identify import find
from access.sessions import cookie_name, exchange, no_cookie, session_cookie
from core.context import here
from core.forms import Form
from core.i18n import _, day
from core.navigation import navigation
from core.pages import flash, page, safe_path, url
from customers import people

NO_REFERRER = {"Referrer-Policy": "no-referrer"}


async def inside(entered: doors.Entered, next: str = "") -> Redirect:
    """The answer to whoever came in: their cookie, and the page they wanted (staff: their home)."""
    if entered.awaits_factor:
        code = url("/sign-in/second-factor", next=safe_path(entered.next or next, ""))
        return Redirect(code, status_code=303, cookies=[session_cookie(entered.token)])
    found = await find(entered.token)
    home = navigation.staff_home if found and found.principal.is_staff else navigation.home
    target = safe_path(entered.next or next, home)
    due = await factor.due_of(entered.person_id)
    if due is not None and not await factor.has_factor(entered.person_id):
        flash(_("Your role asks for a second factor from %(day)s on. Set it up on your account's page.", day=day(due)),
              "warn")  # fmt: skip
    return Redirect(target, status_code=303, cookies=[session_cookie(entered.token)])


async def at_the_door(form: Form[SignIn], status: int = 200) -> Response[Any]:
    return page("access/sign-in.html", status=status, form=form, providers=await policy.providers_at_the_door())


class SignInPages(Controller):
    path = "/sign-in"

    @get("/", may="anyone", include_in_schema=False)
    async def show(self, request: Request[Any, Any, Any]) -> Response[Any]:
        next = safe_path(request.query_params.get("next"), "")
        if here().principal.is_signed_in:
            return Redirect(next or navigation.home, status_code=303)
        # Rights changed: the old token is exchanged here, where the guard sends whoever holds one.
        if renewed := await exchange(request.cookies.get(cookie_name(), ""), request):
            return await inside(doors.Entered(renewed[1], renewed[0], next))
        return await at_the_door(Form(SignIn, initial={"next": next}))

    @post("/", may="anyone", status_code=200, include_in_schema=False)
    async def enter(self, request: Request[Any, Any, Any]) -> Response[Any]:
        form = Form(SignIn, await request.form())
        if not form.valid:
            return await at_the_door(form, 422)
        address = people.normal_email(form.data.email)
        entered = await doors.sign_in_by_password(address, form.data.password, request)
        if entered is None:
            form.add_error("password", _("The address or the password is wrong. Type them again."))
            return await at_the_door(form, 422)
        return await inside(entered, form.data.next)


class LinkPages(Controller):
    path = "/sign-in/link"

    @get("/", may="anyone", include_in_schema=False)
    async def ask(self, request: Request[Any, Any, Any]) -> Response[Any]:
        next = safe_path(request.query_params.get("next"), "")
        return page("access/link-ask.html", form=Form(AskForLink, initial={"next": next}))

    @post("/", may="anyone", status_code=200, include_in_schema=False)
    async def send(self, request: Request[Any, Any, Any]) -> Response[Any]:
        form = Form(AskForLink, await request.form())
        if not form.valid:
            return page("access/link-ask.html", status=422, form=form)
        address = people.normal_email(form.data.email)
        await doors.ask_for_link(address, request, next=safe_path(form.data.next, ""))
        return page("access/link-sent.html", address=address, again="/sign-in/link")

    @get("/{token:str}", may="anyone", include_in_schema=False)
    async def confirm(self, token: str) -> Response[Any]:
        """Looking signs nobody in, however often mail scanners look."""
        link = await links.look(token)
        if link is None:
            return page("access/link-over.html", status=404, headers=NO_REFERRER)
        return page("access/link-confirm.html", headers=NO_REFERRER, link=link, token=token)

    @post("/{token:str}", may="anyone", status_code=200, include_in_schema=False)
    async def enter(self, token: str, request: Request[Any, Any, Any]) -> Response[Any]:
        entered = await doors.sign_in_by_link(token, request)
        if entered is None:
            return page("access/link-over.html", status=404, headers=NO_REFERRER)
        return await inside(entered)


class SignUpPages(Controller):
    path = "/sign-up"

    @get("/", may="anyone", include_in_schema=False)
    async def show(self, request: Request[Any, Any, Any]) -> Response[Any]:
        next = safe_path(request.query_params.get("next"), "")
        if here().principal.is_signed_in:
            return Redirect(next or navigation.home, status_code=303)
        return page("access/sign-up.html", form=Form(SignUp, initial={"next": next}))

    @post("/", may="anyone", status_code=200, include_in_schema=False)
    async def ask(self, request: Request[Any, Any, Any]) -> Response[Any]:
        form = Form(SignUp, await request.form())
        if not form.valid:
            return page("access/sign-up.html", status=422, form=form)
        address = people.normal_email(form.data.email)
        name = {"family_name": form.data.family_name, "given_name": form.data.given_name}
        await doors.ask_for_link(address, request, next=safe_path(form.data.next, ""), name=name)
        return page("access/link-sent.html", address=address, again="/sign-up")


@post("/sign-out", may="anyone", status_code=200, include_in_schema=False)
async def sign_out() -> Response[Any]:
    await doors.sign_out()
    flash(_("You are signed out."))
    return Redirect(navigation.home, status_code=303, cookies=[no_cookie()])


controllers = [SignInPages, LinkPages, SignUpPages, sign_out]
