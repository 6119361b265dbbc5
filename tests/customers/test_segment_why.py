"""Staff pick a person and see each condition of a segment, true or false, with the value that decided it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from core.clock import local_day, now
from core.context import Here, enter
from core.principal import SYSTEM
from customers import seeing, segments
from customers.models import Contract
from customers.segments import membership
from customers.segments.tree import Condition
from customers.segments.values import companies_of, value_of
from customers.segments.vocabulary import FIELDS, OPERATIONS
from customers.tracking import Tracked, track_many
from factories import a_person, an_account, member_of, staff

pytestmark = pytest.mark.anyio
S = "/staff/customers/segments"
TREE = {"all": [
    {"field": "account.tier", "op": "is", "value": "high"},
    {"any": [{"field": "event.count", "event": "report.made", "window_days": 30, "op": "at_least", "value": 3},
             {"field": "contract.monthly", "op": "at_least", "value": 1}]},
    {"none": [{"field": "person.locale", "op": "is", "value": "en"}]},
]}  # fmt: skip


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


async def a_reader() -> tuple[Any, Any]:
    account = await an_account("水面フーズ", tier="high")
    person = await a_person("田辺", "りょう", account=account, email="ryo@example.jp")
    await member_of(person, await an_account("岬商事", tier="low"))
    await Contract.create(account_id=account.id, product="勤怠", amount=45_000, starts_on=local_day(), source="t",
                          created_at=now(), updated_at=now())  # fmt: skip
    await track_many([Tracked(name="report.made", person_id=person.id)])
    return account, person


async def test_each_condition_says_whether_it_holds_and_why(web: Any, sign_in: Any, house: Any) -> None:
    _account, person = await a_reader()
    enter(Here(principal=SYSTEM))
    segment = await segments.save("担当者", TREE)
    await membership.refresh_due()
    await sign_in(await staff("admin"))
    assert f"{S}/{segment.id}/why" in (await web.get(f"{S}/{segment.id}")).text
    around = (await web.get(f"/staff/customers/people/{person.id}")).text
    assert f"{S}/{segment.id}/why?person={person.id}" in around
    for question in (f"person={person.id}", "who=田辺 りょう", "who=ryo@example.jp"):
        said = plain((await web.get(f"{S}/{segment.id}/why?{question}")).text)
        assert "田辺 りょう" in said
        assert "水面フーズ: ハイタッチ, 岬商事: ロータッチ" in said.replace("、", ", ")
        assert "水面フーズ: 45,000" in said
        assert "いまの値：1" in said, "made one report: too few, but the contract is enough"
        assert said.count("当てはまらない:") == 2 and said.count("当てはまる:") == 5
    assert "その名前の人がいません" in (await web.get(f"{S}/{segment.id}/why?who=だれもいない")).text
    await a_person("田辺", "つばさ")
    choose = (await web.get(f"{S}/{segment.id}/why?who=田辺")).text
    assert choose.count("/why?person=") == 2
    assert (await web.get(f"{S}/{segment.id}/why?person=99999")).status_code == 404


async def test_whoever_may_not_see_a_field_sees_neither_condition_nor_value(web: Any, sign_in: Any, house: Any) -> None:
    account, person = await a_reader()
    enter(Here(principal=SYSTEM))
    segment = await segments.save("担当者", TREE)
    csm = await staff("csm")
    await type(account).filter(id=account.id).update(csm_id=csm.id)
    other = await a_person("別社", "人")
    await seeing.hide({"account.money": ["csm"]})
    await sign_in(csm)
    said = await web.get(f"{S}/{segment.id}/why?person={person.id}")
    assert said.status_code == 200
    assert "45,000" not in said.text and "見られない項目" in said.text and "ハイタッチ" not in said.text
    assert (await web.get(f"{S}/{segment.id}/why?person={other.id}")).status_code == 404, "of another CSM"


async def test_every_field_has_a_value_to_show(house: Any) -> None:
    _account, person = await a_reader()
    where = await companies_of(person.id)
    for field in FIELDS:
        one = Condition(field.name, OPERATIONS[field.kind][0], 1, event="report.made", then="x", topic="news",
                        channel="email", window_days=30)  # fmt: skip
        for of in ("person", "account"):
            one = Condition(**{name: getattr(one, name) for name in one.__struct_fields__} | {"of": of})
            assert await value_of(one, person, where), field.name
