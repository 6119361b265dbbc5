# ruff: noqa: E501 -- a story is read whole
"""Companies of the same size stand beside an account, and none of them can be read."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from core.database import rows
from customers.models import Account
from factories import a_contract, an_account, staff
from insights.models import ReviewVersion
from insights.reviews import making
from insights.reviews.peers import peers
from insights.reviews.periods import Period
from review_parts import DAY, scored
from wires import as_person

pytestmark = pytest.mark.anyio
FIRST, LAST = date(2024, 7, 1), date(2024, 9, 30)
QUARTER = Period.of(FIRST, LAST, date(2024, 4, 1))


async def measured(
    seats: int, active: int, *, plan: str = "標準", day: date = LAST, score: int = 60, **more: Any
) -> Account:
    account = await an_account(**more)
    await a_contract(account, seats=seats, plan=plan, starts_on=FIRST - DAY)
    await scored(account, day, score, active=active, seats=seats, days=12, core=(2, 4))
    return account


async def test_with_four_of_them_nothing_is_kept(house: Any) -> None:
    csm = await staff("csm")
    mine = await measured(100, 50, csm_id=csm.id)
    for n in range(4):
        await measured(90 + n, 31 + n)
    assert await peers(mine.id, QUARTER) is None
    as_person(csm, capabilities={"customers.read", "customers.write", "insights.read"})
    review = await making.build(mine.id, QUARTER, language="ja")
    kept = await ReviewVersion.get(review_id=review.id)
    assert "peers" not in kept.figures and "use" not in kept.figures
    await measured(95, 35)
    found = await peers(mine.id, QUARTER)
    assert found is not None and found["n"] == 5


async def test_what_is_kept_is_rounded_quartiles_and_names_nobody(house: Any) -> None:
    mine = await measured(100, 73)
    theirs = [await measured(100, active) for active in (11, 22, 33, 44, 57)]
    found = await peers(mine.id, QUARTER)
    assert found is not None and found["size"] == 100 and found["same_plan"]
    seats = next(one for one in found["measures"] if one["name"] == "active_seats")
    assert seats == {"name": "active_seats", "own": 73, "low": 20, "middle": 35, "high": 45}
    others = [one[part] for one in found["measures"] for part in ("low", "middle", "high")]
    assert all(one % 5 == 0 for one in others), "no company's own number"
    assert not {one.name for one in theirs} & set(str(found)) and "id" not in found


async def test_only_companies_like_this_one_count(house: Any) -> None:
    parent = await an_account()
    mine = await measured(100, 50, parent_id=parent.id)
    for n in range(4):
        await measured(60 + n, 30)
    for other in (
        await measured(49, 1), await measured(201, 1),  # less than half, more than double
        await measured(100, 1, state="churned"), await measured(100, 1, parent_id=parent.id),
        await measured(100, 1, parent_id=mine.id), await measured(100, 1, day=LAST - 20 * DAY),  # long not scored
        await measured(100, 1, day=LAST + DAY),
    ):  # fmt: skip
        assert await peers(mine.id, QUARTER) is None, other.id
    gone = await an_account()
    await a_contract(gone, seats=100, starts_on=FIRST - 90 * DAY, ended_on=LAST)
    await scored(gone, LAST, 1, active=1, seats=100)
    assert await peers(mine.id, QUARTER) is None
    await measured(50, 30)
    assert (await peers(mine.id, QUARTER) or {})["n"] == 5


async def test_the_same_plan_is_preferred_where_there_are_enough(house: Any) -> None:
    mine = await measured(100, 50, plan="拡張")
    for n in range(4):
        await measured(100 + n, 80, plan="拡張")
    for n in range(4):
        await measured(100 + n, 20, plan="標準")
    found = await peers(mine.id, QUARTER)
    assert found is not None and (found["n"], found["same_plan"]) == (8, False)
    await measured(110, 80, plan="拡張")
    found = await peers(mine.id, QUARTER)
    assert found is not None and (found["n"], found["same_plan"]) == (5, True)


async def test_a_measure_that_fewer_than_five_have_is_left_out(house: Any) -> None:
    mine = await measured(100, 50)
    for n in range(4):
        await measured(100 + n, 40)
    odd = await an_account()
    await a_contract(odd, seats=100, plan="標準", starts_on=FIRST - DAY)
    await scored(odd, LAST, 70, days=5)  # seats and features of it are not known
    found = await peers(mine.id, QUARTER)
    assert found is not None and [one["name"] for one in found["measures"]] == ["login_days", "score"]
    assert len(await rows("SELECT 1 FROM account")) == 6
