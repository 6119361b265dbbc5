"""Which LINE user id of a person is good on which LINE channel."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from channels.providers import Providers, providers
from core.database import rows, write
from customers.imports.rows import select_in
from customers.models import Identity, Person


class LineUser(msgspec.Struct, frozen=True):
    """A verified id; `connection` is the channel on which LINE last named it."""

    id: int
    user: str
    connection: int | None


def fits(known: Providers, one: LineUser, connection_id: int) -> bool:
    """Whether LINE knows the person by this id there. What nobody knows is believed where it can be nothing else."""
    return known.is_one if one.connection is None else known.shares(one.connection, connection_id)


async def of_people(people: Iterable[int]) -> dict[int, list[LineUser]]:
    """person → their verified ids, the newest first."""
    found: dict[int, list[LineUser]] = {}
    for row in await select_in("SELECT person_id, id, value, connection_id FROM identity WHERE kind = 'line'"
                               " AND verified_at IS NOT NULL AND person_id IN ({marks}) ORDER BY id DESC",
                               sorted(set(people))):  # fmt: skip
        found.setdefault(int(row[0]), []).append(LineUser(int(row[1]), str(row[2]), row[3]))
    return found


async def channel_names() -> dict[int, str]:
    """Of every LINE channel that there ever was."""
    found = await rows("SELECT id, name FROM connection WHERE kind = 'line'")
    return {int(row[0]): str(row[1]) for row in found}


async def speaker(connection_id: int, user: str) -> Person | None:
    """Who is named as `user` on this channel. LINE never gives an id twice, so it says who, on whichever channel."""
    identity = await Identity.get_or_none(kind="line", value=user, verified_at__isnull=False) if user else None
    if identity is None:
        return None
    await _seen(identity, connection_id)
    return await Person.get_or_none(id=identity.person_id, state="active")


async def _seen(identity: Identity, connection_id: int) -> None:
    """LINE names it on this channel, so it is good here, also where nobody wrote that two are of one provider."""
    held = identity.connection_id
    if held == connection_id or (held is not None and (await providers()).shares(held, connection_id)):
        return
    await write("UPDATE identity SET connection_id = ? WHERE id = ?", connection_id, identity.id)
