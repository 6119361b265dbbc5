"""A person's data handed out and erased over every room; duplicates found by night; the pages for both."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from app import rooms as all_rooms
from core.clock import now
from core.context import Here, enter
from core.database import rows, transaction, write
from core.errors import Conflict, Refused
from core.principal import SYSTEM
from core.settings import settings, use
from core.tasks import spawn
from customers import consent, duplicates, merging, people, privacy
from customers.imports import run
from customers.matching.stored import rekey
from customers.models import Account, MergeLog, Person, Review
from customers.registry import references
from customers.tracking import keys
from customers.tracking.arrived import Arrived
from customers.tracking.storing import store
from factories import a_person, an_account, staff
from record_filling import everything, fill

pytestmark = pytest.mark.anyio
all_rooms.load()


@pytest.fixture(autouse=True)
async def as_the_house(house: Any) -> None:
    enter(Here(principal=SYSTEM, language="ja"))


async def test_an_erased_person_is_nowhere_and_does_not_come_back(house: Any) -> None:
    hanako = await a_person("秘密沢", "花子", email="hanako@secret.example", phone="09099998888")
    twin = await a_person("秘密沢", "はなこ", email="other@secret.example")
    await write("INSERT INTO person_source (person_id, source, source_id, digest, seen_at)"
                " VALUES (?, 'crm', 'P1', '', ?)", hanako.id, now())  # fmt: skip
    for one in references("person"):
        await fill(one.table, one.column, hanako.id)
    await write("UPDATE message SET body = '秘密沢の相談' WHERE author_id = ? OR conversation_id IN"
                " (SELECT id FROM conversation WHERE person_id = ?)", hanako.id, hanako.id)  # fmt: skip
    log = await merging.merge("person", hanako.id, twin.id)
    said = json.dumps(await privacy.export(hanako.id), ensure_ascii=False, default=str)
    assert "秘密沢の相談" in said
    assert "hanako@secret.example" in said
    assert "other@secret.example" in said
    assert "token_hash" not in said

    done = await privacy.erase(hanako.id, "本人の依頼")
    assert done["identity"] >= 2
    left = json.dumps(await everything(), ensure_ascii=False, default=str)
    for secret in ("秘密沢", "花子", "secret.example", "09099998888"):
        assert secret not in left
    assert (await Person.get(id=hanako.id)).state == "erased"
    assert await consent.is_suppressed("email", "hanako@secret.example")
    for one in references("person"):
        if one.erase == "delete":
            assert await rows(f'SELECT 1 FROM "{one.table}" WHERE "{one.column}" = ?', hanako.id) == []
    audit = json.dumps([dict(row) for row in await rows("SELECT before, after, note FROM audit_entry")], default=str)
    assert "secret.example" not in audit

    file = "人ID,姓,メール\nP1,秘密沢,\nP2,秘密沢,hanako@secret.example\nP3,ほか,free@secret.example\n"
    batch = await run.start(file.encode(), source="crm")
    assert {name: n for name, n in (await run.apply(batch)).items() if n} == {"created": 1, "refused": 2}
    with pytest.raises(Conflict):
        await merging.undo(log.id)
    with pytest.raises(Conflict):
        await privacy.erase(hanako.id, "もう一度")


async def test_staff_are_not_erased_and_a_reason_is_asked_for(house: Any) -> None:
    with pytest.raises(Refused):
        await privacy.erase((await staff()).id, "退職")
    with pytest.raises(Refused):
        await privacy.erase((await a_person()).id, " ")


async def test_duplicates_are_merged_at_high_evidence_else_asked(house: Any) -> None:
    same = {"address": "青波市港町2-4-1", "phone": "03-1234-5678"}
    names = ["株式会社青葉渡工業", "㈱青葉渡工業", "青葉渡工業ホールディングス株式会社", "千舟ロジ"]
    ids = [(await an_account(name, **(same if "青葉" in name else {}))).id for name in names]
    await rekey("account", ids)
    since = now() - timedelta(hours=1)
    assert (await duplicates.seek("account", since))["merged"] == 1
    assert (await Account.get(id=ids[1])).state == "merged"
    await duplicates.seek("account", since)
    assert [(one.account_id, one.other_id) for one in await Review.all()] == [(ids[0], ids[2])]
    assert await MergeLog.all().count() == 1


async def test_one_source_that_holds_both_is_asked(house: Any) -> None:
    ids = [(await an_account("株式会社青葉渡工業", address="青波市港町2-4-1")).id for _ in range(2)]
    for id in ids:
        await write("INSERT INTO account_source (account_id, source, source_id, digest, seen_at)"
                    " VALUES (?, 'crm', ?, '', ?)", id, f"A{id}", now())  # fmt: skip
    await rekey("account", ids)
    assert await duplicates.seek("account", now() - timedelta(hours=1)) == {"merged": 0, "asked": 2}
    assert await MergeLog.all().count() == 0


async def test_staff_decide_about_two_records_and_take_it_back(web: Any, sign_in: Any) -> None:
    one, two = await a_person("髙橋", "花子", phone="0312345678"), await a_person("高橋", "花子", phone="0312345679")
    company = await an_account("株式会社岬")
    for person in (one, two):
        await fill("membership", "person_id", person.id, "same")
    await write("UPDATE membership SET account_id = ?, until = NULL", company.id)
    await rekey("person", [one.id, two.id])
    assert (await duplicates.seek("person", now() - timedelta(hours=1)))["asked"] > 0
    review = await Review.get()
    await sign_in(await staff("admin"))
    shown = (await web.get(f"/staff/customers/reviews/{review.id}")).text
    assert "同じ人の二つの記録" in shown
    assert "姓が同じ +4" in shown
    assert (await web.submit(f"/staff/customers/reviews/{review.id}/verdict", {"verdict": "accept"})).status_code == 303
    assert (await Person.get(id=two.id)).state == "merged"
    shown = (await web.get("/staff/customers/merges")).text
    assert "髙橋 花子" in shown
    log = await MergeLog.get()
    assert (await web.submit(f"/staff/customers/merges/{log.id}/undoing")).status_code == 303
    assert (await Person.get(id=two.id)).state == "active"
    assert (await web.submit(f"/staff/customers/merges/{log.id}/undoing")).status_code == 409


async def test_staff_hand_out_and_erase_on_the_persons_page(web: Any, sign_in: Any) -> None:
    person = await a_person("秘密沢", "花子", email="hanako@secret.example")
    await people.link("line", "U1", person.id, source="line")
    await sign_in(await staff("admin"))
    place = f"/staff/customers/people/{person.id}"
    assert f"{place}/data" in (await web.get(place)).text
    assert "消去する" in (await web.get(f"{place}/data")).text
    answer = await web.get(f"{place}/data.json")
    assert {one["value"] for one in answer.json()["identity"]} == {"hanako@secret.example", "U1"}
    assert (await web.submit(f"{place}/erasure", {"reason": ""})).status_code == 422
    assert (await web.submit(f"{place}/erasure", {"reason": "本人の依頼"})).status_code == 303
    assert (await web.get(place)).status_code == 404
    actions = [row[0] for row in await rows("SELECT action FROM audit_entry ORDER BY id")]
    assert {"person.view", "person.export_data", "person.erase"} <= set(actions)


async def test_a_product_does_not_bring_an_erased_person_back(web: Any, house: Any) -> None:
    _row, key = await keys.make("app", "test")
    gone = await a_person("秘密沢", "花子", email="hanako@secret.example")
    await people.link("user_id", "u1", gone.id, source="tracking:app", verified_at=now())
    await write("INSERT INTO person_source (person_id, source, source_id, digest, seen_at)"
                " VALUES (?, 'app', 'u3', '', ?)", gone.id, now())  # fmt: skip
    await privacy.erase(gone.id, "本人の依頼")
    secret = settings().secret_key
    use(msgspec.structs.replace(settings(), secret_key=f"a-new-key-that-is-long-enough-9876543210,{secret}"))
    traits = {"email": "Hanako@secret.example", "name": "秘密沢 花子"}
    calls: list[dict[str, Any]] = [
        {"type": "track", "userId": "u1", "event": "a"}, {"type": "identify", "userId": "u2", "traits": traits},
        {"type": "track", "userId": "u3", "event": "b"}, {"type": "identify", "userId": "u4"},
        {"type": "track", "userId": "u5", "event": "c", "anonymousId": "v"},
    ]  # fmt: skip
    for batch in (calls, [{"type": "track", "userId": "u2", "event": "later"}],
                  [{"type": "identify", "userId": "u4", "traits": traits | {"plan": "pro"}}]):  # fmt: skip
        sent = await web.post("/v1/batch", json={"batch": batch}, auth=(key, ""))
        assert sent.status_code == 200
    known = [row[0] for row in await rows("SELECT value FROM identity ORDER BY value")]
    assert known == ["u4", "u5"], "nobody else, and no address"
    assert "secret.example" not in json.dumps(await everything(), ensure_ascii=False, default=str)
    # An import of another source does not bring them back either, though the key is a new one.
    batch = await run.start("人ID,姓,メール\nX9,秘密沢,hanako@secret.example\n".encode(), source="crm")
    assert (await run.apply(batch))["refused"] == 1
    # Who signs up by themselves is known again.
    again = await a_person("秘密沢", "花子", email="hanako@secret.example")
    await web.post("/v1/identify", json={"userId": "u9", "traits": traits}, auth=(key, ""))
    assert [row[0] for row in await rows("SELECT person_id FROM identity WHERE value = 'u9'")] == [again.id]


async def test_what_was_being_written_of_somebody_who_is_erased_goes_too(house: Any) -> None:
    """Their last event is not committed yet while they are erased, and the next waits to be written."""
    enter(Here(principal=SYSTEM))

    def done(number: int) -> Arrived:
        return Arrived("track", "read", str(number), now(), user="u1", source="app", is_trusted=True)

    async def erased() -> None:
        enter(Here(principal=SYSTEM))
        await privacy.erase(person, "本人の依頼")

    await store([done(1)])
    [[person]] = await rows("SELECT id FROM person WHERE kind = 'customer'")
    async with transaction():
        await store([done(2)])
        erasing = spawn(erased(), "erasing")
        await asyncio.sleep(0.3)
        writing = spawn(store([done(3)]), "writing")
        await asyncio.sleep(0.3)
    await asyncio.gather(erasing, writing)
    for table in ("event", "usage_day", "person_metric", "identity"):
        assert await rows(f"SELECT * FROM {table} WHERE person_id IS NOT NULL") == [], table
