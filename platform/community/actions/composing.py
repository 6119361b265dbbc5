"""One form, one post: the person is held while they post, and a form that was sent before gives its first result."""

from __future__ import annotations

from typing import Any

from core.clock import now
from core.database import lock, rows, write


async def hold_writer(person_id: int) -> None:
    """Of one person at most one post is being written at a time, so limits and doubles cannot be raced."""
    await lock(f"community.writer:{person_id}")


async def sent_before(person_id: int, key: str) -> Any | None:
    """The row (thread_id, post_id) of the first time this form was sent; None the first time."""
    if not key:
        return None
    made = await write(
        "INSERT INTO composer_key (person_id, key, created_at) VALUES (?, ?, ?) ON CONFLICT (person_id, key) DO NOTHING"
        " RETURNING id",
        person_id, key[:64], now(),
    )  # fmt: skip
    if made:
        return None
    found = await rows(
        "SELECT thread_id, post_id FROM composer_key WHERE person_id = ? AND key = ?", person_id, key[:64]
    )
    return found[0] if found and found[0][0] else None


async def remember(person_id: int, key: str, thread_id: int, post_id: int) -> None:
    if key:
        await write("UPDATE composer_key SET thread_id = ?, post_id = ? WHERE person_id = ? AND key = ?",
                    thread_id, post_id, person_id, key[:64])  # fmt: skip
