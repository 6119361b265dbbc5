"""People and the addresses they are known by."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from typing import Any

from core.clock import now
from core.database import rows, transaction, write
from core.errors import Conflict, Refused
from core.events import announce
from core.i18n import _
from customers.added import PersonAdded
from customers.models import Identity, Membership, Person

# Old carrier addresses (a..b@docomo.example) break RFC 5321 and exist: only what no server takes is refused.
EMAIL = re.compile(
    r"^[^\s@<>\",;:\\()\[\]\x00-\x1f\x7f]{1,64}@(?=.{1,253}$)([^\W_]([\w-]{0,61}[^\W_])?\.)+[^\W_]{2,63}$"
)


def normal_email(text: str) -> str:
    """NFKC, trimmed, the domain in lower case and the local part too (no provider tells them apart any more).

    Raises Refused when it is no address.
    """
    address = unicodedata.normalize("NFKC", text).strip().lower()
    if len(address) > 254 or not EMAIL.match(address):
        raise Refused(_("Write an e-mail address such as hanako@example.co.jp."))
    return address


async def register(
    *,
    family_name: str = "",
    given_name: str = "",
    email: str | None = None,
    kind: str = "customer",
    account_id: int | None = None,
    title: str = "",
    source: str = "form",
    verified: bool = False,
    **fields: Any,
) -> Person:
    """Add a person with their e-mail identity and membership. Raises Conflict when the address is taken."""
    address = normal_email(email) if email else None
    moment = now()
    async with transaction():
        if address and await Identity.filter(kind="email", value=address).exists():
            raise Conflict(_("Someone already uses this address."))
        person = await Person.create(
            family_name=family_name, given_name=given_name, email=address, kind=kind,
            created_at=moment, updated_at=moment, **fields,
        )  # fmt: skip
        if address:
            await link("email", address, person.id, source=source, verified_at=moment if verified else None)
        if account_id:
            await Membership.create(person_id=person.id, account_id=account_id, title=title)
        await announce(PersonAdded(person_id=person.id, source=source))
    return person


async def link(
    kind: str, value: str, person_id: int, *, source: str, verified_at: datetime | None = None,
    connection_id: int | None = None,
) -> None:  # fmt: skip
    """Tie an address to a person. One address, one person: an address of another is a Conflict.

    `connection_id`: the LINE channel on which it was verified.
    """
    await write(
        "INSERT INTO identity (kind, value, person_id, verified_at, source, connection_id, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (kind, value) DO UPDATE"
        " SET verified_at = COALESCE(identity.verified_at, excluded.verified_at),"
        " connection_id = COALESCE(excluded.connection_id, identity.connection_id)"
        " WHERE identity.person_id = excluded.person_id",
        kind, value, person_id, verified_at, source, connection_id, now(),
    )  # fmt: skip
    held = await rows("SELECT person_id FROM identity WHERE kind = ? AND value = ?", kind, value)
    if held[0][0] != person_id:
        raise Conflict(_("Someone already uses this address."))


async def person_by_identity(kind: str, value: str, *, verified_only: bool = True) -> Person | None:
    """Who speaks from this address; only a verified one is trusted."""
    found = Identity.filter(kind=kind, value=value)
    if verified_only:
        found = found.filter(verified_at__isnull=False)
    identity = await found.first()
    return await Person.get_or_none(id=identity.person_id, state="active") if identity else None
