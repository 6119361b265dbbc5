"""A strict identity provider (OpenID Connect) on 127.0.0.1: whoever comes is `person`, nothing wrong passes.

It takes one client, one redirect address, the code flow with PKCE (S256) and client_secret_basic. What the next ID
token says or how it is signed can be bent: `claims`, `sign`.
"""

import base64
import hashlib
import secrets
import time
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import unquote_plus, urlencode

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from fakes.wire import HttpFake, Refusal


class Key:
    """A signing key with a name; `jwk` is its public half."""

    def __init__(self, algorithm: str, kid: str) -> None:
        self.algorithm, self.kid = algorithm, kid
        if algorithm == "RS256":
            self.private: Any = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            public = RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        else:
            self.private = ec.generate_private_key(ec.SECP256R1())
            public = ECAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        self.jwk = public | {"kid": kid, "use": "sig", "alg": algorithm}

    def sign(self, claims: dict[str, Any]) -> str:
        return jwt.encode(claims, self.private, algorithm=self.algorithm, headers={"kid": self.kid})


@cache
def first_key() -> Key:
    """The same for every fake of a run: making one takes longer than a sign-in."""
    return Key("RS256", "one")


class FakeOpenID(HttpFake):
    def __init__(self, *, redirect_uri: str = "http://127.0.0.1:8000/sign-in/with/company/back", **more: Any) -> None:
        super().__init__(**more)
        self.redirect_uri = redirect_uri
        self.client_id, self.client_secret = "engawa: client", "s3cret/+ and a blank"
        self.person: dict[str, Any] = {"sub": "248289761001", "email": "hanako@example.jp", "email_verified": True,
                                       "name": "田中 花子"}  # fmt: skip
        self.keys = [first_key()]
        self.claims: dict[str, Any] = {}  # over those of the next ID token; None takes one away
        self.sign: Callable[[dict[str, Any]], str] = lambda claims: self.keys[0].sign(claims)
        self.document: dict[str, Any] = {}  # over the discovery document
        self.has_userinfo_only = False  # the address is not in the ID token
        self.codes: dict[str, dict[str, str]] = {}
        self.tokens: set[str] = set()
        self.asked: list[dict[str, str]] = []  # the authorization requests
        self.denies = ""

    @property
    def issuer(self) -> str:
        return f"{self.origin}/realms/company"

    def rotate(self, algorithm: str = "RS256") -> None:
        self.keys = [Key(algorithm, secrets.token_hex(4))]

    def operation_of(self, request: web.Request) -> str:
        return request.path.rsplit("/", 1)[-1]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        known = {"openid-configuration": self._document, "authorize": self._authorize, "token": self._token,
                 "keys": self._keys, "userinfo": self._userinfo}  # fmt: skip
        answer = known.get(self.operation_of(request))
        if answer is None or not request.path.startswith("/realms/company/"):
            return web.json_response({"error": "not_found"}, status=404)
        return await answer(request)

    async def _document(self, _request: web.Request) -> web.Response:
        return web.json_response({
            "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/userinfo", "response_types_supported": ["code"],
            "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256", "ES256"],
            "code_challenge_methods_supported": ["S256"], "scopes_supported": ["openid", "email", "profile"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "authorization_response_iss_parameter_supported": True,
        } | self.document)  # fmt: skip

    # The browser comes ----------------------------------------------------------------------------------------

    async def _authorize(self, request: web.Request) -> web.Response:
        asked = dict(request.query)
        self.asked.append(asked)
        if asked.get("client_id") != self.client_id or asked.get("redirect_uri") != self.redirect_uri:
            return self._refuse("authorize", "invalid_request", 400)  # never sent on to an address it does not know
        if problem := self._wrong(asked) or self.denies:
            self._refuse("authorize", problem)
            return self._back({"error": problem, "state": asked.get("state", ""), "iss": self.issuer})
        code = secrets.token_urlsafe(24)
        self.codes[code] = asked
        return self._back({"code": code, "state": asked["state"], "iss": self.issuer})

    def _wrong(self, asked: dict[str, str]) -> str:
        if asked.get("response_type") != "code":
            return "unsupported_response_type"
        if "openid" not in asked.get("scope", "").split():
            return "invalid_scope"
        whole = len(asked.get("code_challenge", "")) == 43 and asked.get("code_challenge_method") == "S256"
        whole = whole and len(asked.get("state", "")) >= 22 and len(asked.get("nonce", "")) >= 22
        return "" if whole else "invalid_request"

    def _back(self, query: dict[str, str]) -> web.Response:
        return web.Response(status=302, headers={"Location": f"{self.redirect_uri}?{urlencode(query)}"})

    # The house asks -------------------------------------------------------------------------------------------

    async def _token(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        if request.method != "POST" or not self._is_client(request):
            return self._refuse("token", "invalid_client", 401)
        if form.get("grant_type") != "authorization_code":
            return self._refuse("token", "unsupported_grant_type", 400)
        asked = self.codes.pop(form.get("code", ""), None)  # once: a code that is used again is nobody's
        if asked is None or form.get("redirect_uri") != asked["redirect_uri"]:
            return self._refuse("token", "invalid_grant", 400)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if challenge.decode().rstrip("=") != asked["code_challenge"]:
            return self._refuse("token", "invalid_grant", 400)
        access_token = secrets.token_urlsafe(24)
        self.tokens.add(access_token)
        said = {"access_token": access_token, "token_type": "Bearer", "id_token": self.sign(self._said(asked))}
        return web.json_response(said, headers={"Cache-Control": "no-store"})

    def _is_client(self, request: web.Request) -> bool:
        kind, _blank, value = request.headers.get("Authorization", "").partition(" ")
        try:
            name, _colon, secret = base64.b64decode(value).decode().partition(":")
        except ValueError:
            return False
        return kind == "Basic" and (unquote_plus(name), unquote_plus(secret)) == (self.client_id, self.client_secret)

    def _said(self, asked: dict[str, str]) -> dict[str, Any]:
        moment = int(time.time() + self.clock.ahead)
        claims = {"iss": self.issuer, "aud": self.client_id, "iat": moment, "exp": moment + 300,
                  "nonce": asked["nonce"]}  # fmt: skip
        if asked.get("max_age") == "0":
            claims["auth_time"] = moment
        person = {"sub": self.person["sub"]} if self.has_userinfo_only else self.person
        bent = claims | person | self.claims
        return {name: value for name, value in bent.items() if value is not None}

    async def _keys(self, _request: web.Request) -> web.Response:
        return web.json_response({"keys": [one.jwk for one in self.keys]})

    async def _userinfo(self, request: web.Request) -> web.Response:
        kind, _blank, token = request.headers.get("Authorization", "").partition(" ")
        if kind != "Bearer" or token not in self.tokens:
            return self._refuse("userinfo", "invalid_token", 401)
        return web.json_response(self.person)

    def _refuse(self, operation: str, error: str, status: int = 302) -> web.Response:
        self.refused.append(Refusal(operation, status, error))
        return web.json_response({"error": error}, status=status)
