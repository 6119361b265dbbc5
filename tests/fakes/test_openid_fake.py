"""The fake provider refuses what a real one would, so that signing in against it proves something."""

import base64
import hashlib
from urllib.parse import parse_qs, quote_plus, urlsplit

import jwt
import pytest

from fakes.openid import FakeOpenID

BACK = "https://app.example/back"
VERIFIER = "v" * 50
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


@pytest.fixture
async def provider():
    async with FakeOpenID(redirect_uri=BACK) as fake:
        yield fake


def request(provider, **more):
    asked = {"response_type": "code", "client_id": provider.client_id, "redirect_uri": BACK, "scope": "openid email",
             "state": "s" * 30, "nonce": "n" * 30, "code_challenge": CHALLENGE,
             "code_challenge_method": "S256"} | more  # fmt: skip
    return {name: value for name, value in asked.items() if value is not None}


async def go(provider, **more):
    return await provider.http.get(f"{provider.issuer}/authorize", params=request(provider, **more))


def said_in(answer):
    return {name: value[0] for name, value in parse_qs(urlsplit(answer.headers["location"]).query).items()}


async def exchange(provider, code, *, secret=None, **more):
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER} | more
    auth = (quote_plus(provider.client_id), quote_plus(secret or provider.client_secret))
    return await provider.http.post(f"{provider.issuer}/token", data=form, auth=auth)


async def test_a_right_request_gets_a_code_and_that_an_id_token(provider):
    back = said_in(await go(provider))
    assert (back["state"], back["iss"]) == ("s" * 30, provider.issuer)
    got = (await exchange(provider, back["code"])).json()
    [jwk] = (await provider.http.get(f"{provider.issuer}/keys")).json()["keys"]
    assert "d" not in jwk
    claims = jwt.decode(got["id_token"], jwt.PyJWK(jwk).key, algorithms=["RS256"], audience=provider.client_id,
                        issuer=provider.issuer)  # fmt: skip
    assert (claims["sub"], claims["nonce"]) == (provider.person["sub"], "n" * 30)
    info = await provider.http.get(f"{provider.issuer}/userinfo",
                                   headers={"Authorization": f"Bearer {got['access_token']}"})  # fmt: skip
    assert info.json()["sub"] == claims["sub"]
    assert provider.refused == []


@pytest.mark.parametrize("wrong", [{"redirect_uri": "https://evil.example/back"}, {"redirect_uri": BACK + "/x"},
                                   {"redirect_uri": None}, {"client_id": "another"}])  # fmt: skip
async def test_it_sends_nobody_to_an_address_it_does_not_know(provider, wrong):
    answer = await go(provider, **wrong)
    assert (answer.status_code, "location" in answer.headers) == (400, False)
    assert provider.codes == {}


@pytest.mark.parametrize("wrong", [
    {"code_challenge": None}, {"code_challenge_method": "plain"}, {"code_challenge": "short"}, {"state": None},
    {"nonce": None}, {"scope": "email"}, {"response_type": "id_token"},
])  # fmt: skip
async def test_a_request_without_its_guards_gets_no_code(provider, wrong):
    back = said_in(await go(provider, **wrong))
    assert "code" not in back
    assert back["error"] in ("invalid_request", "invalid_scope", "unsupported_response_type")


async def test_a_code_is_exchanged_once_by_its_client_with_its_verifier(provider):
    for more, status in (({"secret": "wrong"}, 401), ({"code_verifier": "w" * 50}, 400), ({"code_verifier": ""}, 400),
                         ({"redirect_uri": "https://evil.example/"}, 400),
                         ({"grant_type": "password"}, 400)):  # fmt: skip
        code = said_in(await go(provider))["code"]
        assert (await exchange(provider, code, **more)).status_code == status, more
    code = said_in(await go(provider))["code"]
    assert (await exchange(provider, code)).status_code == 200
    again = await exchange(provider, code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert (
        await provider.http.get(f"{provider.issuer}/userinfo", headers={"Authorization": "Bearer x"})
    ).status_code == 401
