"""Who blocked one of our LINE channels, or is not there any more: nothing is sent there until they follow it again.

Kept as a suppression of the keyed hash of (connection, user), because a user may block one channel and follow another.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.database import rows, transaction, write
from core.events import announce
from customers.consent import address_hashes, suppress
from customers.imports.rows import select_in
from customers.refusing import Blocked

REASON = "blocked"


def place(connection_id: int, user: str) -> str:
    return f"{connection_id}:{user}"


async def blocked(connection_id: int, user: str, detail: str = "", *, channel: str = "line") -> None:
    """They unfollowed, or the platform knows nobody of this id."""
    async with transaction():
        await suppress(channel, place(connection_id, user), REASON, detail)
        found = await rows("SELECT person_id FROM identity WHERE kind = ? AND value = ?", channel, user)
        if found:
            await announce(Blocked(person_id=int(found[0][0]), channel=channel, connection_id=connection_id))


async def follows_again(connection_id: int, user: str, *, channel: str = "line") -> None:
    hashed = address_hashes(channel, place(connection_id, user))
    marks = ", ".join("?" * len(hashed))
    await write(f"DELETE FROM suppression WHERE channel = ? AND reason = ? AND address_hash IN ({marks})",
                channel, REASON, *hashed)  # fmt: skip


async def is_blocked(connection_id: int, user: str, *, channel: str = "line") -> bool:
    return user in await blocked_among(connection_id, [user], channel=channel)


async def blocked_among(connection_id: int, users: Sequence[str], *, channel: str = "line") -> set[str]:
    """Which of them, under whichever key of ENGAWA_SECRET_KEY it was noted."""
    hashes = {hashed: user for user in users for hashed in address_hashes(channel, place(connection_id, user))}
    found = await select_in("SELECT address_hash FROM suppression WHERE channel = ? AND reason = 'blocked'"
                            " AND address_hash IN ({marks})", hashes, channel)  # fmt: skip
    return {hashes[row[0]] for row in found}
