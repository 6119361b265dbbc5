"""What customers who left had in common: counted as a naive count has it, told with its interval, made a segment."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import local_day, now
from core.database import rows, write
from customers import segments
from customers.days import as_day
from customers.rules import HealthRule, set_rule
from customers.tracking.counting import ANY
from customers.tracking.recounting import recount
from factories import a_contract, a_person, an_account, staff
from inbox.models import Conversation
from insights.signals import rounds
from insights.signals.lift import Found, wilson
from insights.signals.population import population
from insights.signals.signs import Use, first_seen, signs_of

pytestmark = pytest.mark.anyio
RULE = HealthRule(core_features=("report/made",))
DAY = timedelta(days=1)


async def used(account: Any, person: int, name: str, day: date) -> None:
    for what in (name, ANY):
        await write("INSERT INTO usage_day (person_id, account_id, name, day, count) VALUES (?, ?, ?, ?, 1)"
                    " ON CONFLICT DO NOTHING", person, account.id, what, as_day(day))  # fmt: skip


async def a_customer(*, left: int | None = None, quiet: int = 0, days: int = 120, **contract: Any) -> Any:
    """Somebody who signs in and makes a report every third day until `quiet` days before they left, or before today."""
    account = await an_account()
    person = await a_person(account=account)
    end = local_day() - timedelta(days=left or 0)
    await a_contract(account, starts_on=end - timedelta(days=days + 30), ended_on=end if left is not None else None,
                     **contract)  # fmt: skip
    for back in range(quiet + 1, days, 3):
        await used(account, person.id, "signed_in", end - timedelta(days=back))
        await used(account, person.id, "report/made", end - timedelta(days=back))
    return account


@pytest.fixture
async def world(house: Any) -> dict[str, Any]:
    """Ten left, eight of them silent for 45 days; twenty stayed, one of them silent."""
    await set_rule("health", RULE)
    return {
        "silent": [await a_customer(left=n + 1, quiet=45) for n in range(8)],
        "busy": [await a_customer(left=n + 20) for n in range(2)],
        "stayed": [await a_customer(days=150) for n in range(19)],
        "risky": [await a_customer(quiet=50, days=150)],
    }


async def test_a_sign_is_counted_told_and_made_a_segment(
    web: Any, sign_in: Any, run_jobs: Any, world: dict[str, Any]
) -> None:
    await sign_in(await staff("admin"))
    assert "まだ計算していません" in (await web.get("/staff/insights/signals")).text
    assert (await web.submit("/staff/insights/signals/rounds", {})).status_code == 303
    await run_jobs()
    found = await rounds.kept()
    assert found is not None and (found.lost, found.stayed, found.of) == (10, 20, 20)
    by_name = {one.name: one for one in found.found}
    one = by_name["no_login"]
    assert (one.lost, one.stayed) == (8, 1) and one.is_sure and round(one.lift, 2) == round((8 / 9) / (10 / 30), 2)
    assert one.days == 14  # silent for 45 days: for 15 of them the 30 before were empty, seen weekly
    assert (by_name["stopped:report/made"].lost, by_name["stopped:report/made"].stayed) == (8, 1)
    assert "unhappy" not in by_name and found.found[0].is_sure
    page = (await web.get("/staff/insights/signals")).text
    assert "30日間だれもサインインしていない" in page and "×2.7" in page and "偶然とは言えません" in page
    made = await web.submit("/staff/insights/signals/segments", {"sign": "stopped:report/made"})
    assert made.status_code == 303
    segment = (await rows("SELECT id, name FROM segment ORDER BY id DESC LIMIT 1"))[0]
    again = await web.submit("/staff/insights/signals/segments", {"sign": "stopped:report/made"})
    assert again.headers["location"] == made.headers["location"], "a second click leads to the same"
    assert made.headers["location"].endswith(f"/segments/{segment[0]}") and "report/made" in segment[1]


async def test_a_segment_of_a_sign_holds_the_customers_of_today(house: Any, world: dict[str, Any]) -> None:
    await recount("account", [one.id for kind in world.values() for one in kind])
    for sign in signs_of(RULE):
        if sign.name in ("no_login", "stopped:report/made"):
            assert await segments.count(sign.tree) == 1, sign.name


async def test_who_left_for_no_reason_of_ours_or_was_no_customer_for_long_is_no_case(house: Any) -> None:
    today = local_day()
    ended, short, old, back, runs = [await an_account() for _ in range(5)]
    long_ago = today - timedelta(days=500)
    await a_contract(ended, starts_on=long_ago, ended_on=today - 5 * DAY, end_reason="business_ended")
    await a_contract(short, starts_on=today - 60 * DAY, ended_on=today - 5 * DAY)
    await a_contract(old, starts_on=long_ago, ended_on=today - 400 * DAY)
    await a_contract(back, starts_on=long_ago, ended_on=today - 100 * DAY)
    await a_contract(back, starts_on=today - 90 * DAY, ended_on=None)
    await a_contract(runs, starts_on=today - 95 * DAY, ended_on=None)
    assert (await population()).cases == []
    gone = await an_account()
    await a_contract(gone, starts_on=long_ago, ended_on=today - 3 * DAY)
    await a_contract(gone, starts_on=long_ago, ended_on=today - 30 * DAY, end_reason="business_ended")
    cases = {one.account: (one.day, one.is_lost) for one in (await population()).cases}
    day = today - 3 * DAY
    assert cases == {gone.id: (day, True), back.id: (day, False), runs.id: (day, False)}


async def test_of_few_nothing_is_said(web: Any, sign_in: Any, run_jobs: Any, house: Any) -> None:
    await set_rule("health", RULE)
    for n in range(3):
        await a_customer(left=n + 1, quiet=45)
    await a_customer()
    await rounds.work_out()
    await sign_in(await staff("admin"))
    assert "離れた会社が少なすぎて" in (await web.get("/staff/insights/signals")).text


async def test_who_may_not_see_customers_sees_no_signs(web: Any, sign_in: Any, house: Any) -> None:
    await sign_in(await a_person())
    assert (await web.get("/staff/insights/signals")).status_code in (403, 404)
    await sign_in(await staff("admin"))
    assert (await web.submit("/staff/insights/signals/segments", {"sign": "fewer_days"})).status_code == 404
    assert (await web.submit("/staff/insights/signals/segments", {"sign": "'; DROP"})).status_code == 404


async def test_opinions_questions_and_health_are_read(house: Any) -> None:
    account = await a_customer(left=1)
    person = await a_person(account=account)
    day = local_day() - DAY
    at = now() - timedelta(days=20)
    for n in range(3):
        await Conversation.create(
            customer_key=f"person:{n}", account_id=account.id, person_id=person.id, channel="web", state="resolved",
            bot_since=at, created_at=at, last_message_at=at,
        )  # fmt: skip
    await write("INSERT INTO health_snapshot (account_id, day, score, coverage, reasons) VALUES (?, ?, 40, 80, '[]')",
                account.id, as_day(day - 3 * DAY))  # fmt: skip
    case = next(one for one in (await population()).cases if one.is_lost)
    use = (await rounds.uses_of([case], RULE))[0]
    holding = {one.name for one in signs_of(RULE) if one.holds(use, day.toordinal())}
    assert {"many_questions", "health"} <= holding and "unhappy" not in holding


def test_the_interval_is_that_of_the_book() -> None:
    """Newcombe 1998, table I: 81 of 263 and 15 of 148, by the score method without continuity correction."""
    assert [round(one, 4) for one in wilson(81 / 263, 263)] == [0.2553, 0.3662]
    assert [round(one, 4) for one in wilson(15 / 148, 148)] == [0.0624, 0.1605]
    assert wilson(0.0, 20)[0] == 0.0 and wilson(1.0, 29)[1] == 1.0 and wilson(0.5, 0) == (0.0, 1.0)


@given(lost=st.integers(0, 50), stayed=st.integers(0, 500), more=st.tuples(st.integers(0, 50), st.integers(0, 500)),
       each=st.sampled_from([1.0, 3.5]))  # fmt: skip
def test_a_share_lies_in_its_interval_and_a_sign_of_all_lifts_nothing(
    lost: int, stayed: int, more: Any, each: float
) -> None:
    found = Found("x", lost, stayed, lost + more[0], stayed + more[1], each)
    low, high = found.interval
    assert 0 <= low <= found.share + 1e-9 and found.share - 1e-9 <= high <= 1
    everybody = Found("x", lost, stayed, lost, stayed, each)
    assert everybody.base == everybody.share and not everybody.is_sure


@given(days=st.sets(st.integers(0, 400)), end=st.integers(200, 420))
def test_a_sign_held_weekly_without_a_break(days: set[int], end: int) -> None:
    """`first_seen` is the longest run of weeks before the day in each of which nobody had signed in for 30 days."""
    sign = next(one for one in signs_of(RULE) if one.name == "no_login")
    use, day = (
        Use({"signed_in": {730_000 + one for one in days}}, {}, set(), [], set()),
        date.fromordinal(730_000 + end),
    )
    silent = [not any(730_000 + one in range(730_000 + end - 7 * week - 30, 730_000 + end - 7 * week) for one in days)
              for week in range(1, 26)]  # fmt: skip
    weeks = next((n for n, one in enumerate(silent) if not one), len(silent))
    assert first_seen(sign, use, day, 180) == 7 * weeks
