"""Codes of a second factor: RFC 6238 with SHA-1, six digits, thirty seconds, as every authenticator app makes them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from urllib.parse import quote, urlencode

import segno

STEP = 30
DIGITS = 6
AROUND = 1  # steps that a clock may be early or late
SECRET_BYTES = 20  # RFC 4226, section 4: 160 bits


def new_secret() -> str:
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def code_at(secret: str, step: int, digits: int = DIGITS) -> str:
    """HOTP of the step (RFC 4226, section 5.3: dynamic truncation)."""
    digest = hmac.new(base64.b32decode(secret), step.to_bytes(8, "big"), hashlib.sha1).digest()
    at = digest[-1] & 15
    number = int.from_bytes(digest[at : at + 4], "big") & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


def step_of(secret: str, code: str, seconds: float) -> int | None:
    """The step whose code this is, a little around the moment; None when it is none."""
    now = int(seconds) // STEP
    found = [step for step in range(now - AROUND, now + AROUND + 1) if hmac.compare_digest(code_at(secret, step), code)]
    return found[-1] if found else None


def address(secret: str, account: str, issuer: str) -> str:
    """otpauth://, as apps read it from the QR code."""
    query = urlencode({"secret": secret, "issuer": issuer, "algorithm": "SHA1", "digits": DIGITS, "period": STEP},
                      quote_via=quote)  # fmt: skip
    return f"otpauth://totp/{quote(issuer)}:{quote(account)}?{query}"


def picture(text: str) -> str:
    """The QR code as SVG, dark on white in either theme: cameras read nothing else well."""
    return str(segno.make(text, error="m").svg_inline(scale=5, border=4, dark="#000", light="#fff", svgclass="qr",
                                                      lineclass=None))  # fmt: skip
