"""Signing in at an identity provider, over real sockets: who comes in, as whom, and what is refused."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
from at_the_door import enter, give_password, is_in, token_of
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from access import totp
from access.actions import factor, oidc_providers
from access.forms import NewProvider
from access.oidc_models import OidcProvider, OidcTie
from core import vault
from core.clock import now
from core.database import rows, write
from core.principal import SYSTEM
from customers.models import Person
from customers.suppressing import mark_erased
from factories import a_person, staff
from fakes.openid import FakeOpenID, Key
from fakes.receiver import Receiver

SETTINGS = "/staff/settings/oidc"


@pytest.fixture
async def provider(house):
    async with FakeOpenID() as fake:
        yield fake


async def connect(provider, **more):
    typed = {"name": "Company ID", "slug": "company", "issuer": provider.issuer, "client_id": provider.client_id,
             "client_secret": provider.client_secret, "for_staff": True, "for_customers": True,
             "adds_members": True} | more  # fmt: skip
    return await oidc_providers.connect(NewProvider(**typed), by=SYSTEM)


async def set_out(web, *, next: str = "", again: bool = False) -> str:
    """Press the button; returns where the page leads, as its header says and its link."""
    page = await web.submit("/sign-in/with/company", {"next": next} | ({"again": "on"} if again else {}))
    assert page.status_code == 200, page.text
    address = page.headers["refresh"].removeprefix("0; url=")
    assert address in unescape(page.text)
    return address


async def at_the_provider(provider, address: str) -> str:
    """The browser at the provider; returns the path on which it comes back."""
    answer = await provider.http.get(address)
    assert answer.status_code == 302, answer.text
    back = urlsplit(answer.headers["location"])
    return f"{back.path}?{back.query}"


async def come(web, provider, *, next: str = "", again: bool = False):
    return await web.get(await at_the_provider(provider, await set_out(web, next=next, again=again)))


async def test_a_known_address_comes_in_and_is_tied_to_the_account_there(web, provider):
    hana = await a_person(email="hanako@example.jp")
    await connect(provider)
    assert "Company ID" in (await web.get("/sign-in?next=/help")).text
    before = token_of(web)
    came = await come(web, provider, next="/community?x=1")
    assert (came.status_code, came.headers["location"]) == (303, "/community?x=1")
    assert came.headers["referrer-policy"] == "no-referrer"
    assert token_of(web) != before
    assert await is_in(web)
    [tie] = await OidcTie.all()
    assert (tie.subject, tie.person_id) == (provider.person["sub"], hana.id)
    assert (await rows("SELECT way FROM session"))[0][0] == "oidc"
    # From now on the account counts and not the address, which may change there.
    provider.person |= {"email": "new@example.jp", "email_verified": False}
    other = web.another()
    assert (await come(other, provider)).status_code == 303
    assert (await rows("SELECT COUNT(*) FROM person"))[0][0] == 1
    assert (await Person.get(id=hana.id)).email == "hanako@example.jp"
    asked = provider.asked[0]
    assert (asked["code_challenge_method"], asked["scope"]) == ("S256", "openid email profile")
    assert not {asked["state"], asked["nonce"]} & {provider.asked[1]["state"], provider.asked[1]["nonce"]}
    assert provider.refused == []
    assert await rows("SELECT 1 FROM audit_entry WHERE action = 'oidc.tie' AND target_id = ?", hana.id)
    assert await rows("SELECT 1 FROM oidc_try") == []


async def test_each_sign_in_makes_a_new_session_and_closes_the_one_before(web, provider):
    await connect(provider)
    tokens = []
    for _n in range(2):
        assert (await come(web, provider)).status_code == 303
        tokens.append(token_of(web))
    assert tokens[0] != tokens[1]
    assert (await rows("SELECT COUNT(*) FROM session WHERE revoked_at IS NULL"))[0][0] == 1


async def test_who_is_unknown_becomes_a_member_only_where_that_was_said(web, provider):
    made = await connect(provider, adds_members=False)
    refused = await come(web, provider)
    assert (refused.status_code, await Person.all().count()) == (422, 0)
    assert "登録されていません" in refused.text
    await OidcProvider.filter(id=made.id).update(adds_members=True)
    provider.person |= {"locale": "en-GB"}
    assert (await come(web, provider)).status_code == 303
    person = await Person.get(email="hanako@example.jp")
    assert (person.family_name, person.given_name, person.kind, person.locale) == ("田中", "花子", "customer", "en")
    assert await rows("SELECT 1 FROM identity WHERE kind = 'email' AND verified_at IS NOT NULL")
    assert await rows("SELECT 1 FROM role_assignment") == []


async def test_staff_come_in_when_they_are_staff_already_and_only_where_staff_may(web, provider):
    boss = await staff("admin", email="hanako@example.jp")
    made = await connect(provider, for_staff=False)
    assert (await come(web, provider)).status_code == 422
    assert not await is_in(web)
    await OidcProvider.filter(id=made.id).update(for_staff=True, for_customers=False)
    assert (await come(web, provider)).headers["location"] == "/staff"
    assert (await OidcTie.get(person_id=boss.id)).subject == provider.person["sub"]
    customer = await a_person(email="kyaku@example.jp")
    provider.person |= {"sub": "2", "email": "kyaku@example.jp"}
    assert (await come(web.another(), provider)).status_code == 422
    provider.person |= {"sub": "3", "email": "nobody@example.jp"}
    assert (await come(web.another(), provider)).status_code == 422
    assert await OidcTie.filter(person_id=customer.id).count() == 0
    assert await Person.all().count() == 2


async def test_an_imported_address_does_not_open_the_account_of_staff(web, provider):
    boss = await staff("admin", email="boss@example.jp")
    await write("INSERT INTO identity (kind, value, person_id, source, created_at) VALUES ('email',"
                " 'hanako@example.jp', ?, 'import', ?)", boss.id, boss.created_at)  # fmt: skip
    await connect(provider)
    assert (await come(web, provider)).status_code == 422
    assert await OidcTie.all().count() == 0


async def test_an_address_that_was_given_to_somebody_else_is_refused_until_it_is_untied(web, provider):
    hana = await a_person(email="hanako@example.jp")
    await connect(provider)
    assert (await come(web, provider)).status_code == 303
    provider.person |= {"sub": "the next in line"}
    other = web.another()
    refused = await come(other, provider)
    assert refused.status_code == 409
    assert "別のアカウントが結び付いています" in refused.text
    assert not await is_in(other)
    [tie] = await OidcTie.all()
    assert "Company ID" in (await web.get("/me")).text
    assert (await web.submit(f"/me/providers/{tie.id}", {"_method": "DELETE"})).status_code == 303
    assert (await come(other, provider)).status_code == 303
    assert (await OidcTie.get(person_id=hana.id)).subject == "the next in line"


async def test_somebody_elses_tie_is_not_mine_to_untie(web, sign_in, provider):
    await a_person(email="hanako@example.jp")
    await connect(provider)
    await come(web, provider)
    [tie] = await OidcTie.all()
    other = await sign_in(await a_person(), web.another())
    assert (await other.submit(f"/me/providers/{tie.id}", {"_method": "DELETE"})).status_code == 404
    boss = await sign_in(await staff("admin"), web.another())
    colleague = await staff("agent")
    await OidcTie.filter(id=tie.id).update(person_id=colleague.id)
    assert "Company ID" in (await boss.get(f"/staff/settings/people/{colleague.id}")).text
    path = f"/staff/settings/people/{colleague.id}/providers/{tie.id}"
    assert (await boss.submit(path, {"_method": "DELETE"})).status_code == 303
    assert await OidcTie.all().count() == 0


@pytest.mark.parametrize("state", ["suspended", "erased"])
async def test_who_is_locked_or_erased_stays_outside(web, provider, state):
    hana = await a_person(email="hanako@example.jp")
    await connect(provider)
    if state == "erased":
        await write("DELETE FROM identity WHERE person_id = ?", hana.id)
        await mark_erased([("email", "hanako@example.jp")])
    await write("UPDATE person SET state = ? WHERE id = ?", state, hana.id)
    refused = await come(web, provider)
    assert (refused.status_code, await is_in(web)) == (422, False)
    assert "ロック" in refused.text
    assert await Person.all().count() == 1


async def test_an_address_that_nobody_verified_is_none(web, provider):
    await a_person(email="hanako@example.jp")
    await connect(provider)
    for verified in (False, None, "yes", 0, "false", []):
        provider.person["email_verified"] = verified
        refused = await come(web, provider)
        assert (refused.status_code, await is_in(web), await OidcTie.all().count()) == (422, False, 0), verified


async def test_only_the_domains_that_were_named_come_in_and_whole(web, provider):
    await connect(provider, domains="example.jp\nother.example")
    for email in ("hanako@attacker-example.jp", "hanako@example.jp.evil.test", "hanako@sub.example.jp",
                  "hanako@example.jp@evil.test", "@example.jp", "example.jp"):  # fmt: skip
        provider.person["email"] = email
        assert (await come(web, provider)).status_code == 422, email
    assert await Person.all().count() == 0
    for email in ("hanako@EXAMPLE.jp", "hanako@example.jp"):
        provider.person["email"] = email
        assert (await come(web.another(), provider)).status_code == 303, email


async def test_the_second_factor_is_asked_whatever_the_provider_asked(web, provider):
    hana = await a_person(email="hanako@example.jp")
    await factor.begin(hana.id)
    secret = (await factor.beginning(hana.id, "Engawa")).secret
    await write("UPDATE second_factor SET confirmed_at = ? WHERE person_id = ?", hana.created_at, hana.id)
    await connect(provider)
    provider.claims = {"amr": ["pwd", "mfa"]}
    came = await come(web, provider, next="/community")
    assert came.headers["location"] == "/sign-in/second-factor?next=%2Fcommunity"
    assert not await is_in(web)
    code = totp.code_at(secret, int(time.time()) // 30)
    passed = await web.submit("/sign-in/second-factor", {"code": code, "next": "/community"})
    assert (passed.status_code, passed.headers["location"]) == (303, "/community")
    assert await is_in(web)


async def test_dangerous_pages_ask_again_and_the_provider_may_answer(web, provider):
    """Whoever is signed in at the provider all day long proved nothing just now."""
    await staff("admin", email="hanako@example.jp")
    await connect(provider)
    await come(web, provider)
    sent = await web.get(SETTINGS)
    assert (sent.status_code, sent.headers["location"]) == (303, "/sign-in/again?next=%2Fstaff%2Fsettings%2Foidc")
    assert "/sign-in/with/company" in (await web.get("/sign-in/again")).text
    assert (await come(web, provider, next=SETTINGS, again=True)).headers["location"] == SETTINGS
    assert (provider.asked[-1]["prompt"], provider.asked[-1]["max_age"]) == ("login", "0")
    assert (await web.get(SETTINGS)).status_code == 200
    provider.claims = {"auth_time": int(time.time()) - 3600}  # it did not ask, and says so
    await come(web, provider, again=True)
    assert (await web.get(SETTINGS)).status_code == 303


# What a token has to be ------------------------------------------------------------------------------------------


def part(value) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def unsigned(claims):
    return f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims)}."


def by_the_public_key(provider):
    """HS256 with the public key as the secret: who compares what the token asks for would take it."""
    key = provider.keys[0]
    pem = key.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def sign(claims):
        body = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': key.kid})}.{part(claims)}"
        made = hmac.new(pem, body.encode(), hashlib.sha256).digest()
        return f"{body}.{base64.urlsafe_b64encode(made).decode().rstrip('=')}"

    return sign


NOW = 0  # times are said from the moment of the test
BENT = {
    "another nonce": {"nonce": "x" * 43}, "no nonce": {"nonce": None}, "a nonce of another kind": {"nonce": ["x"]},
    "for another": {"aud": "somebody else"}, "for others too": {"aud": ["engawa: client", "somebody else"]},
    "for nobody": {"aud": None}, "by another client": {"azp": "somebody else"},
    "of another issuer": {"iss": "https://evil.example"}, "of no issuer": {"iss": None},
    "expired": {"exp": NOW - 120}, "without an end": {"exp": None}, "of tomorrow": {"iat": NOW + 86400},
    "made long ago": {"iat": NOW - 3600}, "without a time": {"iat": None}, "not yet": {"nbf": NOW + 600},
    "nobody": {"sub": None}, "an empty somebody": {"sub": ""}, "a long somebody": {"sub": "x" * 256},
    "a control character": {"sub": "a\x00b"},
}  # fmt: skip


async def test_an_id_token_that_is_not_right_opens_nothing(web, provider):
    await a_person(email="hanako@example.jp")
    made = await connect(provider)
    for name, bent in BENT.items():
        moment = int(time.time())
        provider.claims = {claim: value + moment if claim in ("exp", "iat", "nbf") and value is not None else value
                           for claim, value in bent.items()}  # fmt: skip
        refused = await come(web, provider)
        assert (refused.status_code, await is_in(web), await OidcTie.all().count()) == (422, False, 0), name
        assert "うまくいきませんでした" in refused.text
        assert (await OidcProvider.get(id=made.id)).problem != ""
        await OidcProvider.filter(id=made.id).update(problem="")


async def test_clocks_may_differ_by_a_minute(web, provider):
    await connect(provider)
    moment = int(time.time())
    for claims in ({"exp": moment - 40}, {"iat": moment + 40}, {"aud": ["engawa: client"], "azp": "engawa: client"}):
        provider.claims = claims
        assert (await come(web.another(), provider)).status_code == 303, claims


async def test_the_signature_is_by_a_key_the_provider_names_and_by_no_other_way(web, provider):
    await connect(provider)
    stranger, small = Key("RS256", "one"), Key("ES256", "one")
    ways = {
        "none": unsigned, "HS256 by the public key": by_the_public_key(provider), "another's key": stranger.sign,
        "another kind of key of this name": small.sign, "cut": lambda claims: provider.keys[0].sign(claims)[:-3],
        "RS512": lambda claims: jwt.encode(claims, provider.keys[0].private, "RS512", {"kid": "one"}),
        "crit": lambda claims: jwt.encode(claims, provider.keys[0].private, "RS256",
                                          {"kid": "one", "crit": ["x"], "x": 1}),
        "nothing": lambda _claims: "", "no text": lambda _claims: 7, "long": lambda _claims: "x" * 20_000,
        "dots": lambda _claims: "a.b.c" * 20,
    }  # fmt: skip
    for name, sign in ways.items():
        provider.sign = sign
        assert (await come(web, provider)).status_code == 422, name
    assert not await is_in(web)
    assert await Person.all().count() == 0


async def test_keys_that_changed_are_fetched_anew_and_old_ones_open_nothing_more(web, provider):
    await connect(provider)
    assert (await come(web.another(), provider)).status_code == 303
    old = provider.keys[0]
    for algorithm in ("RS256", "ES256"):
        provider.rotate(algorithm)
        assert (await come(web.another(), provider)).status_code == 303, algorithm
    provider.sign = old.sign
    assert (await come(web, provider)).status_code == 422
    nameless = Key("RS256", "three")
    del nameless.jwk["kid"]
    provider.keys = [nameless]
    provider.sign = lambda claims: jwt.encode(claims, nameless.private, "RS256")
    assert (await come(web.another(), provider)).status_code == 303
    again = Key("RS256", "four")
    del again.jwk["kid"]
    provider.keys = [nameless, again]
    await write("UPDATE oidc_provider SET signing_at = NULL")
    assert (await come(web, provider)).status_code == 422, "two keys without a name: which one signed?"
    for bend in ({"use": "enc"}, {"alg": "RS512"}, {"kty": "oct"}, {"key_ops": ["encrypt"]}, {"n": "AQAB"}):
        provider.rotate()
        provider.keys[0].jwk |= bend
        provider.sign = lambda claims: provider.keys[0].sign(claims)
        assert (await come(web, provider)).status_code == 422, bend


async def test_the_address_may_come_from_the_userinfo_endpoint_of_the_same_person(web, provider):
    await connect(provider)
    provider.has_userinfo_only = True
    assert (await come(web.another(), provider)).status_code == 303
    assert await Person.filter(email="hanako@example.jp").count() == 1
    provider.claims = {"sub": "somebody else"}  # the ID token's; userinfo still speaks of the first
    assert (await come(web, provider)).status_code == 422
    assert not await is_in(web)


# The way there and back ------------------------------------------------------------------------------------------


async def test_an_answer_counts_once_and_only_in_the_browser_that_set_out(web, provider):
    await connect(provider)
    back = await at_the_provider(provider, await set_out(web))
    thief = web.another()
    assert (await thief.get(back)).status_code == 422
    assert not await is_in(thief)
    kept = {cookie.name: cookie.value for cookie in web.cookies.jar}
    came = await asyncio.gather(*[web.get(back) for _n in range(4)])
    assert sorted(one.status_code for one in came) == [303, 422, 422, 422]
    assert not [name for name in web.cookies if name.startswith("oidc-")], "its cookie is taken away"
    replayed = web.another()
    for name, value in kept.items():
        replayed.cookies.set(name, value)
    assert (await replayed.get(back)).status_code == 422
    assert provider.refused == [], "a code that was used is not sent to the provider again"


async def test_two_tabs_do_not_take_each_others_answer(web, provider):
    await connect(provider)
    first, second = await set_out(web, next="/help"), await set_out(web, next="/community")
    for address, wanted in ((second, "/community"), (first, "/help")):
        assert (await web.get(await at_the_provider(provider, address))).headers["location"] == wanted


async def test_an_answer_that_is_late_forged_or_of_another_provider_opens_nothing(web, provider):
    await connect(provider)
    back = await at_the_provider(provider, await set_out(web))
    await write("UPDATE oidc_try SET expires_at = ?", now() - timedelta(seconds=1))
    assert (await web.get(back)).status_code == 422
    for bend in ({"state": "x"}, {"state": ""}, {"iss": "https://evil.example"}, {"iss": None}, {"code": "wrong"},
                 {"code": ""}, {"code": None, "error": "access_denied"}):  # fmt: skip
        back = await at_the_provider(provider, await set_out(web))
        path, _mark, query = back.partition("?")
        asked = {name: value[0] for name, value in parse_qs(query).items()} | bend
        bent = urlencode({name: value for name, value in asked.items() if value is not None})
        assert (await web.get(f"{path}?{bent}")).status_code == 422, bend
    async with FakeOpenID(redirect_uri="http://127.0.0.1:8000/sign-in/with/other/back") as other:
        await connect(other, slug="other")
        back = await at_the_provider(provider, await set_out(web))
        assert (await web.get(back.replace("/company/", "/other/"))).status_code == 422
    assert (await web.get("/sign-in/with/nothing/back?code=x&state=y")).status_code == 404
    assert not await is_in(web)
    assert await Person.all().count() == 0


async def test_the_way_back_stays_in_the_house(web, provider):
    await connect(provider)
    for asked, lands in (("/help?a=b", "/help?a=b"), ("https://evil.example/", "/"), ("//evil.example", "/"),
                         ("/\\evil.example", "/"), ("javascript:x", "/"), ("/\tevil", "/"), ("", "/")):  # fmt: skip
        assert (await come(web.another(), provider, next=asked)).headers["location"] == lands, asked


async def test_a_get_starts_nothing_and_the_form_of_another_site_neither(web, provider):
    await connect(provider)
    assert (await web.get("/sign-in/with/company")).status_code == 405
    assert (await web.submit("/sign-in/with/company", headers={"origin": "https://evil.example"})).status_code == 403
    assert (await web.post("/sign-in/with/company", data={})).status_code == 403
    assert await rows("SELECT 1 FROM oidc_try") == []


async def test_who_sets_out_again_and_again_has_to_wait(web, provider):
    await connect(provider)
    for _n in range(30):
        await set_out(web)
    assert (await web.submit("/sign-in/with/company")).status_code == 429


async def test_a_provider_that_fails_is_a_sentence_and_never_an_error_of_ours(web, provider):
    made = await connect(provider)
    for fault in ({"operation": "token", "status": 500}, {"operation": "token", "drop": True},
                  {"operation": "keys", "status": 503}, {"operation": "token", "status": 200, "body": []}):  # fmt: skip
        await write("UPDATE oidc_provider SET signing_at = NULL")
        provider.faults.next(**fault)
        assert (await come(web, provider)).status_code == 422, fault
        assert (await OidcProvider.get(id=made.id)).problem != ""
        await OidcProvider.filter(id=made.id).update(problem="")
    await write("UPDATE oidc_provider SET found_at = NULL")  # its document is asked again, and does not come
    provider.faults.next(operation="openid-configuration", status=500)
    assert (await come(web, provider)).status_code == 303


# Connecting ------------------------------------------------------------------------------------------------------


def typed(provider, **more):
    return {"name": "Company ID", "slug": "company", "issuer": provider.issuer, "client_id": provider.client_id,
            "client_secret": provider.client_secret, "for_customers": "on", "domains": "example.jp"} | more  # fmt: skip


async def test_an_administrator_connects_changes_and_ends_a_provider(web, sign_in, provider):
    await sign_in(await staff("admin"))
    made = await web.submit(SETTINGS, typed(provider))
    assert made.status_code == 303, made.text
    page = made.headers["location"]
    [kept] = await OidcProvider.all()
    assert provider.client_secret not in str([tuple(row) for row in await rows("SELECT * FROM oidc_provider")])
    assert vault.unseal(kept.sealed) == {"client_secret": provider.client_secret}
    for language in ("ja", "en"):
        web.cookies.set("language", language)
        for path in (SETTINGS, page):
            shown = await web.get(path)
            assert shown.status_code == 200
            assert provider.client_secret not in shown.text
    assert "http://127.0.0.1:8000/sign-in/with/company/back" in (await web.get(page)).text
    assert (await web.submit(SETTINGS, typed(provider))).status_code == 409
    change = {name: value for name, value in typed(provider).items() if name not in ("slug", "issuer")}
    changed = await web.submit(page, change | {"client_secret": "", "domains": "a.jp B.jp", "for_staff": "on"})
    assert changed.status_code == 303
    kept = await OidcProvider.get(id=kept.id)
    assert (kept.domains, kept.for_staff) == (["a.jp", "b.jp"], True)
    assert vault.unseal(kept.sealed) == {"client_secret": provider.client_secret}
    await web.submit(page, change | {"client_secret": "another"})
    assert vault.unseal((await OidcProvider.get(id=kept.id)).sealed) == {"client_secret": "another"}
    assert (await web.submit(page, change | {"for_customers": ""})).status_code == 422
    assert (await web.submit(page, {"_method": "DELETE"})).status_code == 303
    assert (await web.get(page)).status_code == 404
    assert "Company ID" not in (await web.another().get("/sign-in")).text
    assert (await web.submit("/sign-in/with/company")).status_code == 404
    assert (await web.submit(SETTINGS, typed(provider))).status_code == 303, "the name is free again"
    done = [row[0] for row in await rows("SELECT action FROM audit_entry WHERE action LIKE 'oidc%' ORDER BY id")]
    assert done == ["oidc.connect", "oidc.change", "oidc.change", "oidc.end", "oidc.connect"]
    assert "another" not in str([tuple(row) for row in await rows("SELECT before, after FROM audit_entry")])


async def test_what_is_no_provider_is_refused_with_what_was_wrong(web, sign_in, provider):
    await sign_in(await staff("admin"))
    for bend in (
        {"issuer": "https://evil.example"}, {"jwks_uri": "http://10.0.0.1/keys"}, {"token_endpoint": None},
        {"authorization_endpoint": "javascript:alert(1)"}, {"userinfo_endpoint": "ftp://x"},
        {"response_types_supported": ["id_token"]}, {"code_challenge_methods_supported": ["plain"]},
        {"id_token_signing_alg_values_supported": ["HS256"]},
        {"token_endpoint_auth_methods_supported": ["private_key_jwt"]},
    ):  # fmt: skip
        provider.document = bend
        assert (await web.submit(SETTINGS, typed(provider))).status_code == 422, bend
    provider.document = {}
    provider.faults.next(operation="openid-configuration", status=200, body=["x"])
    async with Receiver() as other:
        for more in ({}, {"issuer": "https://10.0.0.1"}, {"issuer": "http://example.com"}, {"issuer": "x"},
                     {"issuer": other.url}, {"for_customers": ""}, {"slug": "a/b"}, {"domains": "no domain"},
                     {"domains": "*.example.jp"}, {"client_secret": ""}):  # fmt: skip
            assert (await web.submit(SETTINGS, typed(provider, **more))).status_code == 422, more
    assert await OidcProvider.all().count() == 0
    await sign_in(await staff("manager"))
    assert (await web.get(SETTINGS)).status_code == 403


async def test_what_providers_leave_out_and_the_secret_in_the_body(web, provider):
    """Entra names no PKCE methods; some take the secret only in the body."""
    provider.document = {"code_challenge_methods_supported": None,
                         "token_endpoint_auth_methods_supported": ["client_secret_post"]}  # fmt: skip
    provider.document = {k: v for k, v in provider.document.items() if v is not None}
    taken: list[dict[str, str]] = []

    def is_client(request):
        return True

    provider._is_client = is_client
    usual = provider._token

    async def token(request):
        taken.append({name: str(value) for name, value in (await request.post()).items()})
        return await usual(request)

    provider._token = token
    await connect(provider)
    assert (await come(web, provider)).status_code == 303
    assert (taken[0]["client_id"], taken[0]["client_secret"]) == (provider.client_id, provider.client_secret)
    assert "code_verifier" in taken[0]


async def test_a_password_stays_a_way_in(web, provider):
    hana = await a_person(email="hanako@example.jp")
    await give_password(hana)
    await connect(provider)
    assert (await come(web, provider)).status_code == 303
    assert (await enter(web.another(), hana)).status_code == 303
