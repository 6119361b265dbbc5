"""Versions that commit in order: one row each, whose lock is held to the commit."""

from __future__ import annotations

import secrets

from core.database import in_transaction, write


async def draw(name: str) -> int:
    """The next version of `name`. Whoever draws it holds the row until the commit, so versions commit in order."""
    if not in_transaction():
        raise RuntimeError("a version belongs inside transaction()")
    row = await write(
        "INSERT INTO search_version (name, epoch, version) VALUES (?, ?, 1)"
        " ON CONFLICT (name) DO UPDATE SET version = search_version.version + 1 RETURNING version",
        name, secrets.token_hex(8),
    )  # fmt: skip
    return int(row[0][0])
