"""One record however it arrives: sources meet in one account, doubts go to a person, order changes nothing."""

from __future__ import annotations

import csv
import io
import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.context import Here, enter
from core.database import rows, write
from core.errors import Refused
from core.principal import SYSTEM
from customers import reviews
from customers.imports import run
from customers.matching.stored import rekey_all
from shared_data import shared_data

pytestmark = pytest.mark.anyio
AOBA = {"id": "A1", "会社名": "株式会社青葉渡工業", "住所": "青波市港町2-4-1", "電話": "03-1234-5678"}


def table(*given: dict[str, str]) -> bytes:
    names = list(dict.fromkeys(name for one in given for name in one))
    file = io.StringIO()
    writer = csv.DictWriter(file, names)
    writer.writeheader()
    writer.writerows(given)
    return file.getvalue().encode()


async def take(content: bytes, source: str) -> dict[str, int]:
    enter(Here(principal=SYSTEM, language="ja"))
    batch = await run.start(content, source=source)
    return {name: count for name, count in (await run.apply(batch)).items() if count}


async def book() -> list[tuple[Any, ...]]:
    """What the accounts say, without ids."""
    found = await rows(
        "SELECT a.name, a.corporate_number, a.address, a.phone, a.industry, a.normal_name, a.state,"
        " (SELECT COUNT(*) FROM account_alias x WHERE x.account_id = a.id),"
        " (SELECT COUNT(*) FROM account_source x WHERE x.account_id = a.id) FROM account a"
    )
    return sorted(tuple(str(value) for value in row) for row in found)


async def test_another_source_meets_the_record_and_fills_what_is_empty(house: Any) -> None:
    assert await take(table(AOBA), "crm") == {"created": 1}
    theirs = {"id": "77", "会社名": "㈱青葉渡工業", "住所": "青波市港町二丁目４番１号", "電話": "", "業種": "製造"}
    stranger = {"id": "78", "会社名": "青葉渡工業", "住所": "遠い市1-1"}
    assert await take(table(theirs), "sfa") == {"updated": 1}
    assert await take(table(stranger), "fax") == {"review": 1}
    [account] = await rows("SELECT name, phone, industry FROM account")
    assert tuple(account) == ("株式会社青葉渡工業", "03-1234-5678", "製造")
    assert await take(table(theirs), "sfa") == {"unchanged": 1}
    assert await take(table(stranger), "fax") == {"review": 1}
    [review] = await rows("SELECT id, kind, reason FROM review")
    assert (review[1], review[2]) == ("same_company", "名前が同じ +6, 市区町村が違う +0")

    await reviews.decide(review[0], accepted=False)
    assert await take(table(stranger), "fax") == {"unchanged": 1}
    assert len(await rows("SELECT 1 FROM account")) == 2


async def test_the_better_source_wins_a_field_in_any_order(house: Any) -> None:
    await write(
        "INSERT INTO source_rank (source, field, rank) VALUES ('crm', '', 1), ('sfa', '', 2), ('sfa', 'phone', 0)"
    )
    numbered = AOBA | {"法人番号": "2990701001237"}
    crm, sfa = table(numbered), table(numbered | {"id": "x", "住所": "青波市港町9", "電話": "03-9"})
    for order in ((("crm", crm), ("sfa", sfa)), (("sfa", sfa), ("crm", crm), ("sfa", sfa))):
        for table_name in ("account", "match_key", "review", "import_row", "import_batch"):
            await write(f"DELETE FROM {table_name}")
        for source, content in order:
            await take(content, source)
        [account] = await rows("SELECT address, phone FROM account")
        assert tuple(account) == ("青波市港町2-4-1", "03-9")


async def test_rows_that_fit_one_record_alike_wait_and_wait_again(house: Any) -> None:
    await take(table(AOBA), "crm")
    twins = table(AOBA | {"id": "1"}, AOBA | {"id": "2"})
    assert await take(twins, "sfa") == {"review": 2}
    assert await take(twins, "sfa") == {"review": 2}
    first = await rows("SELECT MIN(id) FROM review")
    await reviews.decide(first[0][0], accepted=True)
    assert await take(twins, "sfa") == {"unchanged": 1, "review": 1}


async def test_columns_are_remembered_for_a_source(house: Any) -> None:
    enter(Here(principal=SYSTEM, language="ja"))
    file = "会社,番,メモ\n株式会社青葉,1,x\n".encode()
    batch = await run.start(file, source="crm", mapping={"会社": "name", "番": "source_id", "メモ": "industry"})
    await run.apply(batch)
    again = await run.start(file, source="crm")
    assert again.mapping == {"会社": "name", "番": "source_id", "メモ": "industry"}
    assert (await run.apply(again))["unchanged"] == 1
    with pytest.raises(Refused):
        await run.start(file, source="another")


