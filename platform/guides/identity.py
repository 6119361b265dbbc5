"""Who looks at the host page: an HS256 JWT that the company's product signed for its signed-in user.

Claims: `sub` the product's id of the user, `exp` seconds since 1970, at most 30 days ahead, and perhaps `email`, by
which a person who is known here already is found at the first sight.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from functools import lru_cache

import msgspec

from core.clock import now
from core.database import rows, transaction
from core.errors import Refused, Unauthenticated
from core.i18n import _
from customers import people

LONGEST = 2_000
AHEAD = 30 * 86_400


class _Head(msgspec.Struct):
    alg: str


class Claims(msgspec.Struct, frozen=True):
    sub: str
    exp: float
    email: str = ""


def read(token: str, secrets: list[str]) -> Claims:
    """The claims of a token that one of `secrets` signed. Raises Unauthenticated; says no more than that."""
    try:
        signed, _dot, signature = token.rpartition(".")
        head, _dot, body = signed.partition(".")
        if len(token) > LONGEST or not _is_hs256(head):
            raise ValueError
        given = _bytes(signature)
        if not any(hmac.compare_digest(_signature(secret, signed), given) for secret in secrets):
            raise ValueError
        claims = msgspec.json.decode(_bytes(body), type=Claims)
    except (ValueError, msgspec.MsgspecError, RecursionError) as error:
        raise Unauthenticated(_("The signature is missing or wrong.")) from error
    if not 0 < len(claims.sub) <= 200 or "\x00" in claims.sub:
        raise Unauthenticated(_("The token names nobody."))
    if not time.time() < claims.exp <= time.time() + AHEAD:
        raise Unauthenticated(_("The token has expired, or lasts longer than 30 days."))
    return claims


def sign(secret: str, sub: str, *, lasts: float = 3600, email: str = "") -> str:
    """What the host product does; for the settings page's example, the demo and tests."""
    claims = {"sub": sub, "exp": int(time.time() + lasts)} | ({"email": email} if email else {})
    head = {"alg": "HS256", "typ": "JWT"}
    signed = ".".join(_text(msgspec.json.encode(part)) for part in (head, claims))
    return f"{signed}.{_text(_signature(secret, signed))}"


@lru_cache(maxsize=64)  # every token of a product begins with the same letters
def _is_hs256(head: str) -> bool:
    return bool(msgspec.json.decode(_bytes(head), type=_Head).alg == "HS256")


def _signature(secret: str, signed: str) -> bytes:
    return hmac.digest(secret.encode(), signed.encode(), hashlib.sha256)


def _bytes(text: str) -> bytes:
    return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


async def meet(claims: Claims) -> None:
    """Tie the product's id to the person of the signed address. Who is not known here stays unknown."""
    if not claims.email:
        return
    try:
        address = people.normal_email(claims.email)
    except Refused:
        return
    found = await rows("SELECT i.person_id FROM identity i JOIN person p ON p.id = i.person_id WHERE i.kind = 'email'"
                       " AND i.value = ? AND p.state = 'active'", address)  # fmt: skip
    taken = await rows("SELECT person_id, verified_at FROM identity WHERE kind = 'user_id' AND value = ?", claims.sub)
    if not found or (taken and (taken[0][1] is not None or taken[0][0] != found[0][0])):
        return
    async with transaction():
        await people.link("user_id", claims.sub, int(found[0][0]), source="guides", verified_at=now())
