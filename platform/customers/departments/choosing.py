"""Administrators choose which channel is told of what. Every change is audited."""

from __future__ import annotations

import re

import msgspec

from channels.connections import all_of
from core.audit import audit
from core.clock import now
from core.context import current_principal
from core.database import transaction
from core.errors import Conflict, NotFound, Refused
from core.i18n import LANGUAGES, _
from core.policy import ensure
from core.refs import Ref
from customers import policy
from customers.departments.kinds import KINDS
from customers.models import TIERS, Department, DepartmentPost

MOST = 50
CHANNEL = re.compile(r"[CG][A-Z0-9]{2,30}")


class Chosen(msgspec.Struct):
    name: str
    connection_id: int
    channel: str
    kinds: list[str]
    tiers: list[str]
    language: str = "ja"


async def find(id: int) -> Department:
    ensure(policy.can_change_everything(current_principal()))
    found = await Department.exclude(state="ended").get_or_none(id=id)
    if found is None:
        raise NotFound(_("There is no such channel."))
    return found


async def posts_of(department: Department, limit: int = 30) -> list[DepartmentPost]:
    return (
        await DepartmentPost.filter(department_id=department.id).select_related("account").order_by("-id").limit(limit)
    )


async def add(chosen: Chosen) -> Department:
    """Raises Refused with the sentence for the form."""
    ensure(policy.can_change_everything(current_principal()))
    await _check(chosen)
    async with transaction():
        if await Department.exclude(state="ended").count() >= MOST:
            raise Refused(_("At most %(n)s channels.", n=MOST))
        made = await Department.create(**msgspec.structs.asdict(chosen), created_at=now(), updated_at=now())
        await audit("department.add", Ref("department", made.id), after=msgspec.to_builtins(chosen))
    return made


async def change(department: Department, chosen: Chosen, version: int) -> None:
    """Raises Refused with the sentence for the form, and Conflict when it was changed since `version`."""
    ensure(policy.can_change_everything(current_principal()))
    await _check(chosen)
    before = {name: getattr(department, name) for name in Chosen.__struct_fields__}
    values = msgspec.structs.asdict(chosen) | {"updated_at": now(), "version": department.version + 1}
    async with transaction():
        unchanged = Department.filter(id=department.id, version=department.version)
        if department.version != version or not await unchanged.update(**values):
            raise Conflict(_("Somebody else has changed this channel meanwhile. Reload the page."))
        await audit("department.change", Ref("department", department.id), before=before,
                    after=msgspec.to_builtins(chosen))  # fmt: skip


async def _check(chosen: Chosen) -> None:
    if not chosen.kinds:
        raise Refused(_("Choose at least one thing that the channel is told of."))
    known = {one.id for one in await all_of("slack")}
    if set(chosen.kinds) - set(KINDS) or set(chosen.tiers) - set(TIERS) or chosen.language not in LANGUAGES:
        raise Refused(_("Choose one of the list."))
    if chosen.connection_id not in known:
        raise Refused(_("Connect Slack first."))
    if not CHANNEL.fullmatch(chosen.channel):
        raise Refused(_("Write the channel’s ID: it begins with C, and stands at the end of the channel’s details."))


async def set_state(department: Department, state: str) -> None:
    """active, paused, or ended: what still waits is skipped."""
    ensure(policy.can_change_everything(current_principal()))
    async with transaction():
        await Department.filter(id=department.id).update(state=state, updated_at=now())
        await audit("department.state", Ref("department", department.id), before={"state": department.state},
                    after={"state": state})  # fmt: skip
