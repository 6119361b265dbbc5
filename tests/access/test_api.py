"""/api/v1 as the company's own programs call it: keys, limits, pages, writes that happen once, problems."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest

from access.actions import make_api_key, revoke_api_key, take_role
from access.api_keys import SCOPES, hashed
from access.identify import rights_of
from core.clock import now
from core.context import Here, enter
from core.database import rows, write
from core.principal import SYSTEM
from customers import seeing
from customers.models import Account, Contract, Person
from factories import a_person, an_account, staff

KEYS = "/staff/settings/api"


async def a_key(person, *scopes: str, **more) -> dict[str, str]:
    """The headers of a program with a key of its own."""
    _made, key = await make_api_key("test", list(scopes), by=SYSTEM, person_id=person.id, **more)
    return {"authorization": f"Bearer {key}", "accept": "application/json", "accept-language": "en"}


async def test_an_administrator_makes_a_key_that_is_shown_once(web, sign_in):
    boss = await staff("admin")
    await sign_in(boss)
    made = await web.submit(KEYS, {"name": "nightly", "person_id": boss.id, "scopes": ["customers.read", "help.read"]})
    assert made.status_code == 200
    [row] = await rows("SELECT id, prefix, secret_hash FROM api_key")
    key = made.text.partition('<code id="api-key" class="wrap">')[2].partition("<")[0]
    assert key.startswith(row["prefix"] + "_")
    assert len(key) > 50
    assert key not in json.dumps(dict(row))
    assert row["secret_hash"] == hashed(key)
    again = await web.get(KEYS)
    assert key not in again.text
    assert row["prefix"] in again.text
    await an_account("株式会社縁側")
    answer = await web.another().get("/api/v1/accounts", headers={"authorization": f"Bearer {key}"})
    assert [one["name"] for one in answer.json()["data"]] == ["株式会社縁側"]
    assert (await web.submit(f"{KEYS}/{row['id']}", {"_method": "DELETE"})).status_code == 303
    assert (await web.get("/api/v1/accounts", headers={"authorization": f"Bearer {key}"})).status_code == 401
    said = {one[0] for one in await rows("SELECT action FROM audit_entry")}
    assert {"api_key.make", "api_key.revoke"} <= said


async def test_nobody_makes_a_key_for_more_than_they_hold(web, sign_in):
    boss, agent, customer = await staff("admin"), await staff("agent"), await a_person()
    await sign_in(boss)
    for person, scope in ((agent, "campaigns.write"), (customer, "customers.read"), (boss, "settings.manage")):
        refused = await web.submit(KEYS, {"name": "x", "person_id": person.id, "scopes": [scope]})
        assert refused.status_code in (403, 422), (person.id, scope)
    await sign_in(agent)
    assert (await web.submit(KEYS, {"name": "x", "person_id": agent.id, "scopes": ["help.read"]})).status_code == 403
    assert await rows("SELECT 1 FROM api_key") == []


async def test_a_key_that_is_wrong_over_or_of_somebody_who_left_is_refused(web):
    boss, csm = await staff("admin"), await staff("csm")
    good = await a_key(csm, "customers.read")
    assert (await web.get("/api/v1/accounts", headers=good)).status_code == 200
    for broken in ("", "Bearer x", good["authorization"][:-1] + "!", "Bearer " + "eak_" + "a" * 60, "Basic eDp5"):
        refused = await web.get("/api/v1/accounts", headers=good | {"authorization": broken})
        assert refused.status_code == 401, broken
        assert refused.headers["www-authenticate"].startswith("Bearer")
        assert refused.json()["type"].endswith("#unauthenticated")
    await write("UPDATE api_key SET expires_at = ?", now() - timedelta(seconds=1))
    assert (await web.get("/api/v1/accounts", headers=good)).status_code == 401
    await write("UPDATE api_key SET expires_at = NULL")
    assert (await web.get("/api/v1/accounts", headers=good)).status_code == 200
    await take_role(csm.id, "csm", by=await rights_of(boss.id))
    assert (await web.get("/api/v1/accounts", headers=good)).status_code == 403, "the person's right is gone"
    await write("UPDATE person SET state = 'suspended' WHERE id = ?", csm.id)
    assert (await web.get("/api/v1/accounts", headers=good)).status_code == 401


async def test_a_key_still_opens_after_the_secret_key_was_rotated(house, web):
    from core.settings import read_settings, settings, use

    key = await a_key(await staff("admin"), "customers.read")
    before = settings()
    old = (await rows("SELECT secret_hash FROM api_key"))[0][0]
    use(read_settings({}, secret_key=f"{'n' * 40},{before.secret_key}", url=before.url, data_dir=before.data_dir,
                      database_url=before.database_url))  # fmt: skip
    try:
        assert (await web.get("/api/v1/accounts", headers=key)).status_code == 200
        assert (await rows("SELECT secret_hash FROM api_key"))[0][0] != old
        assert (await web.get("/api/v1/accounts", headers=key)).status_code == 200
    finally:
        use(before)


async def test_a_browsers_cookie_is_worth_nothing_to_the_api(web, sign_in):
    await sign_in(await staff("admin"))
    assert (await web.get("/api/v1/accounts")).status_code == 401
    assert (await web.post("/api/v1/accounts", json={"name": "x"})).status_code == 401


async def test_over_its_limit_a_key_is_told_when_to_come_back(web):
    key = await a_key(await staff("admin"), "customers.read", per_minute=2)
    minute = int(now().timestamp()) // 60
    await write("INSERT INTO api_use (key_id, minute, count) SELECT id, ?, 1 FROM api_key", minute)
    await write("INSERT INTO api_use (key_id, minute, count) SELECT id, ?, 2 FROM api_key", minute + 1)
    first = await web.get("/api/v1/accounts", headers=key)
    assert first.headers["ratelimit-limit"] == "2"
    await write("UPDATE api_use SET count = 2")
    refused = await web.get("/api/v1/accounts", headers=key)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 60
    assert refused.json()["type"].endswith("#too-many")


async def test_a_key_that_only_reads_changes_nothing(web):
    key = await a_key(await staff("admin"), "customers.read", "customers.write", is_read_only=True)
    assert (await web.get("/api/v1/accounts", headers=key)).status_code == 200
    refused = await web.post("/api/v1/accounts", headers=key, json={"name": "x"})
    assert (refused.status_code, refused.json()["detail"]) == (403, "This key may only read.")
    assert await Account.all().count() == 0


async def test_pages_follow_each_other_without_leaving_out_or_doubling(web):
    key = await a_key(await staff("admin"), "customers.read")
    made = [(await an_account()).id for _n in range(7)]
    seen, after = [], ""
    while True:
        found = (await web.get("/api/v1/accounts", headers=key, params={"limit": 3, "after": after})).json()
        seen += [one["id"] for one in found["data"]]
        made.append((await an_account()).id) if len(seen) == 3 else None
        if not (after := found["next"] or ""):
            break
    assert seen == made
    stolen = (await web.get("/api/v1/accounts", headers=key, params={"limit": 1})).json()["next"]
    for path, wrong in (("/api/v1/accounts", "x"), ("/api/v1/accounts", stolen + "x"), ("/api/v1/people", stolen)):
        refused = await web.get(path, headers=key, params={"after": wrong})
        assert (refused.status_code, refused.json()["type"].rpartition("#")[2]) == (400, "unreadable")
    for limit in ("0", "201", "x"):
        refused = await web.get("/api/v1/accounts", headers=key, params={"limit": limit})
        assert refused.status_code == 400
        assert refused.json()["errors"][0]["parameter"] == "limit"


async def test_a_program_of_one_csm_sees_only_their_companies(web):
    csm = await staff("csm")
    mine, theirs = await an_account(csm_id=csm.id), await an_account()
    hana, ken = await a_person(account=mine), await a_person("木村", "健", account=theirs)
    from factories import member_of

    await member_of(hana, theirs)
    key = await a_key(csm, "customers.read", "customers.write")
    assert [one["id"] for one in (await web.get("/api/v1/accounts", headers=key)).json()["data"]] == [mine.id]
    assert [one["id"] for one in (await web.get("/api/v1/people", headers=key)).json()["data"]] == [hana.id]
    shown = (await web.get(f"/api/v1/people/{hana.id}", headers=key)).json()
    assert [place["account_id"] for place in shown["accounts"]] == [mine.id], "the other company stays unsaid"
    for path in (f"/api/v1/accounts/{theirs.id}", f"/api/v1/people/{ken.id}", f"/api/v1/people?account_id={theirs.id}"):
        assert (await web.get(path, headers=key)).status_code == 404
    assert (await web.patch(f"/api/v1/accounts/{theirs.id}", headers=key, json={"name": "x"})).status_code == 404
    bring = await web.put("/api/v1/accounts/from/crm/1", headers=key, json={"name": "x"})
    assert bring.status_code == 403, "imports are for whoever sees every company"


async def test_the_same_idempotency_key_does_it_once(web):
    key = await a_key(await staff("admin"), "customers.read", "customers.write")
    once = key | {"idempotency-key": "7a1f"}
    answers = await asyncio.gather(*[
        web.post("/api/v1/accounts", headers=once, json={"name": "株式会社一度"}) for _n in range(5)
    ])  # fmt: skip
    assert {one.status_code for one in answers} == {201}
    assert len({one.text for one in answers}) == 1
    assert sorted(one.headers.get("idempotency-replayed", "") for one in answers) == [""] + ["true"] * 4
    assert await Account.filter(name="株式会社一度").count() == 1
    other = await web.post("/api/v1/accounts", headers=once, json={"name": "もう一つ"})
    assert (other.status_code, await Account.all().count()) == (422, 1)
    refused = await web.post("/api/v1/accounts", headers=key | {"idempotency-key": "b"}, json={"name": ""})
    assert refused.status_code == 422
    assert (await web.post("/api/v1/accounts", headers=key | {"idempotency-key": "b"}, json={"name": "二社目"})
            ).status_code == 201, "a refusal is not kept"  # fmt: skip
    stranger = await a_key(await staff("admin"), "customers.write")
    mine = await web.post("/api/v1/accounts", headers=stranger | {"idempotency-key": "7a1f"}, json={"name": "三社目"})
    assert (mine.status_code, mine.headers.get("idempotency-replayed")) == (201, None), "keys are each program's own"


async def test_every_mistake_of_a_body_is_named_in_the_readers_language(web):
    key = await a_key(await staff("admin"), "customers.write")
    sent = {"name": 5, "employees": -1, "phase": "x", "tier": "high", "is_admin": True}
    english = await web.post("/api/v1/accounts", headers=key, json=sent)
    japanese = await web.post("/api/v1/accounts", headers=key | {"accept-language": "ja"}, json=sent)
    assert english.status_code == japanese.status_code == 422
    assert english.headers["content-type"] == "application/problem+json"
    assert {one["pointer"] for one in english.json()["errors"]} == {f"#/{name}" for name in sent}
    assert english.json()["title"] == "That does not work"
    assert japanese.headers["content-language"] == "ja"
    assert all(any(ord(letter) > 0x3000 for letter in one["detail"]) for one in japanese.json()["errors"])
    for body, kind in ((b"[]", "application/json"), (b"{", "application/json"), (b'{"name":"x"}', "text/plain"),
                       (b"[" * 50_000, "application/json"), (b"\xff", "application/json")):  # fmt: skip
        refused = await web.post("/api/v1/accounts", headers=key | {"content-type": kind}, content=body)
        assert refused.status_code == 400, body[:5]
    assert await Account.all().count() == 0


async def test_a_company_is_changed_by_what_is_sent_and_nothing_else(web):
    key = await a_key(await staff("admin"), "customers.read", "customers.write")
    made = (await web.post("/api/v1/accounts", headers=key, json={"name": "甲社", "industry": "食品"})).json()
    changed = await web.patch(f"/api/v1/accounts/{made['id']}", headers=key, json={"employees": 12})
    assert (changed.status_code, changed.json()["industry"], changed.json()["employees"]) == (200, "食品", 12)
    emptied = await web.patch(f"/api/v1/accounts/{made['id']}", headers=key, json={"employees": None, "industry": ""})
    assert (emptied.json()["industry"], emptied.json()["employees"], emptied.json()["name"]) == ("", None, "甲社")
    refused = await web.patch(f"/api/v1/accounts/{made['id']}", headers=key, json={"name": None})
    assert refused.status_code == 422
    wrong = await web.patch(f"/api/v1/accounts/{made['id']}", headers=key, json={"corporate_number": "1234567890123"})
    assert wrong.status_code == 422
    who = {row[0] for row in await rows("SELECT actor_name FROM audit_entry WHERE action = 'account.change'")}
    assert all("(test)" in name for name in who), "the log says which program it was"


async def test_a_record_is_brought_in_by_its_id_elsewhere(web):
    key = await a_key(await staff("admin"), "customers.read", "customers.write")
    path = "/api/v1/accounts/from/crm/A-7"
    first = await web.put(path, headers=key, json={"name": "株式会社青空", "industry": "小売"})
    assert (first.status_code, first.json()["outcome"]) == (200, "created")
    again = await web.put(path, headers=key, json={"name": "株式会社青空", "industry": "小売"})
    assert again.json() == {"outcome": "unchanged", "id": first.json()["id"], "reason": ""}
    changed = await web.put(path, headers=key, json={"name": "株式会社青空", "industry": "卸売"})
    assert changed.json()["outcome"] == "updated"
    shown = (await web.get(f"/api/v1/accounts/{first.json()['id']}", headers=key)).json()
    assert (shown["industry"], shown["sources"]) == ("卸売", [{"source": "crm", "id": "A-7"}])
    person = await web.put("/api/v1/people/from/crm/P-1", headers=key, json={
        "email": "Sora@Example.JP", "family_name": "青空", "account_id": "A-7"})  # fmt: skip
    assert person.json()["outcome"] == "created"
    found = (await web.get("/api/v1/people", headers=key, params={"email": "sora@example.jp"})).json()["data"]
    assert [one["accounts"][0]["account_id"] for one in found] == [first.json()["id"]]
    contract = await web.put("/api/v1/contracts/from/crm/C-1", headers=key, json={
        "account_id": "A-7", "starts_on": "2026-04-01", "amount": 50000})  # fmt: skip
    assert contract.json()["outcome"] == "created"
    for text, expected in (("Costs", ("cost", "")), ("社長の一存", ("other", "社長の一存"))):
        ended = await web.put("/api/v1/contracts/from/crm/C-1", headers=key, json={
            "account_id": "A-7", "starts_on": "2026-04-01", "ended_on": "2026-10-01", "end_reason": text})  # fmt: skip
        assert ended.json()["outcome"] == "updated"
        read = (await web.get(f"/api/v1/contracts/{ended.json()['id']}", headers=key)).json()
        assert (read["ended_on"], read["end_reason"], read["end_note"]) == ("2026-10-01", *expected)
    nobody = await web.put("/api/v1/contracts/from/crm/C-2", headers=key, json={
        "account_id": "nobody", "starts_on": "2026-04-01"})  # fmt: skip
    assert nobody.status_code == 422
    answers = await asyncio.gather(*[
        web.put("/api/v1/accounts/from/crm/B-1", headers=key, json={"name": "株式会社同時"}) for _n in range(4)
    ])  # fmt: skip
    assert sorted(one.json()["outcome"] for one in answers) == ["created"] + ["unchanged"] * 3
    assert await Account.filter(name="株式会社同時").count() == 1


async def test_contracts_and_purchases_are_brought_in_and_read_page_by_page(web):
    key = await a_key(await staff("admin"), "customers.read", "customers.write")
    brought = (await web.put("/api/v1/accounts/from/shop/A-1", headers=key, json={"name": "株式会社青空"})).json()
    await web.put("/api/v1/people/from/shop/P-1", headers=key, json={"email": "sora@example.jp", "account_id": "A-1"})
    for n in range(3):
        contract = await web.put(f"/api/v1/contracts/from/shop/C-{n}", headers=key, json={
            "account_id": "A-1", "product": f"製品{n}", "starts_on": "2026-04-01", "amount": 1000 + n})  # fmt: skip
        assert (contract.status_code, contract.json()["outcome"]) == (200, "created")
    order = {"email": "sora@example.jp", "product": "本", "paid": 3300, "bought_on": "2026-11-01", "quantity": 2}
    once = key | {"idempotency-key": "order-1"}
    answers = await asyncio.gather(*[
        web.put("/api/v1/purchases/from/shop/O-1", headers=once, json=order) for _n in range(4)
    ])  # fmt: skip
    assert {one.text for one in answers} == {answers[0].text}
    assert sorted(one.headers.get("idempotency-replayed", "") for one in answers) == [""] + ["true"] * 3
    again = await web.put("/api/v1/purchases/from/shop/O-1", headers=key, json=order)
    assert again.json()["outcome"] == "unchanged"
    refund = await web.put("/api/v1/purchases/from/shop/O-2", headers=key, json=order | {"paid": -3300})
    assert refund.json()["outcome"] == "created"
    [kept] = await rows("SELECT total FROM person_metric WHERE metric = 'purchase'")
    assert kept["total"] == 2

    first = (await web.get("/api/v1/contracts", headers=key, params={"limit": 2})).json()
    rest = (await web.get("/api/v1/contracts", headers=key, params={"limit": 2, "after": first["next"]})).json()
    assert [one["product"] for one in first["data"] + rest["data"]] == ["製品0", "製品1", "製品2"]
    assert rest["next"] is None
    assert first["data"][0]["account_id"] == brought["id"]
    bought = (await web.get("/api/v1/purchases", headers=key, params={"account_id": brought["id"]})).json()["data"]
    assert [(one["source_id"], one["amount"], one["quantity"]) for one in bought] == [("O-1", 3300, 2),
                                                                                     ("O-2", -3300, 2)]  # fmt: skip
    assert (await web.get(f"/api/v1/purchases/{bought[0]['id']}", headers=key)).json() == bought[0]
    assert (await web.get("/api/v1/purchases/999", headers=key)).status_code == 404
    for wrong in ({}, {"paid": 1, "bought_on": "2026-11-01"}, order | {"paid": "x"}, order | {"email": "nobody@x.jp"}):
        refused = await web.put("/api/v1/purchases/from/shop/O-9", headers=key, json=wrong)
        assert refused.status_code == 422, wrong
    assert not await rows("SELECT 1 FROM purchase WHERE source_id = 'O-9'")
    read_only = await a_key(await staff("admin"), "customers.read")
    assert (await web.put("/api/v1/purchases/from/shop/O-3", headers=read_only, json=order)).status_code == 403


async def test_a_role_that_may_not_see_money_reads_no_amounts(web):
    boss = await a_key(await staff("admin"), "customers.read", "customers.write")
    await web.put("/api/v1/accounts/from/shop/A-1", headers=boss, json={"name": "株式会社青空"})
    sold = {"account_id": "A-1", "starts_on": "2026-04-01", "amount": 1000}
    await web.put("/api/v1/contracts/from/shop/C-1", headers=boss, json=sold)
    bought = {"account_id": "A-1", "paid": 500, "bought_on": "2026-11-01"}
    await web.put("/api/v1/purchases/from/shop/O-1", headers=boss, json=bought)
    await seeing.hide({"account.money": ["csm"]})
    csm = await staff("csm")
    await Account.all().update(csm_id=csm.id)
    theirs = await an_account("他社")
    await Contract.create(account_id=theirs.id, product="x", starts_on=now().date(), created_at=now(), updated_at=now())
    key = await a_key(csm, "customers.read")
    for path in ("/api/v1/contracts", "/api/v1/purchases"):
        found = (await web.get(path, headers=key)).json()["data"]
        assert [one["amount"] for one in found] == [None], "and of the other company nothing"


async def test_people_are_added_once_an_address(web):
    key = await a_key(await staff("admin"), "customers.read", "customers.write")
    made = await web.post("/api/v1/people", headers=key, json={"email": "aoi@example.jp", "family_name": "青木"})
    assert made.status_code == 201
    assert not await rows("SELECT 1 FROM identity WHERE person_id = ? AND verified_at IS NOT NULL", made.json()["id"])
    assert (await web.post("/api/v1/people", headers=key, json={"email": "aoi@example.jp"})).status_code == 409
    assert (await web.post("/api/v1/people", headers=key, json={"title": "x"})).status_code == 422
    assert await Person.filter(email="aoi@example.jp").count() == 1


async def test_an_article_is_written_published_and_taken_back(web):
    editor = await staff("editor")
    writer, reader = await a_key(editor, "help.read", "help.write"), await a_key(editor, "help.read")
    made = await web.post("/api/v1/articles", headers=writer, json={"title": "請求書の送り先", "body": "設定から。"})
    assert (made.status_code, made.json()["state"]) == (201, "draft")
    path = f"/api/v1/articles/{made.json()['id']}"
    assert (await web.get(path, headers=reader)).status_code == 404, "a draft is for writers"
    assert (await web.post(f"{path}/publication", headers=writer)).json()["state"] == "published"
    assert (await web.get(path, headers=reader)).json()["translations"][0]["body"] == "設定から。"
    version = (await web.get(path, headers=writer)).json()["version"]
    saved = await web.put(f"{path}/translations/ja", headers=writer, json={
        "version": version, "title": "請求書の送り先", "body": "設定を開く。"})  # fmt: skip
    assert saved.json()["translations"][0]["body"] == "設定を開く。"
    stale = await web.put(f"{path}/translations/ja", headers=writer, json={"version": version, "title": "x"})
    assert stale.status_code == 409
    assert (await web.delete(f"{path}/publication", headers=writer)).json()["state"] == "draft"
    assert (await web.post("/api/v1/articles", headers=reader, json={"title": "x"})).status_code == 403


async def test_the_document_names_every_route_and_the_page_shows_it(web):
    document = (await web.get("/api/v1/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    from core.web import routes_of

    served = {(method.lower(), path) for method, path, _may in routes_of(web.application)
              if path.startswith("/api/v1/") and path != "/api/v1/openapi.json"}  # fmt: skip
    told = {(method, path) for path, methods in document["paths"].items() for method in methods}
    assert told == served
    assert all(one["x-scope"] in SCOPES for methods in document["paths"].values() for one in methods.values())
    names = set(document["components"]["schemas"])
    wanted = {part.partition('"')[0] for part in json.dumps(document).split("#/components/schemas/")[1:]}
    assert wanted <= names
    for language, words in (("ja", "会社の一覧"), ("en", "List companies")):
        page = await web.get("/developers/api", headers={"accept-language": language})
        assert page.status_code == 200
        assert words in page.text


@pytest.mark.parametrize("path", ["accounts", "people", "articles", "threads", "conversations", "campaigns", "boards"])
async def test_without_its_scope_a_list_is_forbidden(web, path):
    needed = {"accounts": "customers.read", "people": "customers.read", "articles": "help.read",
              "threads": "community.read", "boards": "community.read", "conversations": "inbox.answer",
              "campaigns": "campaigns.read"}[path]  # fmt: skip
    boss = await staff("admin")
    without = await a_key(boss, *(scope for scope in SCOPES if scope != needed))
    assert (await web.get(f"/api/v1/{path}", headers=without)).status_code == 403
    assert (await web.get(f"/api/v1/{path}", headers=await a_key(boss, needed))).status_code == 200


async def test_revoking_needs_the_right(web):
    from core.errors import Forbidden

    agent = await staff("agent")
    await a_key(await staff("admin"), "customers.read")
    [row] = await rows("SELECT id FROM api_key")
    with pytest.raises(Forbidden):
        await revoke_api_key(row[0], by=await rights_of(agent.id))


async def test_what_the_persons_role_may_not_see_no_program_of_theirs_sees(web):
    from customers import seeing

    csm = await staff("csm")
    account = await an_account(csm_id=csm.id, phone="06-9999-0000", address="岬町9", expected_ltv=7654321)
    hana = await a_person(account=account, email="himitsu@example.jp", phone="03-1234-5678", traits={"plan": "pro"})
    key = await a_key(csm, "customers.read")
    paths = ("/api/v1/accounts", f"/api/v1/accounts/{account.id}", "/api/v1/people", f"/api/v1/people/{hana.id}")
    secrets = ("06-9999-0000", "岬町9", "7654321", "himitsu", "03-1234-5678", 'pro"')
    before = "".join([(await web.get(path, headers=key)).text for path in paths])
    assert [secret for secret in secrets if secret not in before] == []
    enter(Here(principal=SYSTEM))
    await seeing.hide({field: ["csm"] for field in seeing.FIELDS})
    for path in paths:
        found = await web.get(path, headers=key)
        assert found.status_code == 200
        assert [secret for secret in secrets if secret in found.text] == [], path
    asked = await web.get("/api/v1/people", headers=key, params={"email": "himitsu@example.jp"})
    assert asked.status_code == 403, "who may ask, also learns"
