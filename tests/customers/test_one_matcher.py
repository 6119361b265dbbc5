"""People meet one matcher, whether a file or a product names them; a mailbox that several read merges nobody."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.clock import now
from core.context import Here, enter
from core.database import rows, write
from core.principal import SYSTEM
from customers import duplicates, reviews
from customers.imports import run
from customers.matching.people import compare, human_of, speaks_for
from customers.matching.stored import rekey_all
from customers.tracking.arrived import Arrived
from customers.tracking.storing import store

pytestmark = pytest.mark.anyio
CRM = """人ID,姓,名,メール,電話
C1,青波,花子,hanako@example.jp,03-1234-5678
C2,千舟,太郎,info@chifune.example,03-9999-0000
"""


async def take(content: str, source: str, kind: str = "people") -> dict[str, int]:
    enter(Here(principal=SYSTEM, language="ja"))
    batch = await run.start(content.encode(), source=source, kind=kind)
    return {name: count for name, count in (await run.apply(batch)).items() if count}


async def who(source: str, id: str) -> int:
    return int((await rows("SELECT person_id FROM person_source WHERE source = ? AND source_id = ?", source, id))[0][0])


async def said(user: str, **traits: Any) -> None:
    await store([Arrived("identify", "", f"m-{user}-{len(traits)}", now(), user, traits=traits, source="app",
                         is_trusted=True)])  # fmt: skip


async def user(id: str) -> int:
    return int((await rows("SELECT person_id FROM identity WHERE kind = 'user_id' AND value = ?", id))[0][0])


async def test_a_card_without_address_finds_the_person_by_telephone_and_name(house: Any) -> None:
    await take(CRM, "crm")
    cards = "氏名,電話,会社名,名刺交換日\n青波 花子,03-1234-5678,㈱水面,2026/11/01\n青波 次郎,,㈱水面,2026/11/02\n"
    assert await take(cards, "cards") == {"created": 1, "updated": 1}
    assert await take(cards, "cards") == {"unchanged": 2}
    linked = await rows("SELECT COUNT(*) FROM person_source WHERE person_id = ?", await who("crm", "C1"))
    assert linked[0][0] == 2


async def test_what_is_only_likely_waits_for_a_person_who_decides(house: Any) -> None:
    await take(CRM, "crm")
    rest = "人ID,姓,名,電話\nM1,青波,華子,03-1234-5678\n"  # the telephone of the same family name, another given one
    assert await take(rest, "ma") == {"review": 1}
    assert await take(rest, "ma") == {"review": 1}
    [review] = await rows("SELECT id, kind FROM review WHERE state = 'open'")
    assert review[1] == "same_person"
    await reviews.decide(review[0], True)
    assert await who("ma", "M1") == await who("crm", "C1")
    assert await take(rest, "ma") == {"unchanged": 1}


async def test_an_address_with_another_name_is_not_taken_for_the_same_person(house: Any) -> None:
    await take(CRM, "crm")
    rest = "人ID,姓,名,メール\nM1,赤沢,次郎,hanako@example.jp\nM2,千舟,太朗,info@chifune.example\n"
    rest += "M3,,,info@chifune.example\n"
    assert await take(rest, "ma") == {"review": 2, "unchanged": 1}
    assert len(await rows("SELECT 1 FROM person")) == 2
    open_now = await rows("SELECT id FROM review WHERE state = 'open' AND kind = 'same_email' ORDER BY id")
    await reviews.decide(open_now[0][0], False)
    alone = await rows("SELECT family_name, email FROM person ORDER BY id DESC LIMIT 1")
    assert tuple(alone[0]) == ("赤沢", None)


async def test_a_product_meets_the_matcher_too(house: Any) -> None:
    await take(CRM, "crm")
    await rekey_all("person")
    await said("u1", lastName="青波", firstName="花子", phone="03-1234-5678")
    assert await user("u1") == await who("crm", "C1")
    await said("u2", email="info@chifune.example", lastName="千舟", firstName="太朗")
    other = await user("u2")
    assert other != await who("crm", "C2")
    [review] = await rows("SELECT kind, person_id, other_person_id FROM review WHERE state = 'open'")
    assert tuple(review) == ("duplicate_person", await who("crm", "C2"), other)
    await said("u3", email="hanako@example.jp", name="Hanako Aonami")  # another script is no other name
    assert await user("u3") == await who("crm", "C1")


async def test_two_alike_names_at_a_shared_mailbox_are_asked_about_by_night_and_not_merged(house: Any) -> None:
    await take("人ID,姓,名,メール\n1,小笠原,太郎,info@a.example\n", "crm")
    await take("人ID,姓,名\n1,小笠原,太朗\n", "ma")
    await write("UPDATE person SET email = 'info@a.example'")
    await rekey_all("person")
    enter(Here(principal=SYSTEM, language="ja"))
    found = await duplicates.seek("person", now() - timedelta(days=1))
    assert found["merged"] == 0
    assert await rows("SELECT 1 FROM merge_log") == []


async def test_companies_that_a_product_names_meet_the_book(house: Any) -> None:
    book = "顧客ID,会社名,電話\nA1,株式会社青葉渡工業,03-1111-2222\nA2,千舟ロジ株式会社,03-3333-4444\n"
    await take(book, "crm", "accounts")
    group = Arrived("group", "", "g1", now(), "u1", group="g-1", source="app", is_trusted=True,
                    traits={"name": "㈱青葉渡工業", "phone": "03 1111 2222"})  # fmt: skip
    alike = Arrived("group", "", "g2", now(), "u1", group="g-2", source="app", is_trusted=True,
                    traits={"name": "千舟ロジ合同会社"})  # fmt: skip
    await store([group, alike])
    found = await rows("SELECT s.source_id, a.name FROM account_source s JOIN account a ON a.id = s.account_id"
                       " WHERE s.source = 'app' ORDER BY 1")  # fmt: skip
    assert [tuple(row) for row in found] == [("g-1", "株式会社青葉渡工業"), ("g-2", "千舟ロジ合同会社")]


@pytest.mark.parametrize(("one", "other", "is_theirs"), [
    ({"email": "a@example.jp", "family_name": "青波"}, {"email": "a@example.jp"}, True),
    ({"email": "a@example.jp", "family_name": "青波"}, {"email": "a@example.jp", "family_name": "赤沢"}, False),
    ({"email": "info@example.jp", "family_name": "青波"}, {"email": "info@example.jp", "family_name": "青波"}, True),
    ({"email": "sales-2@b.jp", "family_name": "小笠原", "given_name": "太郎"},
     {"email": "sales-2@b.jp", "family_name": "小笠源", "given_name": "太郎"}, False),
])  # fmt: skip
def test_whose_an_address_is(one: dict[str, str], other: dict[str, str], is_theirs: bool) -> None:
    assert speaks_for(compare(human_of(one), human_of(other))) is is_theirs
