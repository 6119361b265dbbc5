"""The table of roles and what each may do."""

from __future__ import annotations

from typing import Any

from litestar import Response, get

from access.models import Role, RoleAssignment
from access.words import CAPABILITY_NAMES, role_names
from core.pages import page


@get("/staff/settings/roles", may="settings.manage", include_in_schema=False)
async def table() -> Response[Any]:
    roles = await Role.all().order_by("-rank")
    people = {role.id: await RoleAssignment.filter(role_id=role.id, person__state="active").count() for role in roles}
    return page(
        "access/roles.html", roles=roles, names=await role_names(), capabilities=CAPABILITY_NAMES, people=people
    )


controllers = [table]
