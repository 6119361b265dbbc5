"""OpenID Connect, our side: discovery, the authorization request, the code's exchange, what an ID token has to be.

OpenID Connect Core 1.0 and Discovery 1.0, RFC 6749, 7636 (PKCE), 9207 (`iss` in the answer). All that is asked of the
provider goes through `channels.fetching`, which leaves our own network alone.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import jwt
import msgspec

from access import oidc_keys
from access.oidc_models import OidcProvider
from access.oidc_problem import Problem
from channels import fetching
from core import vault
from core.clock import now
from core.errors import Refused
from core.pages import absolute

SCOPES = "openid email profile"
DAY = timedelta(days=1)
SKEW = 60  # seconds that two clocks may differ
OLDEST = 600  # seconds since an ID token was made: it comes straight from the provider
LONGEST = 16_000  # characters of an ID token
MOST_BYTES = 256_000
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
JSON = {"Accept": "application/json", "User-Agent": "Engawa-OpenID/1"}


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What the provider says of somebody. `email` is there only when the provider has verified it."""

    subject: str
    email: str = ""
    names: dict[str, str] = {}
    locale: str = ""
    authenticated_at: datetime | None = None


def redirect_uri(provider: OidcProvider) -> str:
    return absolute(f"/sign-in/with/{provider.slug}/back")


# What the provider says of itself --------------------------------------------------------------------------------


async def discover(issuer: str) -> dict[str, Any]:
    """What counts of the discovery document. Raises Problem when it is not one that we can sign in with."""
    said = await _json(fetching.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration", JSON, most=MOST_BYTES))
    if said.get("issuer") != issuer:
        raise Problem(f"it calls itself {str(said.get('issuer'))[:120]}, not {issuer}")
    found = {name: _address(said, name) for name in ENDPOINTS}
    if said.get("userinfo_endpoint"):
        found["userinfo_endpoint"] = _address(said, "userinfo_endpoint")
    _needs(said, "response_types_supported", {"code"}, "code")
    # Left out by some who can do it (Entra): only a list without it says no.
    _needs(said, "code_challenge_methods_supported", {"S256"}, "S256")
    _needs(said, "id_token_signing_alg_values_supported", set(oidc_keys.ALGORITHMS), "RS256")
    ways = _list(said, "token_endpoint_auth_methods_supported", "client_secret_basic")
    if not {"client_secret_basic", "client_secret_post"} & ways:
        raise Problem("its token endpoint takes neither client_secret_basic nor client_secret_post")
    return found | {
        "is_basic": "client_secret_basic" in ways,
        "names_itself": said.get("authorization_response_iss_parameter_supported") is True,
    }


def _list(said: dict[str, Any], name: str, otherwise: str) -> set[str]:
    found = said.get(name, [otherwise])
    return {one for one in found if isinstance(one, str)} if isinstance(found, list) else set()


def _needs(said: dict[str, Any], name: str, wanted: set[str], otherwise: str) -> None:
    if not wanted & _list(said, name, otherwise):
        raise Problem(f"{name} has none of {', '.join(sorted(wanted))}")


def _address(said: dict[str, Any], name: str) -> str:
    value = said.get(name)
    try:
        if isinstance(value, str) and len(value) < 2000 and value.isascii() and value.isprintable():
            return fetching.checked_address(value)
    except Refused:
        pass
    raise Problem(f"{name} is no https address outside of our network")


async def _json(asked: Awaitable[fetching.Answered]) -> dict[str, Any]:
    import aiohttp

    try:
        answered = await asked
        said = json.loads(answered.body)
    except fetching.Unsafe as unsafe:
        raise Problem(str(unsafe)) from None
    except Refused:
        raise Problem("its address is none outside of our network") from None
    except (OSError, TimeoutError, aiohttp.ClientError) as error:
        raise Problem(f"it does not answer: {type(error).__name__}") from None
    except (ValueError, RecursionError):
        raise Problem("it does not answer in JSON") from None
    if not isinstance(said, dict):
        raise Problem("it does not answer with an object")
    if answered.status != 200:
        raise Problem(f"it answers {answered.status} {_plain(said.get('error'))}")
    return said


def _plain(value: Any) -> str:
    """A word of the provider's for our page of settings."""
    return "".join(letter for letter in str(value or "")[:80] if letter.isascii() and letter.isprintable())


async def refresh(provider: OidcProvider) -> None:
    """Its document anew once a day; while it does not answer, what was said before counts."""
    if provider.found_at is not None and now() - provider.found_at < DAY:
        return
    try:
        provider.found, provider.found_at = await discover(provider.issuer), now()
    except Problem:
        return
    await provider.save(update_fields=["found", "found_at"])


# The request and its answer --------------------------------------------------------------------------------------


def request_address(
    provider: OidcProvider, *, state: str, nonce: str, verifier: str, language: str, again: bool
) -> str:  # fmt: skip
    """Where the browser goes. `again`: the provider shall ask for the password, whoever is signed in there."""
    endpoint = str(provider.found["authorization_endpoint"])
    asked = {
        "response_type": "code", "client_id": provider.client_id, "redirect_uri": redirect_uri(provider),
        "scope": SCOPES, "state": state, "nonce": nonce, "code_challenge": challenge_of(verifier),
        "code_challenge_method": "S256", "ui_locales": language,
    } | ({"prompt": "login", "max_age": "0"} if again else {})  # fmt: skip
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked, quote_via=quote)}"


def challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


async def said_of(provider: OidcProvider, code: str, *, verifier: str, nonce: str) -> Said:
    """Exchange the code, judge the ID token, and ask for the address where the token has none. Raises Problem."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri(provider),
            "code_verifier": verifier}  # fmt: skip
    headers = JSON | {"Content-Type": "application/x-www-form-urlencoded"}
    secret = str(vault.unseal(provider.sealed)["client_secret"])
    if provider.found["is_basic"]:  # each half form-encoded first: RFC 6749, 2.3.1
        pair = f"{quote_plus(provider.client_id)}:{quote_plus(secret)}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    else:
        form |= {"client_id": provider.client_id, "client_secret": secret}
    body = urlencode(form).encode()
    got = await _json(fetching.post(provider.found["token_endpoint"], body, headers, most=MOST_BYTES))
    claims = await _claims(provider, got.get("id_token"), nonce)
    if "email" not in claims and provider.found.get("userinfo_endpoint"):
        claims = await _more(provider, got.get("access_token"), claims)
    return _said(claims)


async def _more(provider: OidcProvider, access_token: Any, claims: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(access_token, str) or not access_token.isascii() or not access_token.isprintable():
        raise Problem("no access token came with the ID token")
    headers = JSON | {"Authorization": f"Bearer {access_token}"}
    more = await _json(fetching.get(provider.found["userinfo_endpoint"], headers, most=MOST_BYTES))
    if more.get("sub") != claims["sub"]:  # Core 5.3.2: or somebody else's address would be taken for theirs
        raise Problem("the userinfo endpoint speaks of somebody else")
    return more | claims


# The ID token (Core 3.1.3.7) -------------------------------------------------------------------------------------


async def _claims(provider: OidcProvider, token: Any, nonce: str) -> dict[str, Any]:
    if not isinstance(token, str) or not 20 <= len(token) <= LONGEST:
        raise Problem("no ID token came, or one that is too long")
    try:
        header = jwt.get_unverified_header(token)
        if "crit" in header or "b64" in header:
            raise Problem("the ID token's header asks for what is not understood (crit)")
        algorithm = header.get("alg")
        if algorithm not in oidc_keys.ALGORITHMS:
            raise Problem(f"the ID token is signed by {_plain(algorithm) or 'nothing'}, not RS256 or ES256")
        key = await oidc_keys.key_for(provider, algorithm, header.get("kid"), fetch_keys)
        said: dict[str, Any] = jwt.decode(
            token, key, algorithms=[algorithm], audience=provider.client_id, issuer=provider.issuer, leeway=SKEW,
            options={"require": ["iss", "sub", "aud", "exp", "iat"]},
        )  # fmt: skip
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
        raise Problem(f"{type(error).__name__}: {_plain(error)}") from None
    _ours(provider, said, nonce)
    return said


def _ours(provider: OidcProvider, said: dict[str, Any], nonce: str) -> None:
    """Made for us alone, for this very request, just now. Raises Problem."""
    if said["aud"] not in (provider.client_id, [provider.client_id]):
        raise Problem("the ID token is for others too (aud)")
    if said.get("azp", provider.client_id) != provider.client_id:
        raise Problem("the ID token was made for another client (azp)")
    if not hmac.compare_digest(str(said.get("nonce", "")).encode("utf-8", "replace"), nonce.encode()):
        raise Problem("the ID token answers another request (nonce)")
    if now().timestamp() - float(said["iat"]) > OLDEST + SKEW:
        raise Problem("the ID token was made more than ten minutes ago")
    if not said["sub"] or len(said["sub"]) > 255 or any(ord(letter) < 32 for letter in said["sub"]):
        raise Problem("sub is no text of at most 255 characters")


async def fetch_keys(provider: OidcProvider) -> dict[str, Any]:
    return await _json(fetching.get(provider.found["jwks_uri"], JSON, most=MOST_BYTES))


def _said(claims: dict[str, Any]) -> Said:
    # Entra says in xms_edov what others say in email_verified: without it, whoever runs a tenant there writes any
    # address into it.
    is_verified = any(claims.get(name) in (True, "true", 1, "1") for name in ("email_verified", "xms_edov"))
    email, moment = _text(claims, "email", 254), claims.get("auth_time")
    names = {name: _text(claims, name, 160) for name in ("name", "given_name", "family_name")}
    return Said(
        subject=claims["sub"], email=email if is_verified else "", locale=_text(claims, "locale", 8)[:2],
        names={name: value for name, value in names.items() if value}, authenticated_at=_moment(moment),
    )  # fmt: skip


def _text(claims: dict[str, Any], name: str, longest: int) -> str:
    value = claims.get(name, "")
    return value if isinstance(value, str) and len(value) <= longest and value.isprintable() else ""


def _moment(value: Any) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 10**11:
        return None
    return min(datetime.fromtimestamp(value, UTC), now())
