"""The lists of people and companies are searched: by how a name begins, and inside only where nothing begins so."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest

from core.clock import days_ago, local_day
from core.database import write
from customers.accounts import open_account
from customers.models import Membership, Person
from factories import a_person, an_account, staff

pytestmark = pytest.mark.anyio
PEOPLE, COMPANIES = "/staff/customers/people", "/staff/customers"


async def shown(web: Any, path: str, **asked: Any) -> list[str]:
    """The heads of the rows, over all pages."""
    found, params = [], dict(asked)
    page = await web.get(path, params=params)
    while True:
        assert page.status_code == 200, page.text
        found += re.findall(r'<th scope="row"[^>]*>.*?<a[^>]*href="/staff/customers/[^"]*"[^>]*>([^<]+)</a>', page.text)
        after = re.search(r'href="([^"]*[?&;]after=[^"]*)"', page.text)
        if not after:
            return found
        page = await web.get(after[1].replace("&amp;", "&"))


async def a_town() -> None:
    for family, given, kana, given_kana, email in (
        ("田中", "花子", "タナカ", "ハナコ", "hanako.tanaka@aoi.example.jp"),
        ("田中", "太郎", "たなか", "たろう", "taro@aoi.example.jp"),
        ("高橋", "花", "タカハシ", "ハナ", "Hana@Bee.example.jp"),
        ("Miller", "Ann", "", "", "ann_m@c.example.com"),
    ):
        person = await a_person(family, given, email=email, family_kana=kana, given_kana=given_kana)
        if family == "Miller":
            await Person.filter(id=person.id).update(handle="Eule 100%", locale="en")


async def test_people_are_found_by_how_they_are_called(web: Any, sign_in: Any, house: Any) -> None:
    await a_town()
    await sign_in(await staff("admin"))
    hanako, taro, hana, ann = "田中 花子", "田中 太郎", "高橋 花", "Ann Miller"
    for words, people in {
        "田中": {hanako, taro}, "田中花": {hanako}, "田中 花子": {hanako}, "花子 田中": {hanako}, "花": {hanako, hana},
        "タナカ": {hanako, taro}, "たなか": {hanako, taro}, "はな": {hanako, hana}, "ﾀﾅｶ": {hanako, taro},
        "TARO@": {taro}, "aoi.example": {hanako, taro}, "bee": {hana}, "mill": {ann}, "ANN": {ann}, "eule": {ann},
        "ann miller": {ann}, "tanaka": {hanako}, "橋": {hana}, "100%": {ann}, "nn_": {ann}, "誰": set(), "%": {ann},
        "田中 誰": set(), "' OR 1=1": set(),
    }.items():  # fmt: skip
        assert set(await shown(web, PEOPLE, q=words)) == people, words
    assert await shown(web, PEOPLE, q="田中", sort="-last_seen_at") != []
    assert set(await shown(web, PEOPLE, q="田中", kind="staff")) == set()
    assert set(await shown(web, PEOPLE, locale="en")) == {ann}
    assert "田中 花子" in (await web.get("/staff/search?q=たなか はな")).text


async def test_names_that_change_are_found_as_they_are_now(web: Any, sign_in: Any, house: Any) -> None:
    person = await a_person("旧姓", "花子", email="old@example.jp")
    await sign_in(await staff("admin"))
    await write("UPDATE person SET family_name = '新姓', email = NULL WHERE id = ?", person.id)
    assert await shown(web, PEOPLE, q="旧姓") == [] == await shown(web, PEOPLE, q="old@")
    assert await shown(web, PEOPLE, q="新姓") == ["新姓 花子"]
    await write("UPDATE person SET state = 'merged' WHERE id = ?", person.id)
    assert await shown(web, PEOPLE, q="新姓") == []
    await write("UPDATE person SET state = 'active' WHERE id = ?", person.id)
    assert await shown(web, PEOPLE, q="新姓") == ["新姓 花子"]
    await write("DELETE FROM person WHERE id = ?", person.id)
    assert await shown(web, PEOPLE, q="新姓") == []


async def test_every_page_of_a_search_is_in_the_order_of_the_list(web: Any, sign_in: Any, house: Any) -> None:
    """Hundreds who begin alike, few of whom pass the filter: none is lost between pages, none stands there twice."""
    r, high, low = random.Random(5), await an_account(tier="high"), await an_account(tier="low")
    for n in range(330):
        kana = r.choice("アイウエオ")
        await a_person("多数", f"人{n}", family_kana=kana, account=high if n % 5 == 0 else low)
    await sign_in(await staff("admin"))
    found = await shown(web, PEOPLE, q="多数")
    ordered = [one.full_name for one in await Person.filter(family_name="多数").order_by("family_kana", "id")]
    assert found == ordered
    assert await shown(web, PEOPLE, q="多数", sort="-family_kana") == ordered[::-1]
    of_high = await shown(web, PEOPLE, q="多数", tier="high")
    assert of_high == [name for name in ordered if int(name.split("人")[1]) % 5 == 0]
    assert "330" in (await web.get(PEOPLE, params={"q": "多数"})).text
    assert "66" in (await web.get(PEOPLE, params={"q": "多数", "tier": "high"})).text


async def test_strangers_decide_nothing_about_who_is_found_among_ones_own(web: Any, sign_in: Any, house: Any) -> None:
    """That somebody elsewhere begins with 橋 must neither hide one's own 高橋 nor show in any way."""
    csm = await staff("csm")
    own, other = await open_account(name="自社", csm_id=csm.id), await open_account(name="他社")
    await a_person("高橋", "花", family_kana="タカハシ", given_kana="ハナ", account=own)
    await a_person("田中", "一橋", family_kana="タナカ", account=own)
    stranger = await a_person("橋本", "環", family_kana="ハシモト", account=other)
    await sign_in(csm)
    for _ in range(2):
        for words, people in {"橋": ["高橋 花", "田中 一橋"], "高橋 花": ["高橋 花"], "一橋": ["田中 一橋"], "橋本": [],
                              "環": [], "ハシ": ["高橋 花"], "ハナ": ["高橋 花"]}.items():  # fmt: skip
            assert sorted(await shown(web, PEOPLE, q=words)) == sorted(people), words
            assert sorted(await shown(web, PEOPLE, q=words, sort="-last_seen_at")) == sorted(people), words
            assert ("高橋 花" in (await web.get("/staff/search", params={"q": words})).text) == ("高橋 花" in people)
        await write("DELETE FROM person WHERE id = ?", stranger.id)
    for n in range(30):
        await a_person("橋", f"{n}", family_kana=f"ハ{n:02}", account=own)
    assert await shown(web, PEOPLE, q="橋") == [f"橋 {n}" for n in range(30)]
    assert "30" in (await web.get(PEOPLE, params={"q": "橋"})).text


