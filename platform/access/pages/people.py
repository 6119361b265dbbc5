"""Staff: who they are, what they may do, inviting and locking out."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, delete, get, post
from litestar.response import Redirect

from access import policy
from access.actions import factor, oidc, roles, staff
from access.forms import Invitation, Reason, RoleChoice
from access.models import Role, RoleAssignment, ScopedGrant
from access.words import role_names
from core.clock import now
from core.context import here
from core.errors import Conflict
from core.forms import Form
from core.i18n import _, ago
from core.listing import Choice, Column, Listing
from core.pages import flash, page
from customers.models import Person

HOME = "/staff/settings/people"


async def _list(request: Any, status: int = 200, form: Any = None) -> Response[Any]:
    names = await role_names()
    states = {"active": _("May sign in"), "suspended": _("Locked")}
    found = Listing(
        request, query=policy.visible_staff(here().principal), search=["family_name", "given_name", "email"],
        columns=[
            Column("full_name", _("Name"), sort="family_kana", head=True, href=lambda p: f"{HOME}/{p.id}"),
            Column("email", _("E-mail"), sort=True, wide=True), Column("roles", _("Roles")),
            Column("state", _("State"), format=lambda state: states.get(state, state)),
            Column("last_seen_at", _("Last here"), format=ago, wide=True),
        ],
        filters=[Choice("role", _("Role"), names, field="role_assignments__role__slug"),
                 Choice("state", _("State"), states)],
        default_sort="id", name="staff",
    )  # fmt: skip
    await found.load()
    held = await _roles_of([person.id for person in found.rows])
    return page("access/people.html", status=status, people=found, held=held, names=names,
                form=form or Form(Invitation, initial={"role": "csm"}))  # fmt: skip


async def _roles_of(ids: list[int]) -> dict[int, list[str]]:
    held: dict[int, list[str]] = {}
    for one in await RoleAssignment.filter(person_id__in=ids).order_by("-role__rank").values("person_id", "role__slug"):
        held.setdefault(one["person_id"], []).append(one["role__slug"])
    return held


async def _one(person: Person, status: int = 200, role: Any = None) -> Response[Any]:
    held = (await _roles_of([person.id])).get(person.id, [])
    names = await role_names()
    sessions = await policy.open_sessions_of(person.id).count()
    has_factor = await factor.has_factor(person.id)
    grants = await ScopedGrant.filter(person_id=person.id, revoked_at=None, expires_at__gt=now()).order_by("expires_at")
    return page(
        "access/person.html", status=status, person=person, held=held, names=names, sessions=sessions, grants=grants,
        has_factor=has_factor, left={k: v for k, v in names.items() if k not in held}, form=role or Form(RoleChoice),
        is_me=person.id == here().principal.person_id, ties=await policy.ties_of(person.id),
    )  # fmt: skip


class PeoplePages(Controller):
    path = HOME

    @get("/", may="settings.manage", include_in_schema=False)
    async def show(self, request: Request[Any, Any, Any]) -> Response[Any]:
        return await _list(request)

    @post("/", may="settings.manage", needs_fresh=True, status_code=200, include_in_schema=False)
    async def invite(self, request: Request[Any, Any, Any]) -> Response[Any]:
        form = Form(Invitation, await request.form())
        if form.valid and not await Role.exists(slug=form.data.role):
            form.add_error("role", _("Choose one of the list."))
        if not form.valid:
            return await _list(request, 422, form)
        typed = form.data
        person = await staff.invite(typed.email, typed.role, family_name=typed.family_name, by=here().principal,
                                    given_name=typed.given_name, language=here().language)  # fmt: skip
        flash(_("An invitation is on its way to %(address)s.", address=person.email))
        return Redirect(f"{HOME}/{person.id}", status_code=303)

    @get("/{person_id:int}", may="settings.manage", include_in_schema=False)
    async def one(self, person_id: int) -> Response[Any]:
        return await _one(await staff.staff_person(person_id))


class RolesOfPerson(Controller):
    path = HOME + "/{person_id:int}/roles"

    @post("/", may="settings.manage", needs_fresh=True, status_code=200, include_in_schema=False)
    async def give(self, person_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        person = await staff.staff_person(person_id)
        form = Form(RoleChoice, await request.form())
        if not form.valid:
            return await _one(person, 422, form)
        await roles.give_role(person.id, form.data.role, by=here().principal)
        flash(_("%(name)s has the role now.", name=person.full_name))
        return Redirect(f"{HOME}/{person.id}", status_code=303)

    @delete("/{slug:str}", may="settings.manage", status_code=303, include_in_schema=False)
    async def take(self, person_id: int, slug: str) -> Response[Any]:
        person = await staff.staff_person(person_id)
        if slug == "admin" and person.id == here().principal.person_id:
            raise Conflict(_("Somebody else has to take this role from you."))
        await roles.take_role(person.id, slug, by=here().principal)
        flash(_("%(name)s no longer has the role.", name=person.full_name))
        return Redirect(f"{HOME}/{person.id}", status_code=303)


class LockOfPerson(Controller):
    path = HOME + "/{person_id:int}/lock"

    @get("/", may="settings.manage", include_in_schema=False)
    async def ask(self, person_id: int) -> Response[Any]:
        return page("access/lock.html", person=await staff.staff_person(person_id), form=Form(Reason))

    @post("/", may="settings.manage", status_code=303, include_in_schema=False)
    async def lock(self, person_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        person = await staff.staff_person(person_id)
        form = Form(Reason, await request.form())
        await staff.lock_out(person.id, reason=form.data.reason if form.valid else "", by=here().principal)
        flash(_("%(name)s can no longer sign in.", name=person.full_name), undo=f"{HOME}/{person.id}/lock",
              undo_method="DELETE")  # fmt: skip
        return Redirect(f"{HOME}/{person.id}", status_code=303)

    @delete("/", may="settings.manage", status_code=303, include_in_schema=False)
    async def unlock(self, person_id: int) -> Response[Any]:
        person = await staff.staff_person(person_id)
        await staff.let_in_again(person.id, by=here().principal)
        flash(_("%(name)s can sign in again.", name=person.full_name))
        return Redirect(f"{HOME}/{person.id}", status_code=303)


class SessionsOfPerson(Controller):
    path = HOME + "/{person_id:int}/sessions"
    include_in_schema = False

    @get("/", may="settings.manage")
    async def show(self, person_id: int) -> Response[Any]:
        person = await staff.staff_person(person_id)
        found = await policy.open_sessions_of(person.id).order_by("-last_seen_at").limit(100)
        return page("access/person-sessions.html", person=person, sessions=found,
                    current=here().principal.session_id)  # fmt: skip

    @delete("/", may="settings.manage", status_code=303)
    async def end_all(self, person_id: int) -> Response[Any]:
        person = await staff.staff_person(person_id)
        await staff.end_all_sessions(person.id, by=here().principal)
        flash(_("%(name)s is signed out everywhere.", name=person.full_name))
        return Redirect(f"{HOME}/{person.id}", status_code=303)

    @delete("/{session_id:int}", may="settings.manage", status_code=303)
    async def end(self, person_id: int, session_id: int) -> Response[Any]:
        person = await staff.staff_person(person_id)
        await staff.end_session(person.id, session_id, by=here().principal)
        flash(_("That device is signed out."))
        return Redirect(f"{HOME}/{person.id}/sessions", status_code=303)


@delete(HOME + "/{person_id:int}/second-factor", may="settings.manage", needs_fresh=True, status_code=303,
        include_in_schema=False)  # fmt: skip
async def remove_factor(person_id: int) -> Response[Any]:
    person = await staff.staff_person(person_id)
    await factor.remove(person.id, by=here().principal)
    flash(_("The second factor of %(name)s is removed, and they are signed out.", name=person.full_name))
    return Redirect(f"{HOME}/{person.id}", status_code=303)


@delete(HOME + "/{person_id:int}/providers/{tie_id:int}", may="settings.manage", needs_fresh=True, status_code=303,
        include_in_schema=False)  # fmt: skip
async def untie(person_id: int, tie_id: int) -> Response[Any]:
    person = await staff.staff_person(person_id)
    await oidc.untie(tie_id, person.id, by=here().principal)
    flash(_("Untied."))
    return Redirect(f"{HOME}/{person.id}", status_code=303)


controllers = [PeoplePages, RolesOfPerson, LockOfPerson, SessionsOfPerson, remove_factor, untie]
