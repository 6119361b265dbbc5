"""Who was erased and must not come back, recognised by keyed hashes."""

from __future__ import annotations

from customers.consent import address_hash
from customers.imports.rows import select_in


async def erased_among(channel: str, addresses: list[str]) -> set[str]:
    """Which of these belong to somebody who was erased."""
    hashes = {address_hash(channel, address): address for address in addresses}
    found = await select_in("SELECT address_hash FROM suppression WHERE channel = ? AND reason = 'erased'"
                            " AND address_hash IN ({marks})", hashes, channel)  # fmt: skip
    return {hashes[row[0]] for row in found}