async def test_a_tier_lists_who_belongs_to_it_today_once(web: Any, sign_in: Any, house: Any) -> None:
    one, other, low = [await an_account(tier=tier) for tier in ("high", "high", "low")]
    both, left = await a_person("両方", "に居る", account=one), await a_person("昔", "居た", account=one)
    await Membership.create(person_id=both.id, account_id=other.id)
    await Membership.filter(person_id=left.id).update(until=local_day(days_ago(2)))
    await a_person("別", "の人", account=low)
    await sign_in(await staff("admin"))
    assert await shown(web, PEOPLE, tier="high") == ["両方 に居る"]


async def test_companies_are_found_by_a_word_inside_their_names(web: Any, sign_in: Any, house: Any) -> None:
    csm = await staff("admin")
    for name, more in (("株式会社青空商事", {"name_kana": "アオゾラ", "csm_id": csm.id}), ("青葉サーバー工業", {}),
                       ("Blue Sky K.K.", {"corporate_number": "7000012050002"})):  # fmt: skip
        await open_account(name=name, **more)
    await sign_in(csm)
    for words, companies in {
        "商事": {"株式会社青空商事"}, "青": {"株式会社青空商事", "青葉サーバー工業"}, "㈱青空": {"株式会社青空商事"},
        "(株)空": set(), "アオゾラ": {"株式会社青空商事"}, "サーバ工業": {"青葉サーバー工業"}, "SKY": {"Blue Sky K.K."},
        "70000120": {"Blue Sky K.K."}, "無い": set(),
    }.items():  # fmt: skip
        assert set(await shown(web, COMPANIES, q=words)) == companies, words
    assert await shown(web, COMPANIES, own="1") == ["株式会社青空商事"]
