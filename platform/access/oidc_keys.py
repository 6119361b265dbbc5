"""A provider's signing keys (JWKS, RFC 7517): kept an hour, fetched anew for a key that is not among them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from jwt.exceptions import InvalidKeyError

from access.oidc_models import OidcProvider
from access.oidc_problem import Problem
from core.clock import now

KINDS = {"RS256": "RSA", "ES256": "EC"}
ALGORITHMS = tuple(KINDS)  # never `none`, and no secret that both sides hold: a public key would be one
KEPT = timedelta(hours=1)
MOST = 50
Fetch = Callable[[OidcProvider], Awaitable[dict[str, Any]]]


async def key_for(provider: OidcProvider, algorithm: str, kid: Any, fetch: Fetch) -> Any:
    """The public key that signed. Raises Problem.

    A key that is unknown is looked for once more, in what the provider says now. That happens at most once a sign-in,
    and the token came from the provider itself: nobody else can make us ask.
    """
    is_old = provider.signing_at is None or now() - provider.signing_at > KEPT
    if not is_old and (key := _among(provider.signing, algorithm, kid)) is not None:
        return key
    provider.signing, provider.signing_at = _plain(await fetch(provider)), now()
    await provider.save(update_fields=["signing", "signing_at"])
    if (key := _among(provider.signing, algorithm, kid)) is None:
        raise Problem("the ID token is signed by a key that the provider does not name")
    return key


def _plain(said: dict[str, Any]) -> dict[str, Any]:
    found = said.get("keys")
    if not isinstance(found, list) or len(found) > MOST:
        raise Problem("its keys are no list of at most 50")
    return {"keys": [one for one in found if isinstance(one, dict) and one.get("kty") in KINDS.values()]}


def _among(said: dict[str, Any], algorithm: str, kid: Any) -> Any:
    fit = [key for one in said.get("keys", []) if _fits(one, algorithm, kid) and (key := _read(one)) is not None]
    return fit[0] if len(fit) == 1 else None  # two without a name: it cannot be known which (Core 10.1)


def _fits(one: dict[str, Any], algorithm: str, kid: Any) -> bool:
    return (
        one.get("kty") == KINDS[algorithm]
        and one.get("alg", algorithm) == algorithm
        and one.get("use", "sig") == "sig"
        and "verify" in one.get("key_ops", ["verify"])
        and (kid is None or one.get("kid") == kid)
    )


def _read(one: dict[str, Any]) -> Any:
    """The key, when it is a public one that is strong enough."""
    try:
        key = (RSAAlgorithm if one["kty"] == "RSA" else ECAlgorithm).from_jwk(one)
    except (InvalidKeyError, ValueError, TypeError, KeyError):
        return None
    if isinstance(key, RSAPublicKey) and key.key_size >= 2048:
        return key
    return key if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1) else None
