"""Lists: no row lost or doubled while others come in, forwards and backwards; CSV that is no formula."""

# ruff: noqa: E501
from __future__ import annotations

import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tortoise import Tortoise

from core import settings as core_settings
from core.context import Here, enter
from core.csv import csv_line, safe_cell
from core.database import close_database, open_database, write
from core.listing import Choice, Column, Contains, Listing, Period, Rows, YesNo
from kit_sample.models import Account

START = datetime(2026, 11, 1, tzinfo=UTC)
RAW = "SELECT id, name, tier, seats, created_at, archived_at FROM kit_account"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[None]:
    core_settings.use(core_settings.read_settings({}, secret_key="k" * 40))
    enter(Here(language="en", path="/list"))
    await open_database(f"sqlite://{tmp_path}/test.sqlite3", ["kit_sample"])
    await Tortoise.generate_schemas()
    yield
    await close_database()


async def add(n: int, dice: random.Random) -> None:
    for _ in range(n):
        await Account.create(
            name=dice.choice(["b", "a", "c", "あ", "B"]), tier=dice.choice(["high", "low"]),
            seats=dice.choice([None, 1, 2, 3]), created_at=START + timedelta(hours=dice.randrange(20)),
            archived_at=None if dice.random() < 0.5 else START,
        )  # fmt: skip


def a_list(
    params: dict[str, Any] | str, raw: bool = False, columns: list[Column] | None = None, **more: Any
) -> Listing:
    columns = columns or [Column("name", "Name", sort=True), Column("seats", "Seats", sort=True, num=True, empty=-1),
               Column("created_at", "Since", sort=True), Column("archived_at", "Gone", sort=True, empty="")]  # fmt: skip
    filters = [Choice("tier", "Tier", {"high": "High", "low": "Low"}, many=True), Contains("word", "Word", field="name"),
               Period("since", "Since", field="created_at"), YesNo("gone", "Gone", field="archived_at", by_null=True)]  # fmt: skip
    query = Rows(RAW) if raw else Account.all()
    return Listing(params, query=query, columns=columns, filters=filters, search=["name"],
                   **({"default_sort": "-created_at", "size": 4} | more))  # fmt: skip


def after(address: str) -> str:
    return address.partition("?")[2]


def ids(listing: Listing) -> list[int]:
    return [listing.id_of(row) for row in listing.rows]


@pytest.mark.parametrize("raw", [False, True])
@pytest.mark.parametrize("sort", ["-created_at", "name", "seats", "-seats", "archived_at"])
async def test_nobody_is_lost_or_doubled_while_rows_come_in(database: None, raw: bool, sort: str) -> None:
    dice = random.Random(sort)
    await add(23, dice)
    before = set(await Account.all().values_list("id", flat=True))
    seen: list[int] = []
    listing = await a_list({"sort": sort}, raw).load()
    pages = [ids(listing)]
    while True:
        seen += ids(listing)
        if not listing.next:
            break
        await add(2, dice)
        listing = await a_list(after(listing.next), raw).load()
        pages.append(ids(listing))
        assert len(pages) < 60
    assert len(seen) == len(set(seen))
    assert before <= set(seen)


@pytest.mark.parametrize("raw", [False, True])
async def test_going_back_shows_the_same_pages(database: None, raw: bool) -> None:
    await add(18, random.Random(5))
    listing = await a_list({"sort": "name"}, raw).load()
    forward = [ids(listing)]
    while listing.next:
        listing = await a_list(after(listing.next), raw).load()
        forward.append(ids(listing))
    backward = [ids(listing)]
    while listing.previous:
        listing = await a_list(after(listing.previous), raw).load()
        backward.append(ids(listing))
    assert backward[::-1] == forward
    assert not listing.previous


