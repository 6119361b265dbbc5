"""Staff: inviting, letting go, taking back; the first administrator."""

from __future__ import annotations

from access import links, mails, policy
from access.actions.roles import give_role, has_admin, role_named, slugs_of
from access.sessions import close_all_sessions, close_session, hashed
from core.audit import audit
from core.clock import now
from core.database import lock, rows, transaction, write
from core.errors import Conflict, NotFound, Refused
from core.i18n import _
from core.policy import ensure
from core.principal import SYSTEM, Principal
from core.refs import Ref
from customers import people, touches
from customers.models import Person


async def invite(email: str, slug: str, *, family_name: str = "", given_name: str = "", by: Principal = SYSTEM,
                 language: str = "ja") -> Person:  # fmt: skip
    """Make the person who holds this address (or a new one) staff with a role, and mail them a link for 24 hours."""
    role = await role_named(slug)
    ensure(policy.can_give(by, frozenset(role.capabilities)))
    address = people.normal_email(email)

    async with transaction():
        person = await _staff_person(address, family_name, given_name, language)
        await give_role(person.id, slug, by=by)
        link = await links.make(address, person.id, purpose="invite", next="/me", life=links.SETUP_LIFE)
        key = f"invite:{hashed(link)[:32]}"
        await mails.send_invitation(address, link, person.locale, by=by.name, key=key)
        await touches.passes(person.id, "email", "transactional", key)
    return person


async def make_admin(
    email: str, family_name: str = "", given_name: str = "", language: str = "ja"
) -> tuple[Person, str]:
    """An administrator made by whoever runs the machine, and a link that works once, for 24 hours."""
    address = people.normal_email(email)
    async with transaction():
        person = await _staff_person(address, family_name, given_name, language)
        await give_role(person.id, "admin")
        return person, await links.make(address, person.id, purpose="setup", next="/me", life=links.SETUP_LIFE)


async def make_first_admin(email: str, family_name: str, given_name: str, language: str) -> Person:
    """From the welcome page. Raises Conflict when there is an administrator by now."""
    async with transaction():
        await lock("access.roles")
        if await has_admin():
            raise Conflict(_("There is an administrator already."))
        person, _link = await make_admin(email, family_name, given_name, language)
    return person


async def _staff_person(address: str, family_name: str, given_name: str, language: str) -> Person:
    held = await people.person_by_identity("email", address, verified_only=False)
    if held is not None:
        return held
    if await rows("SELECT 1 FROM identity WHERE kind = 'email' AND value = ?", address):
        raise Refused(_("The person with this address is locked. Open the account again first."))
    return await people.register(
        family_name=family_name, given_name=given_name, email=address, kind="staff", source="staff", locale=language
    )


async def staff_person(person_id: int) -> Person:
    found = await Person.get_or_none(id=person_id, kind="staff", state__in=["active", "suspended"])
    if found is None:
        raise NotFound(_("There is no such person."))
    return found


async def lock_out(person_id: int, *, reason: str = "", by: Principal = SYSTEM) -> None:
    """Nobody signs in as this member of staff any more; roles stay, for when they come back."""
    ensure(policy.can_manage_staff(by))
    if by.person_id == person_id:
        raise Refused(_("You cannot lock your own account."))
    await _may_touch(person_id, by)

    async with transaction():
        await lock("access.roles")
        await lock(f"access.person:{person_id}")
        changed = await write(
            "UPDATE person SET state = 'suspended', updated_at = ? WHERE id = ? AND state = 'active' AND kind = 'staff'"
            " RETURNING id", now(), person_id,
        )  # fmt: skip
        if not changed:
            return
        if not await has_admin():
            raise Conflict(_("This is the only administrator. Make somebody else one first."))
        await close_all_sessions(person_id)
        await links.drop_links(person_id)
        await audit("lock_out", Ref("person", person_id), reason=reason)


async def let_in_again(person_id: int, *, by: Principal = SYSTEM) -> None:
    ensure(policy.can_manage_staff(by))
    await _may_touch(person_id, by)
    async with transaction():
        changed = await write(
            "UPDATE person SET state = 'active', updated_at = ? WHERE id = ? AND state = 'suspended' AND kind = 'staff'"
            " RETURNING id", now(), person_id,
        )  # fmt: skip
        if changed:
            await audit("let_in_again", Ref("person", person_id))


async def end_all_sessions(person_id: int, *, by: Principal) -> int:
    """Sign a member of staff out everywhere."""
    ensure(policy.can_manage_staff(by))
    async with transaction():
        ended = await close_all_sessions(person_id, but=by.session_id)
        await audit("end_sessions", Ref("person", person_id), after={"sessions": ended})
    return ended


async def end_session(person_id: int, session_id: int, *, by: Principal) -> None:
    """Sign a member of staff out of one browser."""
    ensure(policy.can_manage_staff(by))
    if session_id == by.session_id:
        raise Refused(_("This is the browser that you are using. Sign out instead."))
    async with transaction():
        if not await close_session(session_id, person_id):
            raise NotFound(_("There is no such session."))
        await audit("session.end", Ref("person", person_id))


async def _may_touch(person_id: int, by: Principal) -> None:
    """Whoever holds less cannot lock out or let in somebody who holds more."""
    for slug in await slugs_of(person_id):
        ensure(policy.can_give(by, frozenset((await role_named(slug)).capabilities)))
