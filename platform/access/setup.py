"""The first start: a code that only whoever runs the machine sees opens /welcome, until there is an administrator."""

from __future__ import annotations

import hashlib
import hmac

from access.actions.roles import has_admin
from core.pages import absolute, url
from core.settings import settings


def setup_code() -> str:
    """128 bits from the installation's secret key: every process knows the same one, and nothing is stored."""
    return hmac.new(settings().secret_key.encode(), b"setup code", hashlib.sha256).hexdigest()[:32]


def is_setup_code(typed: str) -> bool:
    return hmac.compare_digest(typed.strip().lower().encode(), setup_code().encode())


async def sentence() -> str:
    """For the log at the start: where to make the first administrator; "" once there is one."""
    if await has_admin():
        return ""
    return f"There is no administrator yet. Open {absolute(url('/welcome', code=setup_code()))}"
