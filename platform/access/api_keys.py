"""API keys: `eak_` and eight letters that people see, then 256 random bits; of the whole a keyed hash is kept.

A key speaks for a member of staff: it may do what both its scopes and that person's rights allow, asked again at
every request. So policy.py needs no second set of rules, and whoever leaves takes their keys along.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import string
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from core.clock import now, when
from core.context import here
from core.database import rows, write
from core.errors import TooMany, Unauthenticated
from core.i18n import _
from core.principal import NOBODY, Principal
from core.settings import settings

LETTERS = string.ascii_letters + string.digits
PREFIX = "eak_"
MINUTE = 60
# What a key may be given; nothing that changes who may do what.
SCOPES = ("customers.read", "customers.write", "help.read", "help.write", "community.read", "community.post",
          "inbox.answer", "campaigns.read", "campaigns.write")  # fmt: skip
KEY = ("SELECT id, name, secret_hash, person_id, scopes, is_read_only, per_minute, expires_at FROM api_key"
       " WHERE prefix = ? AND revoked_at IS NULL")  # fmt: skip


def new_key() -> tuple[str, str]:
    """(prefix, whole key)."""
    prefix = PREFIX + "".join(secrets.choice(LETTERS) for _n in range(8))
    return prefix, f"{prefix}_{secrets.token_urlsafe(32)}"


def hashed(key: str, secret: str = "") -> str:
    """HMAC-SHA256 under `secret`, by default the newest ENGAWA_SECRET_KEY: the table alone proves nothing."""
    return hmac.new(
        (secret or settings().secret_keys[0]).encode(), f"api key:{key}".encode(), hashlib.sha256
    ).hexdigest()


async def caller(request: Any, rights_of: Callable[[int], Awaitable[Principal]]) -> Principal:
    """Who calls the API. Why somebody is refused is left in here().refusal, where the guard finds it."""
    key = _bearer(request.headers.get("authorization", ""))
    if not key:
        _refuse(_("Send an API key: Authorization: Bearer eak_…"))
        return NOBODY
    found = await _known(key)
    who = await rights_of(found["person_id"]) if found else NOBODY
    if not found or not who.is_signed_in:
        _refuse(_("This API key is wrong, expired or revoked."))
        return NOBODY
    await _spend(found["id"], found["per_minute"])
    scopes = frozenset(msgspec.json.decode(found["scopes"])) & frozenset(SCOPES)
    return msgspec.structs.replace(
        who, name=f"{who.name} ({found['name']})", capabilities=(who.capabilities & scopes) | {"anyone"}, grants=(),
        language="", api_key_id=found["id"], is_read_only=bool(found["is_read_only"]),
    )  # fmt: skip


def _refuse(sentence: str) -> None:
    here().headers["WWW-Authenticate"] = 'Bearer realm="engawa"'
    here().refusal = Unauthenticated(sentence)


def _bearer(header: str) -> str:
    kind, _blank, value = header.partition(" ")
    value = value.strip()
    return value if kind.lower() == "bearer" and value.startswith(PREFIX) and len(value) <= 100 else ""


async def _known(key: str) -> Any:
    """The row of a key that still works. A hash under an older secret is made anew under the newest."""
    prefix = key[: len(PREFIX) + 8]
    found = await rows(KEY, prefix)
    if not found or (found[0]["expires_at"] and (when(found[0]["expires_at"]) or now()) <= now()):
        return None
    kept = found[0]["secret_hash"]
    right = [n for n, secret in enumerate(settings().secret_keys) if hmac.compare_digest(hashed(key, secret), kept)]
    if not right:
        return None
    if right[0] > 0:
        await write("UPDATE api_key SET secret_hash = ? WHERE id = ?", hashed(key), found[0]["id"])
    return found[0]


async def _spend(key_id: int, per_minute: int) -> None:
    """Count this request, in rows, so that every process counts the same. Over the limit: here().refusal says so."""
    seconds = int(now().timestamp())
    minute, left_seconds = seconds // MINUTE, MINUTE - seconds % MINUTE
    counted = await write(
        "INSERT INTO api_use (key_id, minute, count) VALUES (?, ?, 1)"
        " ON CONFLICT (key_id, minute) DO UPDATE SET count = api_use.count + 1 RETURNING count", key_id, minute,
    )  # fmt: skip
    count = int(counted[0][0])
    if count == 1:
        await write("UPDATE api_key SET last_used_at = ? WHERE id = ?", now(), key_id)
    here().headers |= {"RateLimit-Limit": str(per_minute), "RateLimit-Remaining": str(max(0, per_minute - count)),
                       "RateLimit-Reset": str(left_seconds)}  # fmt: skip
    if count > per_minute:
        here().refusal = TooMany(_("This key made too many requests. Wait, then go on."), left_seconds)


__all__ = ["SCOPES", "caller", "hashed", "new_key"]
