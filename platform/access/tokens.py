"""Tokens of the company's own product: a JWT, whose signature is judged by the one algorithm of its connection."""

from __future__ import annotations

import time
from typing import Any

import jwt
import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from access.sso_models import SignOn
from core import vault
from core.errors import Refused
from core.i18n import _
from core.pages import absolute

ALGORITHMS = ("HS256", "RS256", "EdDSA")
SKEW = 60  # seconds that two clocks may differ
OLDEST = 600  # seconds since a token was made
LONGEST = 8000  # characters of a token
REQUIRED = ["sub", "aud", "exp", "iat", "jti"]
TEXTS = {"sub": 200, "jti": 200, "email": 254, "account": 300, "name": 160, "locale": 8}


class BadToken(Exception):
    """Why a token is refused; for the administrator's page, never for whoever sent it."""


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """What a token says of somebody."""

    sub: str
    jti: str
    exp: float
    email: str = ""
    account: str = ""
    name: str = ""
    locale: str = ""
    traits: dict[str, Any] = {}


def audience_of(connection: SignOn) -> str:
    return absolute(f"/sign-on/{connection.key}")


def read(connection: SignOn, token: str) -> Claims:
    """Raises BadToken. The header's `alg` is compared with the connection's, never followed."""
    if not 20 <= len(token) <= LONGEST:
        raise BadToken("it is no token, or too long")
    try:
        header = jwt.get_unverified_header(token)
        if "crit" in header or "b64" in header:
            raise BadToken("its header asks for what is not understood (crit)")
        said = jwt.decode(
            token, _key(connection), algorithms=[connection.algorithm], audience=audience_of(connection),
            issuer=connection.issuer or None, leeway=SKEW, options={"require": REQUIRED, "strict_aud": True},
        )  # fmt: skip
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
        raise BadToken(f"{type(error).__name__}: {error}"[:180]) from None
    return _claims(said)


def _claims(said: dict[str, Any]) -> Claims:
    for name, longest in TEXTS.items():
        value = said.get(name, "")
        if not isinstance(value, str) or len(value) > longest or any(ord(letter) < 32 for letter in value):
            raise BadToken(f"{name} is no text of at most {longest} characters")
    if not said["sub"] or not said["jti"]:
        raise BadToken("sub or jti is empty")
    traits = said.get("traits", {})
    if not isinstance(traits, dict):
        raise BadToken("traits is no object")
    if time.time() - float(said["iat"]) > OLDEST + SKEW or float(said["exp"]) - float(said["iat"]) > 3600:
        raise BadToken("it was made more than ten minutes ago, or lives longer than an hour")
    return Claims(exp=float(said["exp"]), traits=traits, **{name: said.get(name, "") for name in TEXTS})


def _key(connection: SignOn) -> Any:
    if connection.algorithm == "HS256":
        return str(vault.unseal(connection.sealed)["secret"])
    return checked_public_key(connection.algorithm, connection.public_key)


def checked_public_key(algorithm: str, pem: str) -> Any:
    """The key, of the kind that the algorithm needs. Raises Refused."""
    try:
        found = load_pem_public_key(pem.strip().encode())
    except (ValueError, UnsupportedAlgorithm):
        raise Refused(_("Paste a public key that begins with -----BEGIN PUBLIC KEY-----.")) from None
    if algorithm == "RS256" and isinstance(found, RSAPublicKey) and found.key_size >= 2048:
        return found
    if algorithm == "EdDSA" and isinstance(found, Ed25519PublicKey):
        return found
    raise Refused(_("RS256 needs an RSA key of 2048 bits or more, EdDSA an Ed25519 key."))