@pytest.mark.parametrize("sort", ["seats", "-seats", "archived_at", "-archived_at"])
async def test_what_is_not_known_stands_lowest_and_is_met_once(database: None, sort: str) -> None:
    """Pages begin and end in either part, the one with a value and the one without."""
    await add(23, random.Random(sort))
    columns = [Column("seats", "Seats", sort=True), Column("archived_at", "Gone", sort=True)]
    known = [(getattr(r, sort.removeprefix("-")), r.id) for r in await Account.all()]
    lowest: Any = -1 if "seats" in sort else datetime(1, 1, 1, tzinfo=UTC)
    wanted = sorted(known, key=lambda one: (lowest if one[0] is None else one[0], one[1]), reverse=sort.startswith("-"))
    for size in (3, 4, 7):
        listing = await a_list({"sort": sort}, columns=columns, size=size).load()
        forward = [ids(listing)]
        while listing.next:
            listing = await a_list(after(listing.next), columns=columns, size=size).load()
            forward.append(ids(listing))
        assert [one for page in forward for one in page] == [id for _value, id in wanted]
        backward = [ids(listing)]
        while listing.previous:
            listing = await a_list(after(listing.previous), columns=columns, size=size).load()
            backward.append(ids(listing))
        assert backward[::-1] == forward


@pytest.mark.parametrize("raw", [False, True])
async def test_a_long_list_is_not_counted_to_its_end(
    database: None, raw: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add(12, random.Random(3))
    assert ((found := await a_list({}, raw).load()).count, found.is_more, found.offers_all) == (12, False, True)
    monkeypatch.setattr("core.listing.MOST_COUNTED", 10)
    assert ((found := await a_list({}, raw).load()).count, found.is_more) == (10, True)
    monkeypatch.setattr("core.listing.MOST_CHOSEN", 9)
    assert not found.offers_all  # what one action would not touch is not offered
    assert (await a_list({"tier": ["high"]}, raw).load()).count == await Account.filter(tier="high").count()


@pytest.mark.parametrize("raw", [False, True])
async def test_filters_search_and_chips(database: None, raw: bool) -> None:
    await add(30, random.Random(2))
    listing = await a_list({"tier": ["high"], "q": "A", "gone": "0", "since": "2026-11-01..2026-11-01", "sort": "evil"}, raw, size=50).load()  # fmt: skip
    assert listing.sort == "-created_at"
    assert [words for words, _ in listing.chips] == ["“A”", "Tier: High", "Since: 1 Nov to 1 Nov", "Gone: No"]
    rows = [await Account.get(id=one) for one in ids(listing)]
    assert rows
    assert all(r.tier == "high" and r.name == "a" and r.archived_at is None for r in rows)
    assert listing.count == len(rows)
    assert "tier" not in listing.chips[1][1]


async def test_a_forged_cursor_is_the_first_page(database: None) -> None:
    await add(9, random.Random(1))
    first = await a_list({}).load()
    for forged in ["x", after(first.next)[:-2], '["v",1,1]']:
        assert ids(await a_list({"after": forged}).load()) == ids(first)


async def test_bulk_means_only_what_the_list_shows(database: None) -> None:
    await add(12, random.Random(3))
    high = set(await Account.filter(tier="high").values_list("id", flat=True))
    everyone = await Account.all().values_list("id", flat=True)
    assert set(await a_list({"tier": ["high"]}).chosen({"all": "1"})) == high
    assert set(await a_list({"tier": ["high"]}, True).chosen({"id": [str(i) for i in everyone] + ["x", "-1"]})) == high
    assert await a_list({}).chosen({"id": ["9" * 40, "9" * 5000, "²", "\0"]}) == []


async def test_the_csv_holds_every_row_and_no_formula(database: None) -> None:
    await add(3, random.Random(3))
    await write("UPDATE kit_account SET name = '=HYPERLINK(1)'")
    response = a_list({"format": "csv"}, exportable=True).csv()
    text = "".join([part.decode() async for part in response.iterator])  # type: ignore[attr-defined]
    assert text.startswith("\ufeffName,Seats")
    assert text.count("'=HYPERLINK(1)") == 3


@pytest.mark.parametrize("bad", ["=1", "+1", "-1", "@a", "\t=1", "\r=1", "  =1", "\n=1"])
def test_a_cell_is_never_a_formula(bad: str) -> None:
    assert safe_cell(bad).startswith("'")
    assert csv_line([-1, None, True]) == "-1,,1\r\n"
