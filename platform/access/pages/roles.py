"""The table of roles and what each may do."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, delete, get, post
from litestar.response import Redirect

from access.actions import factor
from access.forms import Grace
from access.models import Role, RoleAssignment
from access.words import CAPABILITY_NAMES, role_names
from core.context import here
from core.database import rows
from core.forms import Form
from core.i18n import _
from core.pages import flash, page


@get("/staff/settings/roles", may="settings.manage", include_in_schema=False)
async def table() -> Response[Any]:
    roles = await Role.all().order_by("-rank")
    people = {role.id: await RoleAssignment.filter(role_id=role.id, person__state="active").count() for role in roles}
    return page(
        "access/roles.html", roles=roles, names=await role_names(), capabilities=CAPABILITY_NAMES, people=people,
        missing=await _without_factor(), form=Form(Grace), days=_days(),
    )  # fmt: skip


def _days() -> dict[str, str]:
    return {"0": _("At once"), "7": _("7 days from now"), "14": _("14 days from now"), "30": _("30 days from now")}


async def _without_factor() -> dict[int, int]:
    """Role → how many of its people have no second factor."""
    found = await rows(
        "SELECT ra.role_id, COUNT(*) FROM role_assignment ra JOIN person p ON p.id = ra.person_id"
        " WHERE p.state = 'active' AND NOT EXISTS (SELECT 1 FROM second_factor f WHERE f.person_id = p.id"
        " AND f.confirmed_at IS NOT NULL) GROUP BY ra.role_id"
    )
    return {row[0]: int(row[1]) for row in found}


class FactorOfRole(Controller):
    path = "/staff/settings/roles/{slug:str}/second-factor"

    @post("/", may="settings.manage", needs_fresh=True, status_code=303, include_in_schema=False)
    async def ask(self, slug: str, request: Request[Any, Any, Any]) -> Response[Any]:
        form = Form(Grace, await request.form())
        await factor.ask_of_role(slug, int(form.data.days if form.valid else 14), by=here().principal)
        flash(_("Saved."))
        return Redirect("/staff/settings/roles", status_code=303)

    @delete("/", may="settings.manage", needs_fresh=True, status_code=303, include_in_schema=False)
    async def no_longer(self, slug: str) -> Response[Any]:
        await factor.no_longer_ask(slug, by=here().principal)
        flash(_("Saved."))
        return Redirect("/staff/settings/roles", status_code=303)


controllers = [table, FactorOfRole]
