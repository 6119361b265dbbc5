"""One's own page: name, language, time zone, password, sessions."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from litestar import Controller, Request, Response, delete, get, post
from litestar.response import Redirect

from access import passwords
from access.actions import doors, factor, oidc, own
from access.forms import NewPassword, Profile
from access.models import Credential, Session
from access.policy import open_sessions, ties_of
from access.sessions import close_all_sessions, no_cookie, session_cookie
from access.zones import choices
from core.clock import now
from core.context import here
from core.errors import Conflict
from core.forms import Form
from core.i18n import _
from core.pages import flash, page
from customers.models import Person


async def _shown(status: int = 200, profile: Any = None, password: Any = None) -> Response[Any]:
    who = here().principal
    person = await Person.get(id=who.person_id)
    kept = await Credential.get_or_none(person_id=person.id)
    return page(
        "access/me.html", status=status, person=person, profile=profile or Form(Profile, initial=person),
        password=password or Form(NewPassword), zones=choices(person.time_zone), changed_at=kept and kept.changed_at,
        needs_current=await own.needs_current_password(who), sessions=await open_sessions(who).count(),
        has_factor=await factor.has_factor(person.id), ties=await ties_of(person.id),
    )  # fmt: skip


class OwnPages(Controller):
    path = "/me"

    @get("/", may="signed_in", include_in_schema=False)
    async def show(self) -> Response[Any]:
        return await _shown()

    @post("/", may="signed_in", status_code=200, include_in_schema=False)
    async def save(self, request: Request[Any, Any, Any]) -> Response[Any]:
        form = Form(Profile, await request.form())
        if form.valid and form.data.time_zone not in available_timezones():
            form.add_error("time_zone", _("Choose one of the list."))
        if not form.valid:
            return await _shown(422, profile=form)
        person = await Person.get(id=here().principal.person_id)
        values = {name: getattr(form.data, name) for name in own.OWN}
        try:
            await own.change_profile(person, **values)
        except Conflict as taken:
            form.add_error("handle", taken.sentence)
            return await _shown(409, profile=form)
        flash(_("Saved."))
        return Redirect("/me", status_code=303)

    @post("/password", may="signed_in", status_code=200, include_in_schema=False)
    async def change_password(self, request: Request[Any, Any, Any]) -> Response[Any]:
        form = Form(NewPassword, await request.form())
        person = await Person.get(id=here().principal.person_id)
        if form.valid:
            about = (person.family_name, person.given_name, person.handle, (person.email or "").split("@")[0])
            if weak := passwords.weakness(form.data.password, about=about):
                form.add_error("password", weak)
        if form.valid and not await own.may_set_password(here().principal, form.data.current, request):
            form.add_error("current", _("This is not your current password."))
        if not form.valid:
            return await _shown(422, password=form)
        token = await own.set_password(person.id, form.data.password, request)
        flash(_("Your password is changed. Other devices are signed out."))
        return Redirect("/me", status_code=303, cookies=[session_cookie(token or "")])


class OwnSessions(Controller):
    path = "/me/sessions"

    @get("/", may="signed_in", include_in_schema=False)
    async def show(self) -> Response[Any]:
        who = here().principal
        found: list[Session] = await open_sessions(who).order_by("-last_seen_at").limit(100)
        return page("access/sessions.html", sessions=found, current=who.session_id, moment=now())

    @delete("/", may="signed_in", status_code=303, include_in_schema=False)
    async def end_others(self) -> Response[Any]:
        who = here().principal
        await close_all_sessions(who.person_id or 0, but=who.session_id)
        flash(_("The other devices are signed out."))
        return Redirect("/me/sessions", status_code=303)

    @delete("/{session_id:int}", may="signed_in", status_code=303, include_in_schema=False)
    async def end(self, session_id: int) -> Response[Any]:
        await doors.end_session(session_id)
        if session_id == here().principal.session_id:
            return Redirect("/", status_code=303, cookies=[no_cookie()])
        flash(_("That device is signed out."))
        return Redirect("/me/sessions", status_code=303)


@delete("/me/providers/{tie_id:int}", may="signed_in", status_code=303, include_in_schema=False)
async def untie(tie_id: int) -> Response[Any]:
    await oidc.untie(tie_id, here().principal.person_id or 0, by=here().principal)
    flash(_("Untied. It no longer signs you in."))
    return Redirect("/me", status_code=303)


controllers = [OwnPages, OwnSessions, untie]
