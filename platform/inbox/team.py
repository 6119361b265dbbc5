"""Who is on our side: those who answer, and those who lead them."""

from __future__ import annotations

from access.models import RoleAssignment
from access.team import who_may

LEADERS = ("manager", "admin")


async def who_answer() -> list[int]:
    return await who_may("inbox.answer")


async def who_lead() -> list[int]:
    held = await RoleAssignment.filter(person__kind="staff", person__state="active", role__slug__in=LEADERS)
    return sorted({one.person_id for one in held})
