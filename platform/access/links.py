"""One-time links: 256 random bits in a mail, their SHA-256 in a row. Looking never uses one; only the POST does."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from access.models import SignInLink
from access.sessions import hashed, new_token
from core.clock import now
from core.database import write
from core.pages import absolute

LIFE = timedelta(minutes=15)
SETUP_LIFE = timedelta(hours=24)


async def make(email: str, person_id: int | None, *, purpose: str = "sign_in", next: str = "",
               data: dict[str, Any] | None = None, life: timedelta = LIFE) -> str:  # fmt: skip
    """A new link; returns its address. `purpose`: sign_in, sign_up, invite, setup."""
    token, moment = new_token(), now()
    await write(
        "INSERT INTO sign_in_link (token_hash, email, person_id, purpose, data, next, created_at, expires_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        hashed(token), email, person_id, purpose, json.dumps(data or {}, ensure_ascii=False), next, moment,
        moment + life,
    )  # fmt: skip
    return absolute(f"/sign-in/link/{token}")


async def look(token: str) -> SignInLink | None:
    """The link, if it is still good; it stays unused."""
    return await SignInLink.get_or_none(token_hash=hashed(token), used_at=None, expires_at__gt=now())


async def use(token: str) -> SignInLink | None:
    """Use the link up: of many at once, one gets it. Call it inside the transaction that signs in."""
    moment = now()
    used = await write(
        "UPDATE sign_in_link SET used_at = ? WHERE token_hash = ? AND used_at IS NULL AND expires_at > ? RETURNING id",
        moment, hashed(token), moment,
    )  # fmt: skip
    return await SignInLink.get(id=used[0][0]) if used else None


async def drop_links(person_id: int) -> None:
    """No link that is on its way opens this person's door any more."""
    await write("UPDATE sign_in_link SET used_at = ? WHERE person_id = ? AND used_at IS NULL", now(), person_id)
