"""Giving and taking roles. `by` is who does it: handlers pass the principal, the command line and demo nobody."""

from __future__ import annotations

from access import policy
from access.events import RoleChanged
from access.models import Role
from access.sessions import close_all_sessions, renew_sessions
from core.audit import audit
from core.clock import now
from core.database import lock, rows, transaction, write
from core.errors import Conflict, NotFound
from core.events import announce
from core.i18n import _
from core.policy import ensure
from core.principal import SYSTEM, Principal
from core.refs import Ref


async def role_named(slug: str) -> Role:
    found = await Role.get_or_none(slug=slug)
    if found is None:
        raise NotFound(_("There is no such role."))
    return found


async def slugs_of(person_id: int) -> list[str]:
    """A person's roles, highest first."""
    found = await rows(
        "SELECT r.slug FROM role_assignment ra JOIN role r ON r.id = ra.role_id WHERE ra.person_id = ?"
        " ORDER BY r.rank DESC", person_id,
    )  # fmt: skip
    return [row[0] for row in found]


async def give_role(person_id: int, slug: str, by: Principal = SYSTEM) -> None:
    """Give a role and make the person staff; their sessions get new tokens. Giving twice changes nothing."""
    role = await role_named(slug)
    ensure(policy.can_give(by, frozenset(role.capabilities)))

    async with transaction():
        before = await slugs_of(person_id)
        if slug in before:
            return
        await write(
            "INSERT INTO role_assignment (person_id, role_id, given_by_id, created_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (person_id, role_id) DO NOTHING",
            person_id, role.id, by.person_id, now(),
        )  # fmt: skip
        await write(
            "UPDATE person SET kind = 'staff', updated_at = ? WHERE id = ? AND kind <> 'staff'", now(), person_id
        )
        await _changed(person_id, "give_role", before)
        await renew_sessions(person_id)


async def take_role(person_id: int, slug: str, by: Principal = SYSTEM) -> None:
    """Take a role away; every session of the person ends. The last administrator stays."""
    role = await role_named(slug)
    ensure(policy.can_give(by, frozenset(role.capabilities)))

    async with transaction():
        await lock("access.roles")
        before = await slugs_of(person_id)
        if slug not in before:
            return
        await write("DELETE FROM role_assignment WHERE person_id = ? AND role_id = ?", person_id, role.id)
        if slug == "admin" and not await has_admin():
            raise Conflict(_("This is the only administrator. Make somebody else one first."))
        await _changed(person_id, "take_role", before)
        await close_all_sessions(person_id, but=by.session_id if by.person_id == person_id else None)


async def has_admin() -> bool:
    """Somebody who may change settings and can still sign in."""
    found = await rows(
        "SELECT 1 FROM role_assignment ra JOIN role r ON r.id = ra.role_id JOIN person p ON p.id = ra.person_id"
        " WHERE r.slug = 'admin' AND p.state = 'active' LIMIT 1"
    )
    return bool(found)


async def _changed(person_id: int, action: str, before: list[str]) -> None:
    after = await slugs_of(person_id)
    await audit(action, Ref("person", person_id), before={"roles": before}, after={"roles": after})
    await announce(RoleChanged(person_id=person_id))
