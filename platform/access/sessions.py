"""Sessions: a random token in a cookie, its SHA-256 in a row. Clients never choose a token; every sign-in makes one."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from litestar.datastructures import Cookie

from core.clock import now, when
from core.database import rows, transaction, write
from core.entrance import client_ip
from core.settings import settings
from core.web import cookie_prefix

FALSE, TRUE = "(1 = 0)", "(1 = 1)"  # both engines read these
LIFE = timedelta(days=30)
IDLE = timedelta(days=14)
STAFF_LIFE = timedelta(days=7)
STAFF_IDLE = timedelta(hours=24)
RENEW_WITHIN = timedelta(minutes=10)
FACTOR_WITHIN = timedelta(minutes=10)


def cookie_name() -> str:
    return f"{cookie_prefix()}session"


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def new_token() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


async def open_session(
    person_id: int, request: Any = None, *, way: str = "", rotated_from: int | None = None, awaits_factor: bool = False,
    proved_at: datetime | None = None,
) -> str:  # fmt: skip
    """A new session of this person; returns the token for the cookie. `way`: password, link, setup, token, oidc.

    One that awaits the second factor is nobody's: only `finish_session` takes it. `proved_at`: when they last gave a
    proof of who they are, where that was not just now.
    """
    token, moment = new_token(), now()
    agent = request.headers.get("user-agent", "")[:300] if request is not None else ""
    ip = client_ip(request.scope)[:45] if request is not None else ""
    await write(
        "INSERT INTO session (token_hash, person_id, created_at, last_seen_at, expires_at, user_agent, ip,"
        " way, rotated_from, awaits_factor, confirmed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        hashed(token), person_id, moment, moment, moment + LIFE, agent, ip, way, rotated_from, awaits_factor, proved_at,
    )  # fmt: skip
    return token


async def close_session(session_id: int, person_id: int) -> bool:
    """End one session of this person; false when there is no such open one."""
    closed = await write(
        "UPDATE session SET revoked_at = ? WHERE id = ? AND person_id = ? AND revoked_at IS NULL RETURNING id",
        now(), session_id, person_id,
    )  # fmt: skip
    return bool(closed)


async def close_all_sessions(person_id: int, but: int | None = None) -> int:
    """End every session of this person, except `but`; returns how many."""
    closed = await write(
        "UPDATE session SET revoked_at = ? WHERE person_id = ? AND revoked_at IS NULL AND id <> ? RETURNING id",
        now(), person_id, but or 0,
    )  # fmt: skip
    return len(closed)


async def exchange(token: str, request: Any) -> tuple[str, int] | None:
    """A new token for one whose rights changed (`renew_sessions`), and its person; the old one is used up."""
    moment = now()
    async with transaction():
        old = await write(
            "UPDATE session SET revoked_at = ? WHERE token_hash = ? AND revoked_at IS NULL AND renew_by IS NOT NULL"
            f" AND awaits_factor = {FALSE}"
            " AND expires_at > ? AND last_seen_at > ? AND person_id IN (SELECT id FROM person WHERE state = 'active')"
            " RETURNING id, person_id, way, COALESCE(confirmed_at, created_at)",
            moment, hashed(token), moment, moment - STAFF_IDLE,
        )  # fmt: skip
        if not old:
            return None
        # An exchange proves nothing: what asks for a fresh proof goes on asking.
        return await open_session(old[0][1], request, way=old[0][2], rotated_from=old[0][0],
                                  proved_at=when(old[0][3])), int(old[0][1])  # fmt: skip


def session_cookie(token: str) -> Cookie:
    """The browser keeps it as long as a session may live; an empty token takes the cookie away."""
    age = int(LIFE.total_seconds()) if token else 0
    return Cookie(key=cookie_name(), value=token, path="/", max_age=age, httponly=True, samesite="lax",
                  secure=settings().is_secure)  # fmt: skip


def no_cookie() -> Cookie:
    return session_cookie("")


async def renew_sessions(person_id: int) -> None:
    """Rights changed: the person's tokens end within ten minutes; after that each can only be exchanged, once."""
    await write(
        "UPDATE session SET renew_by = ? WHERE person_id = ? AND revoked_at IS NULL AND renew_by IS NULL",
        now() + RENEW_WITHIN, person_id,
    )  # fmt: skip


async def waiting_for_factor(token: str) -> int | None:
    """Whose session this is, that still awaits the second factor; None when there is none, or after ten minutes."""
    found = await rows(
        f"SELECT s.person_id FROM session s JOIN person p ON p.id = s.person_id WHERE s.token_hash = ?"
        f" AND s.revoked_at IS NULL AND s.awaits_factor = {TRUE} AND s.created_at > ? AND p.state = 'active'",
        hashed(token), now() - FACTOR_WITHIN,
    )  # fmt: skip
    return int(found[0][0]) if found else None


async def finish_session(token: str, request: Any) -> str | None:
    """The second factor was right: the waiting session ends, and a whole one begins. Of many at once one gets it."""
    async with transaction():
        old = await write(
            f"UPDATE session SET revoked_at = ? WHERE token_hash = ? AND revoked_at IS NULL AND awaits_factor = {TRUE}"
            " RETURNING id, person_id, way", now(), hashed(token),
        )  # fmt: skip
        if not old:
            return None
        return await open_session(old[0][1], request, way=old[0][2], rotated_from=old[0][0])


async def renew_session(session_id: int, request: Any) -> str | None:
    """A new token in the place of this session's; None when it was ended meanwhile."""
    async with transaction():
        old = await write(
            f"UPDATE session SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL AND awaits_factor = {FALSE}"
            " RETURNING person_id, way", now(), session_id,
        )  # fmt: skip
        if not old:
            return None
        return await open_session(old[0][0], request, way=old[0][1], rotated_from=session_id)
