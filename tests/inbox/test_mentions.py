"""`@name` in a note tells that colleague, if they may read the conversation; nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from core.clock import now
from core.database import rows
from factories import a_person, an_account, staff
from inbox.actions.receiving import Heard, key_of_person, receive
from inbox.mentions import named_in
from inbox.models import Message
from wires import *  # noqa: F403

pytestmark = pytest.mark.anyio


async def a_conversation(account: Any = None) -> int:
    person = await a_person("田辺", "りょう", account=account)
    heard = Heard(channel="web", customer_key=key_of_person(person.id), body="有給の残りが合いません", at=now(),
                  person_id=person.id, account_id=account.id if account else None)  # fmt: skip
    message = await receive(heard)
    assert message is not None
    return int(message.conversation_id)


async def told() -> list[tuple[int, str]]:
    found = await rows("SELECT person_id, url FROM notice WHERE kind = 'inbox.mentioned' ORDER BY id")
    return [(row[0], row[1]) for row in found]


async def test_a_colleague_is_told_once_and_led_to_the_note(web: Any, sign_in: Any) -> None:
    me, hiyori, nao = await staff("csm"), await staff("agent", "岩城", "直"), await staff("agent", "岩井", "なお")
    id = await a_conversation()
    browser = await sign_in(me)
    where = f"/staff/inbox/{id}"
    form = {"body": "＠岩城さん、確認をお願いします。@岩城 直 さんと@白石にも。hana@岩井.jp", "key": "k1"}
    for _again in range(2):
        assert (await browser.submit(f"{where}/notes", form)).status_code == 303
    note = await Message.get(sender="note")
    assert await told() == [(hiyori.id, f"{where}#m{note.number}")]  # not myself, and no address is a mention
    shown = (await browser.get(f"{where}?write=note")).text
    assert "知らせました：岩城 直" in shown
    assert "@名前で知らせます" in shown
    bell = (await (await sign_in(hiyori, web.another())).get("/notices")).text
    assert "社内メモ" in bell or "メモ" in bell
    assert nao.id not in [person for person, _url in await told()]


async def test_being_named_opens_nothing(web: Any, sign_in: Any) -> None:
    mine, other = await staff("csm"), await staff("csm", "高橋", "一郎")
    customer = await a_person("田中", "健")
    account = await an_account(csm_id=mine.id)
    id = await a_conversation(account)
    browser = await sign_in(mine)
    await browser.submit(f"/staff/inbox/{id}/notes", {"body": "@高橋 これは？ @田中健 さんの件", "key": "k1"})
    assert await told() == []
    assert "知らせていません：高橋 一郎" in (await browser.get(f"/staff/inbox/{id}")).text
    assert (await (await sign_in(other, web.another())).get(f"/staff/inbox/{id}")).status_code == 404
    assert customer.id not in [row[0] for row in await rows("SELECT person_id FROM notice")]


async def test_which_names_mean_whom(house: Any) -> None:
    ann = await staff("agent", "Lee", "Ann", handle="ann")
    anna = await staff("agent", "Leeds", "Anna", handle="anna")
    first, second = await staff("agent", "佐藤", "花"), await staff("agent", "佐藤", "雪", handle="ゆき")
    for text, people in (
        ("@ann と @anna", [ann.id, anna.id]), ("@Ann Lee", [ann.id]), ("@annabel", []), ("@ANNA,", [anna.id]),
        ("@佐藤花さん", [first.id]), ("@佐藤　雪", [second.id]), ("@佐藤さん", [first.id, second.id]),
        ("@ゆきさん", [second.id]),
        ("x@ann.example", []), ("メールは hana@anna", []), ("@ ann", []), ("", []), ("@" * 3000 + "ann", []),
    ):  # fmt: skip
        assert sorted(await named_in(text)) == sorted(people), text[:40]
