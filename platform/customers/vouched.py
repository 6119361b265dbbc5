"""Somebody whom a system of the company vouches for: found by its own id for them, by an address it verified, or added.

Members of staff are never found this way: whoever runs the product would sign in as an administrator.
"""

from __future__ import annotations

from typing import Any

import msgspec

from core.clock import now
from core.database import lock, rows, transaction, write
from core.errors import Conflict, Refused
from core.i18n import _
from core.settings import settings
from customers import people
from customers.models import Membership, Person
from customers.suppressing import erased_among
from customers.tracking.traits import keep_people, named

USER = "user_id"  # the kind of identity that product events use too
LOCALES = ("ja", "en")


class Vouched(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of somebody, found by identity (`kind`, `user`). `account` is the company's id in `source`."""

    user: str
    source: str
    kind: str = USER
    email: str = ""
    is_email_verified: bool = False
    account: str = ""
    locale: str = ""
    traits: dict[str, Any] = {}


async def vouched_person(said: Vouched) -> Person:
    """The person, made or completed. Raises Refused for staff, and for who was locked or erased."""
    email = people.normal_email(said.email) if said.email else ""
    async with transaction():
        await lock("customers.tracking.people")
        person = await _known(said.kind, said.user)
        if person is None and email and said.is_email_verified:
            person = await _known("email", email)
        if person is None:
            person = await _added(said, email)
        await people.link(said.kind, said.user, person.id, source=said.source, verified_at=now())
        if email and said.is_email_verified:
            await _verify(person, email, said.source)
        await keep_people({person.id: (said.traits, said.source)})
        await _place(person, said)
    return await Person.get(id=person.id)


async def _known(kind: str, value: str) -> Person | None:
    found = await rows("SELECT person_id FROM identity WHERE kind = ? AND value = ?", kind, value)
    if not found:
        return None
    person = await Person.get(id=found[0][0])
    if person.state != "active":
        raise Refused(_("This account is locked."))
    if person.kind == "staff":
        raise Refused(_("Staff sign in on the page for staff."))
    return person


async def _added(said: Vouched, email: str) -> Person:
    if await erased_among(said.kind, [said.user]) or (email and await erased_among("email", [email])):
        raise Refused(_("This account is locked."))
    is_free = email and not await rows("SELECT 1 FROM identity WHERE kind = 'email' AND value = ?", email)
    locale = said.locale if said.locale in LOCALES else settings().default_language
    return await people.register(email=email if is_free else None, source=said.source, locale=locale)


async def newcomer(email: str, traits: dict[str, str], *, source: str, locale: str = "") -> Person:
    """A new customer whose address is verified and nobody's. Raises Refused for one who was erased, Conflict."""
    async with transaction():
        await lock("customers.tracking.people")
        if await erased_among("email", [email]):
            raise Refused(_("This account is locked."))
        names = named(traits)
        locale = locale if locale in LOCALES else settings().default_language
        return await people.register(
            email=email, source=source, verified=True, locale=locale, family_name=names.get("family_name", ""),
            given_name=names.get("given_name", ""),
        )  # fmt: skip


async def _verify(person: Person, email: str, source: str) -> None:
    """Their address counts as verified; one that is somebody else's stays there."""
    try:
        await people.link("email", email, person.id, source=source, verified_at=now())
    except Conflict:
        return
    if not person.email:
        await write("UPDATE person SET email = ?, version = version + 1, updated_at = ? WHERE id = ?", email, now(),
                    person.id)  # fmt: skip


async def _place(person: Person, said: Vouched) -> None:
    """At the company that the source calls so; one that is not here yet waits for its import."""
    if not said.account:
        return
    found = await rows("SELECT a.id FROM account_source s JOIN account a ON a.id = s.account_id WHERE s.source = ?"
                       " AND s.source_id = ? AND a.state <> 'merged'", said.source, said.account)  # fmt: skip
    if found and not await Membership.exists(person_id=person.id, account_id=found[0][0]):
        await Membership.create(person_id=person.id, account_id=int(found[0][0]))
