"""Who was erased and must not come back, recognised by keyed hashes."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from core.clock import now
from core.database import write
from customers.consent import address_hashes
from customers.imports.rows import select_in

MARK = ("INSERT INTO suppression (channel, address_hash, reason, detail, created_at) VALUES (?, ?, 'erased', '', ?)"
        " ON CONFLICT (channel, address_hash) DO UPDATE SET reason = 'erased', detail = ''")  # fmt: skip


async def erased_among(channel: str, addresses: Collection[str]) -> set[str]:
    """Which of these belong to somebody who was erased, under whichever key of ENGAWA_SECRET_KEY that was."""
    hashes = {hashed: address for address in addresses for hashed in address_hashes(channel, address)}
    found = await select_in("SELECT address_hash FROM suppression WHERE channel = ? AND reason = 'erased'"
                            " AND address_hash IN ({marks})", hashes, channel)  # fmt: skip
    return {hashes[row[0]] for row in found}


async def mark_erased(addresses: Iterable[tuple[str, str]]) -> None:
    """(kind, value) pairs that nobody comes back by. Under every key, as `consent.suppress` does."""
    for kind, value in addresses:
        for hashed in address_hashes(kind, value):
            await write(MARK, kind[:16], hashed, now())
