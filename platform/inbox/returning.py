"""The way back from a mail for a visitor, who has no account to sign in to: a sealed name in the address.

It goes only to an address that they showed to be theirs, holds for thirty days, and opens nothing by being looked at:
the page has a button (mail filters follow links).
"""

from __future__ import annotations

import hashlib
import hmac
import time
from datetime import timedelta

from core.settings import settings
from inbox.models import ChatVisitor

HOLDS = timedelta(days=30)


def seal(visitor_id: int) -> str:
    said = f"{visitor_id}-{int(time.time() + HOLDS.total_seconds())}"
    return f"{said}-{_sign(settings().secret_keys[0], said)}"


def _sign(key: str, said: str) -> str:
    return hmac.new(key.encode(), f"chat-return:{said}".encode(), hashlib.sha256).hexdigest()[:43]


async def opened(sealed: str) -> ChatVisitor | None:
    """Under any key of ENGAWA_SECRET_KEY; None when it is no seal of ours, too old, or its visitor is forgotten."""
    said, _, sign = sealed[:120].rpartition("-")
    visitor, _, until = said.partition("-")
    if not all(part.isascii() and part.isdecimal() and len(part) < 19 for part in (visitor, until)):
        return None
    if int(until) < time.time() or not sign.isascii():
        return None
    if not any(hmac.compare_digest(_sign(key, said), sign) for key in settings().secret_keys):
        return None
    return await ChatVisitor.get_or_none(id=int(visitor), token_hash__isnull=False)
