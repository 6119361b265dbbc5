"""Who on our side may do something: whom to tell when it has to be done."""

from __future__ import annotations

from access.models import RoleAssignment


async def who_may(capability: str) -> list[int]:
    """Active staff whose roles hold it."""
    held = await RoleAssignment.filter(person__kind="staff", person__state="active").prefetch_related("role")
    return sorted({one.person_id for one in held if capability in one.role.capabilities})
