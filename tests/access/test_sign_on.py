"""Coming in with a token of the company's own product: what opens, what does not, whom it finds."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import time
import uuid

import jwt
import pytest
from at_the_door import is_in
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from access import tokens
from access.actions import sign_on
from core.database import rows, write
from core.principal import SYSTEM
from customers import people
from customers.models import Membership, Person
from factories import a_person, an_account, staff


async def a_product(**more):
    return await sign_on.connect("Product", "app", more.pop("algorithm", "HS256"), by=SYSTEM, **more)


def said(connection, **claims):
    moment = int(time.time())
    kept = {"aud": tokens.audience_of(connection), "sub": "user-7", "jti": str(uuid.uuid4()), "iat": moment,
            "exp": moment + 300, "email": "hanako@example.jp", "name": "田中 花子"} | claims  # fmt: skip
    return {name: value for name, value in kept.items() if value is not None}


def path_of(connection) -> str:
    return f"/sign-on/{connection.key}"


def pem(private) -> str:
    return private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


async def come(web, connection, token: str, target: str = ""):
    return await web.submit(f"{path_of(connection)}/entry", {"token": token, "return_to": target})


async def test_a_token_shows_a_button_and_only_that_signs_in_once(web):
    connection, secret = await a_product(trusts_email=True)
    account = await an_account("株式会社青空")
    await write("INSERT INTO account_source (account_id, source, source_id, digest, seen_at) VALUES (?, 'app', 'A-7',"
                " '', ?)", account.id, account.created_at)  # fmt: skip
    token = jwt.encode(said(connection, account="A-7", traits={"plan": "pro"}), secret, algorithm="HS256")
    for _n in range(3):
        shown = await web.get(path_of(connection), params={"token": token, "return_to": "/community"})
        assert (shown.status_code, shown.headers["referrer-policy"]) == (200, "same-origin")
        assert "田中 花子" in shown.text
    posted = await web.another().post(path_of(connection), data={"token": token},
                                      headers={"origin": "https://product.example"})  # fmt: skip
    assert posted.status_code == 200
    assert not await is_in(web)
    assert await Person.all().count() == 0
    browsers = [web, *(web.another() for _n in range(3))]
    came = await asyncio.gather(*[come(one, connection, token, "/community") for one in browsers])
    assert sorted(one.status_code for one in came) == [303, 401, 401, 401]
    assert {one.headers.get("location") for one in came} == {"/community", None}
    person = await Person.get(email="hanako@example.jp")
    assert (person.family_name, person.given_name, person.traits) == ("田中", "花子", {"plan": "pro"})
    assert await Membership.filter(person_id=person.id, account_id=account.id).count() == 1
    kinds = {row[0] for row in await rows("SELECT kind FROM identity WHERE verified_at IS NOT NULL")}
    assert kinds == {"user_id", "email"}
    again = jwt.encode(said(connection, email=None, name=None), secret, algorithm="HS256")
    assert (await come(web, connection, again)).status_code == 303
    assert await Person.all().count() == 1


async def test_the_button_under_the_products_own_post_signs_in_and_another_site_presses_it_for_nobody(web):
    """That page answers a POST from outside: no cookie came with it, and it holds no token of a form."""
    connection, secret = await a_product(trusts_email=True)
    token = jwt.encode(said(connection), secret, algorithm="HS256")
    browser, product = web.another(), {"origin": "https://product.example", "sec-fetch-site": "cross-site"}
    shown = await browser.post(path_of(connection), data={"token": token, "return_to": "/community"}, headers=product)
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', shown.text))
    pressed = re.search(r'<form[^>]* action="([^"]+/entry)"', shown.text)[1]
    ours = browser.headers["origin"]
    for foreign in (product, {"origin": "null"}, {"origin": ours, "sec-fetch-site": "same-site"},
                    {"origin": "https://product.example"}):  # fmt: skip
        assert (await browser.post(pressed, data=fields, headers=foreign)).status_code == 403, foreign
    del browser.headers["origin"]
    assert (await browser.post(pressed, data=fields)).status_code == 403, "says nothing of where it is from"
    assert not await is_in(browser)
    came = await browser.post(pressed, data=fields, headers={"origin": "null", "sec-fetch-site": "same-origin"})
    assert (came.status_code, came.headers["location"]) == (303, "/community")
    assert await is_in(browser)


BROKEN = {
    "too old": {"exp": int(time.time()) - 120}, "made long ago": {"iat": int(time.time()) - 3600},
    "not yet": {"nbf": int(time.time()) + 600}, "for ever": {"exp": int(time.time()) + 100_000},
    "for another": {"aud": "https://other.example/sign-on/x"}, "for many": {"aud": ["x", "y"]},
    "for nobody": {"aud": None},
    "without an end": {"exp": None}, "without an id": {"jti": None}, "without a person": {"sub": None},
    "an empty person": {"sub": ""}, "a person of numbers": {"sub": 7}, "a long id": {"jti": "x" * 201},
    "traits of text": {"traits": "x"}, "a control character": {"name": "a\x00b"},
}  # fmt: skip


@pytest.mark.parametrize("claims", BROKEN.values(), ids=BROKEN)
async def test_a_token_that_is_not_right_opens_nothing(web, claims):
    connection, secret = await a_product(trusts_email=True)
    moment = int(time.time())
    claims = {name: value if name not in ("exp", "iat", "nbf") or value is None else value + moment - START
              for name, value in claims.items()}  # fmt: skip
    try:
        token = jwt.encode(said(connection, **claims), secret, algorithm="HS256")
    except TypeError:  # the library itself refuses to sign it: signed by hand
        token = by_hand({"alg": "HS256", "typ": "JWT"}, said(connection, **claims), secret)
    assert (await web.get(path_of(connection), params={"token": token})).status_code == 401
    assert (await come(web, connection, token)).status_code == 401
    assert not await is_in(web)
    assert await Person.all().count() == 0
    assert (await rows("SELECT problem FROM sign_on"))[0][0] != ""


START = int(time.time())


def part(value) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def by_hand(header, claims, secret: str) -> str:
    import hashlib
    import hmac

    body = f"{part(header)}.{part(claims)}"
    signature = hmac.new(secret.encode(), body.encode(), hashlib.sha256).digest()
    return f"{body}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


async def test_the_algorithm_is_the_connections_and_never_the_tokens(web):
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    edwards = ed25519.Ed25519PrivateKey.generate()
    by_rsa, _none = await a_product(algorithm="RS256", public_key=pem(private))
    by_edwards, _none = await a_product(algorithm="EdDSA", public_key=pem(edwards))
    by_secret, secret = await a_product()
    for connection, key, algorithm in ((by_rsa, private, "RS256"), (by_edwards, edwards, "EdDSA"),
                                       (by_secret, secret, "HS256")):  # fmt: skip
        good = jwt.encode(said(connection, email=None), key, algorithm=algorithm)
        assert (await come(web.another(), connection, good)).status_code == 303
    confused = by_hand({"alg": "HS256", "typ": "JWT"}, said(by_rsa), pem(private))
    unsigned = f"{part({'alg': 'none'})}.{part(said(by_rsa))}."
    swapped = jwt.encode(said(by_rsa), other, algorithm="RS256")
    longer = jwt.encode(said(by_secret), secret, algorithm="HS512")
    critical = jwt.encode(said(by_secret), secret, algorithm="HS256", headers={"crit": ["x"], "x": 1})
    cut = jwt.encode(said(by_secret), secret, algorithm="HS256")[:-2]
    of_another = jwt.encode(said(by_rsa), edwards, algorithm="EdDSA")
    for connection, token in ((by_rsa, confused), (by_rsa, unsigned), (by_rsa, swapped), (by_secret, longer),
                              (by_secret, critical), (by_secret, cut), (by_rsa, of_another), (by_secret, ""),
                              (by_secret, "a.b.c" * 10), (by_secret, "x" * 9000)):  # fmt: skip
        assert (await come(web, connection, token)).status_code == 401, token[:40]
    assert not await is_in(web)


async def test_an_address_finds_somebody_only_when_the_product_verified_it(web):
    hana = await a_person(email="hanako@example.jp")
    careless, secret = await a_product()
    assert (await come(web, careless, jwt.encode(said(careless), secret, algorithm="HS256"))).status_code == 303
    made = (await rows("SELECT person_id FROM identity WHERE kind = 'user_id'"))[0][0]
    assert made != hana.id
    assert (await Person.get(id=made)).email is None
    careful, secret = await a_product(trusts_email=True)
    token = jwt.encode(said(careful, sub="user-8"), secret, algorithm="HS256")
    assert (await come(web, careful, token)).status_code == 303
    assert (await people.person_by_identity("user_id", "user-8")).id == hana.id


async def test_staff_and_who_is_locked_or_erased_never_come_in_this_way(web):
    boss = await staff("admin", email="boss@example.jp")
    connection, secret = await a_product(trusts_email=True)
    token = jwt.encode(said(connection, email="boss@example.jp"), secret, algorithm="HS256")
    assert (await come(web, connection, token)).status_code == 422
    assert not await rows("SELECT 1 FROM identity WHERE kind = 'user_id' AND person_id = ?", boss.id)
    hana = await a_person(email="hanako@example.jp")
    await write("UPDATE person SET state = 'suspended' WHERE id = ?", hana.id)
    assert (await come(web, connection, jwt.encode(said(connection), secret, algorithm="HS256"))).status_code == 422
    assert not await is_in(web)


@pytest.mark.parametrize(("asked", "lands"), [
    ("/community", "/community"), ("http://127.0.0.1:8000/help", "/help"), ("https://evil.example/", "/"),
    ("//evil.example", "/"), ("/\\evil.example", "/"), ("http://127.0.0.1:8000.evil.example/", "/"),
    ("http://127.0.0.1:8000//evil.example", "/"), ("javascript:alert(1)", "/"), ("", "/"),
])  # fmt: skip
async def test_the_way_back_stays_in_the_house(web, asked, lands):
    connection, secret = await a_product()
    token = jwt.encode(said(connection), secret, algorithm="HS256")
    assert (await come(web, connection, token, asked)).headers["location"] == lands


async def test_an_administrator_makes_and_ends_a_connection(web, sign_in):
    await sign_in(await staff("admin"))
    home = "/staff/settings/sign-on"
    made = await web.submit(home, {"name": "Product", "source": "app", "algorithm": "HS256"})
    secret = re.search(r'<code id="secret" class="wrap">([^<]+)<', made.text).group(1)
    [row] = await rows("SELECT id, key, sealed FROM sign_on")
    assert secret not in row["sealed"]
    assert secret not in (await web.get(home)).text
    connection = type("Connection", (), {"key": row["key"]})
    token = jwt.encode(said(connection), secret, algorithm="HS256")
    assert (await web.get(path_of(connection), params={"token": token})).status_code == 200
    assert (await web.submit(f"{home}/{row['id']}", {"_method": "DELETE"})).status_code == 303
    assert (await come(web.another(), connection, token)).status_code == 401
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    for algorithm, key in (("RS256", "x"), ("RS256", pem(weak)), ("EdDSA", pem(weak)), ("RS256", "")):
        refused = await web.submit(home, {"name": "P", "source": "app", "algorithm": algorithm, "public_key": key})
        assert refused.status_code == 422, algorithm
    for language in ("ja", "en"):
        web.cookies.set("language", language)
        assert (await web.get(home)).status_code == 200