async def test_business_cards_are_people(house: Any) -> None:
    await take(table(AOBA), "crm")
    cards = [
        {"会社名": "㈱青葉渡工業", "役職": "部長", "氏名": f"青葉 {name}", "e-mail": f"{n}@aoba.example",
         "住所": "青波市港町2-4-1", "TEL会社": "03-1", "URL": "https://aoba.example", "名刺交換日": "2026/11/1"}
        for n, name in enumerate(["一郎", "二郎"])
    ]  # fmt: skip
    assert await take(table(*cards), "eight") == {"created": 2}
    found = await rows(
        "SELECT p.given_name, m.title FROM person p JOIN membership m ON m.person_id = p.id ORDER BY p.id"
    )
    assert [tuple(row) for row in found] == [("一郎", "部長"), ("二郎", "部長")]


SOURCES = st.lists(
    st.lists(
        st.tuples(st.sampled_from(["青葉", "千舟", "岬", "凪", "Hama"]), st.sampled_from(["港1-1", "岸2-2", ""]),
                  st.sampled_from(["", "03-1", "03-2"])), min_size=1, max_size=6), min_size=1, max_size=3)  # fmt: skip


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=SOURCES, seed=st.integers(0, 99))
async def test_import_is_idempotent_and_the_order_of_rows_decides_nothing(
    house: Any, files: list[list[tuple[str, str, str]]], seed: int
) -> None:
    said, counted = [], []
    for shuffled in (False, True):
        for name in ("account", "match_key", "review", "import_row", "import_batch"):
            await write(f"DELETE FROM {name}")
        for number, file in enumerate(files):
            given_rows = [
                {"id": str(at), "会社名": f"株式会社{name}", "住所": place and f"青波市{place}", "電話": phone}
                for at, (name, place, phone) in enumerate(file)
            ]
            if shuffled:
                random.Random(seed).shuffle(given_rows)
            first = await take(table(*given_rows), f"source{number}")
            before = await book()
            again = await take(table(*given_rows), f"source{number}")
            waiting = first.get("review", 0)
            assert Counter(again) == Counter(unchanged=len(file) - waiting, review=waiting)
            assert await book() == before
            counted.append(first)
        said.append(await book())
    assert said[0] == said[1]
    assert counted[: len(files)] == counted[len(files) :]


async def test_hostile_strings_in_every_field(house: Any) -> None:
    import json

    naughty = json.loads(shared_data("hostile/blns/blns.json").read_text())
    fields = [
        "id",
        "会社名",
        "フリガナ",
        "別名",
        "法人番号",
        "住所",
        "電話",
        "url",
        "業種",
        "都道府県",
        "メール",
        "姓",
        "役職",
    ]
    given_rows = [{field: text if place == at % len(fields) or field == "会社名" else f"{field}{at}" for place, field in
                   enumerate(fields)} | {"法人番号": "", "メール": ""} for at, text in enumerate(naughty)]  # fmt: skip
    first = await take(table(*given_rows), "blns")
    assert sum(first.values()) == len([one for one in naughty if one.strip() or True])
    assert (await take(table(*given_rows), "blns")).get("created") is None
    second = await take(table(*({**one, "id": f"x{at}"} for at, one in enumerate(given_rows))), "other")
    assert sum(second.values()) == len(naughty)


@pytest.mark.data
async def test_edinet_twice_then_another_year_as_another_source(house: Any) -> None:
    new, old = (shared_data(f"matching/edinet_{year}.csv").read_bytes() for year in (2025, 2018))
    assert await take(new, "edinet2025") == {"created": 7213, "review": 11}
    assert await take(new, "edinet2025") == {"unchanged": 7213, "review": 11}
    before = await rows("SELECT COUNT(*) FROM account")
    first = await take(old, "edinet2018")
    assert first["updated"] > 5100
    assert first["review"] < 200
    apart = await rows(
        "SELECT s.source_id FROM account_source s JOIN account_source t ON t.source_id = s.source_id"
        " AND t.source = 'edinet2025' WHERE s.source = 'edinet2018' AND s.account_id <> t.account_id"
    )
    # Renamed and moved with no number in one of the years, or another legal entity under the filer's old id.
    assert len(apart) <= 4
    twice = await rows("SELECT corporate_number FROM account WHERE corporate_number IS NOT NULL"
                       " GROUP BY corporate_number HAVING COUNT(*) > 1")  # fmt: skip
    assert twice == []
    again = await take(old, "edinet2018")
    assert again == {"unchanged": 6245 - again["review"], "review": again["review"]}
    assert await rekey_all("account") == len(await rows("SELECT 1 FROM account")) >= before[0][0]
