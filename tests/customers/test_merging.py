"""Two records become one and two again, over every table of every room; races end in one merge."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app import rooms as all_rooms
from core.context import Here, enter
from core.database import rows, transaction, write
from core.errors import Conflict, Refused
from core.principal import SYSTEM
from customers import accounts, consent, merging, people
from customers.matching.stored import rekey
from customers.models import Account, MergeLog, Person
from customers.registry import references
from factories import a_person, an_account, member_of, staff
from record_filling import everything, fill

pytestmark = pytest.mark.anyio
all_rooms.load()
PLACES = [(one.table, one.column) for about in ("account", "person") for one in references(about)]


@pytest.fixture(autouse=True)
async def as_the_house(house: Any) -> None:
    enter(Here(principal=SYSTEM, language="ja"))


async def two(about: str) -> tuple[int, int]:
    if about == "account":
        one, other = await an_account("株式会社青葉", phone="1"), await an_account("㈱青葉製作所", address="青波市1-1")
    else:
        one, other = await a_person("髙橋", "花子"), await a_person("高橋", "花子", phone="09012345678")
    await rekey(about, [one.id, other.id])
    return one.id, other.id


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(about=st.sampled_from(["account", "person"]), seed=st.integers(0, 2**31))
async def test_merge_then_undo_is_the_identity_over_every_room(house: Any, about: Any, seed: int) -> None:
    chance = random.Random(seed)
    kept, gone = await two(about)
    for one in references(about):
        for side in sorted(chance.sample(["kept", "gone", "alike"], chance.randint(0, 2))):  # alike first
            if side == "alike":
                await fill(one.table, one.column, kept, "same")
                await fill(one.table, one.column, gone, "same")
            else:
                await fill(one.table, one.column, kept if side == "kept" else gone)
    await rekey(about, [kept, gone])
    before = await everything()
    log = await merging.merge(about, kept, gone)
    for one in references(about):
        left = await rows(f'SELECT id FROM "{one.table}" WHERE "{one.column}" = ?', gone)
        assert left == [], (one.table, one.column)
    await merging.undo(log.id)
    after = await everything()
    assert {table for table in before if before[table] != after[table]} == set()


async def test_every_reference_follows_and_comes_back(house: Any) -> None:
    for about in ("account", "person"):
        kept, gone = await two(about)
        for one in references(about):  # type: ignore[arg-type]
            await fill(one.table, one.column, kept, "same")
            await fill(one.table, one.column, gone, "same")
            await fill(one.table, one.column, gone)
        await rekey(about, [kept, gone])
        before = await everything()
        log = await merging.merge(about, kept, gone)  # type: ignore[arg-type]
        assert set(log.moved) == {one.table for one in references(about)}  # type: ignore[arg-type]
        await merging.undo(log.id)
        after = await everything()
        assert {table for table in before if before[table] != after[table]} == set()
        with pytest.raises(Conflict):
            await merging.undo(log.id)


async def test_what_a_merge_makes_of_two_people(house: Any) -> None:
    aoba = await an_account("株式会社青葉")
    one, other = await a_person("髙橋", "花子"), await a_person("高橋", "花子", phone="09012345678")
    await member_of(other, aoba)
    await consent.decide(one.id, "usage", "email", "given", source="form")
    await consent.decide(other.id, "usage", "email", "refused", source="form")
    log = await merging.merge("person", one.id, other.id)
    merged = await Person.get(id=one.id)
    assert (merged.phone, merged.full_name) == ("09012345678", "髙橋 花子")
    assert await consent.state_of(one.id, "usage", "email") == "refused"
    assert await accounts.accounts_of(one.id) == {aoba.id}
    known = await people.person_by_identity("email", other.email or "")
    assert known is not None
    assert known.id == one.id
    with pytest.raises(Conflict):
        await merging.merge("person", one.id, other.id)

    await Person.filter(id=one.id).update(phone="0311112222")  # a person corrects it meanwhile
    await people.link("email", "new@example.jp", one.id, source="form")
    await merging.undo(log.id)
    assert (await Person.get(id=one.id)).phone == "0311112222"
    assert (await Person.get(id=other.id)).email == other.email
    assert await consent.state_of(one.id, "usage", "email") == "given"
    back = await rows("SELECT person_id FROM identity WHERE value IN (?, 'new@example.jp') ORDER BY id", other.email)
    assert [row[0] for row in back] == [other.id, one.id]


async def test_merges_in_a_chain_are_undone_from_the_last(house: Any) -> None:
    first, second, third = [(await an_account(f"株式会社青葉{n}", parent=None)).id for n in range(3)]
    await Account.filter(id=first).update(parent_id=second)
    one = await merging.merge("account", first, second)
    assert (await Account.get(id=first)).parent_id is None
    two = await merging.merge("account", third, first)
    with pytest.raises(Conflict):
        await merging.undo(one.id)
    await merging.undo(two.id)
    await merging.undo(one.id)
    assert (await Account.get(id=first)).parent_id == second
    assert [a.state for a in await Account.filter(id__in=[first, second, third])] == ["active"] * 3


async def test_staff_are_not_merged_and_nothing_is_merged_with_itself(house: Any) -> None:
    one = await a_person()
    with pytest.raises(Refused):
        await merging.merge("person", one.id, one.id)
    with pytest.raises(Refused):
        await merging.merge("person", one.id, (await staff()).id)


async def test_of_many_merges_at_once_each_record_goes_once(house: Any) -> None:
    """Barrier: everybody starts together, in both directions; then all undo together."""
    ids = [(await an_account(f"株式会社岬{n}")).id for n in range(3)]
    for id in ids:
        await fill("contract", "account_id", id)
    gate = asyncio.Barrier(6)

    async def run(kept: int, gone: int) -> MergeLog | None:
        enter(Here(principal=SYSTEM))
        await gate.wait()
        try:
            return await merging.merge("account", kept, gone)
        except Conflict:
            return None

    pairs = [(a, b) for a in ids for b in ids if a != b]
    logs = [log for log in await asyncio.gather(*(run(*pair) for pair in pairs)) if log]
    assert len(logs) == 2
    assert [row[0] for row in await rows("SELECT COUNT(*) FROM account WHERE state = 'merged'")] == [2]
    assert len(await rows("SELECT DISTINCT account_id FROM contract")) == 1

    gate = asyncio.Barrier(4)

    async def back(id: int) -> bool:
        enter(Here(principal=SYSTEM))
        await gate.wait()
        try:
            await merging.undo(id)
            return True
        except Conflict:
            return False

    done = await asyncio.gather(*(back(log.id) for log in logs for _ in range(2)))
    assert sum(done) in {1, 2}
    for log in sorted(logs, key=lambda one: -one.id):
        if (await MergeLog.get(id=log.id)).undone_at is None:
            await merging.undo(log.id)
    assert len(await rows("SELECT DISTINCT account_id FROM contract")) == 3


async def test_a_row_that_comes_late_is_gathered_and_goes_back(house: Any, run_jobs: Any) -> None:
    kept, gone = await two("account")
    log = await merging.merge("account", kept, gone)
    late = await fill("event", "account_id", gone)
    await run_jobs()
    assert [row[0] for row in await rows("SELECT account_id FROM event WHERE id = ?", late)] == [kept]
    await merging.undo(log.id)
    assert [row[0] for row in await rows("SELECT account_id FROM event WHERE id = ?", late)] == [gone]
    assert await merging.gather(await MergeLog.get(id=log.id)) == 0


async def test_a_merge_that_fails_half_way_leaves_nothing(house: Any) -> None:
    kept, gone = await two("account")
    before = await everything()
    with pytest.raises(ZeroDivisionError):
        async with transaction():
            await merging.merge("account", kept, gone)
            raise ZeroDivisionError
    assert await everything() == before
    await write("SELECT 1")
