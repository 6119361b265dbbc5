"""Secrets at rest: encrypted with keys derived from ENGAWA_SECRET_KEY; older keys still open (rotation).

ENGAWA_SECRET_KEY may hold several keys, newest first, separated by a comma.
"""

from __future__ import annotations

import base64
import json
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.errors import Refused
from core.i18n import _
from core.settings import settings


@lru_cache(maxsize=4)
def _box(keys: tuple[str, ...]) -> MultiFernet:
    def derived(key: str) -> Fernet:
        raw = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"engawa vault 1").derive(key.encode())
        return Fernet(base64.urlsafe_b64encode(raw))

    return MultiFernet([derived(key) for key in keys])


def seal(secrets: dict[str, Any]) -> str:
    return _box(settings().secret_keys).encrypt(json.dumps(secrets).encode()).decode()


def unseal(sealed: str) -> dict[str, Any]:
    """Raises Refused when the key that sealed it is gone."""
    if not sealed:
        return {}
    try:
        return dict(json.loads(_box(settings().secret_keys).decrypt(sealed.encode())))
    except InvalidToken as error:
        raise Refused(_("These secrets were stored with another ENGAWA_SECRET_KEY.")) from error


def rotate(sealed: str) -> str:
    """The same secrets under the newest key."""
    return _box(settings().secret_keys).rotate(sealed.encode()).decode()
