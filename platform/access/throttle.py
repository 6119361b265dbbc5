"""How often somebody may try: rows, so that every process counts the same and a restart forgets nothing."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta

from access import watching
from core.clock import now
from core.context import here
from core.database import lock, rows, transaction, write
from core.errors import TooMany
from core.i18n import _
from core.settings import settings

WINDOW = timedelta(minutes=15)
PER_ADDRESS = 5
PER_IP = 30


def address_hash(address: str) -> str:
    """Keyed, so that the table does not say who tried."""
    return hmac.new(settings().secret_key.encode(), f"attempt:{address}".encode(), hashlib.sha256).hexdigest()


async def attempt(kind: str, address: str, ip: str) -> int:
    """Count a try before it is made, so that many at once count too; returns its id. Raises TooMany.

    Five per address and thirty per IP within 15 minutes.
    """
    hidden, since = address_hash(address), now() - WINDOW
    async with transaction():
        await lock(f"attempt:{hidden}")
        by_address = await _count("address_hash", hidden, kind, since)
        by_ip = await _count("ip", ip, kind, since)
        if by_address >= PER_ADDRESS or by_ip >= PER_IP:
            watching.refused(kind, "too many tries", here().request)
            raise TooMany(_("Too many tries. Wait 15 minutes, then try again."), int(WINDOW.total_seconds()))
        made = await write(
            "INSERT INTO sign_in_attempt (kind, address_hash, ip, at) VALUES (?, ?, ?, ?) RETURNING id",
            kind, hidden, ip, now(),
        )  # fmt: skip
    return int(made[0][0])


async def succeeded(kind: str, address: str, ip: str) -> None:
    """What this place tried for this address no longer counts."""
    await write(
        "DELETE FROM sign_in_attempt WHERE kind = ? AND address_hash = ? AND ip = ?", kind, address_hash(address), ip
    )


async def _count(column: str, value: str, kind: str, since: object) -> int:
    found = await rows(
        f"SELECT COUNT(*) FROM sign_in_attempt WHERE {column} = ? AND kind = ? AND at > ?", value, kind, since
    )
    return int(found[0][0])
