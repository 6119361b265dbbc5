"""What accounts want to reach: agreed, counted or said, and a part of their health."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.clock import as_of, days_ago, local_day, now
from core.database import rows
from core.errors import Conflict, Forbidden, Refused
from core.principal import MEMBER
from customers import goals, health, merging
from customers.models import Account, Goal
from customers.rules import FieldRule, set_rule
from customers.tracking import Tracked, track_many
from factories import a_person, an_account, staff
from wires import as_person

pytestmark = pytest.mark.anyio
S = "/staff/customers"
WRITER = MEMBER | {"customers.read", "customers.write"}


async def outcome(account_id: int) -> tuple[float | None, dict[str, Any]]:
    """(points of 25, the facts behind them)"""
    await health.recompute([account_id])
    found = {one["measure"]: one for one in (await Account.get(id=account_id)).health_reasons}["outcome"]
    return found["points"], found["facts"]


async def test_a_goal_is_agreed_followed_and_reached_on_the_page(web: Any, sign_in: Any, house: Any) -> None:
    csm = await staff("csm")
    account, other = await an_account(csm_id=csm.id), await an_account("他社")
    await sign_in(csm)
    base = f"{S}/{account.id}/goals"
    assert "1年後にどうなっていたいか" in (await web.get(base)).text
    for wrong in ({"title": ""}, {"title": "x", "target": 0}, {"title": "x", "due_on": "2020-01-01"},
                  {"title": "x", "due_on": "never"}):  # fmt: skip
        assert (await web.submit(base, {"target": 1} | wrong)).status_code == 422, wrong
    assert (await web.submit(f"{S}/{other.id}/goals", {"title": "x", "target": 1})).status_code == 404
    due = str(local_day() + timedelta(days=100))
    said = {"title": "締めを<b>3日</b>で終える", "target": 1, "due_on": due}
    assert (await web.submit(base, said)).status_code == 303
    goal = await Goal.get()
    assert (goal.account_id, str(goal.due_on), goal.created_by_id) == (account.id, due, csm.id)
    for place in (base, f"{S}/{account.id}"):
        page = (await web.get(place)).text
        assert "締めを&lt;b&gt;3日&lt;/b&gt;で終える" in page and "<b>3日" not in page
    assert "目標1件のうち1件が順調" in (await web.get(f"{S}/{account.id}")).text
    assert (await web.submit(f"{S}/{other.id}/goals/{goal.id}", {"progress": 1, "state": "open"})).status_code == 404
    assert (await web.submit(f"{base}/{goal.id}", {"progress": 101, "state": "open"})).status_code == 422
    assert (
        await web.submit(f"{base}/{goal.id}", {"progress": 40, "state": "open", "note": "半分弱"})
    ).status_code == 303
    assert "40 %" in (await web.get(base)).text
    assert (await web.submit(f"{base}/{goal.id}", {"progress": 40, "state": "reached"})).status_code == 303
    assert (await web.submit(f"{base}/{goal.id}", {"progress": 1, "state": "open"})).status_code == 409
    goal = await Goal.get()
    assert (goal.state, goal.progress, goal.closed_on) == ("reached", 100, local_day())
    told = (await web.get(f"{S}/{account.id}/timeline")).text
    assert "目標を達成しました" in told and "目標を決めました" in told
    assert len(await rows("SELECT 1 FROM audit_entry WHERE action = 'account.goal'")) == 3


async def test_only_who_may_change_the_account_agrees(house: Any) -> None:
    csm, other = await staff("csm"), await staff("csm", "別", "人")
    account = await an_account(csm_id=csm.id)
    as_person(other, all_accounts=False, capabilities=WRITER)
    with pytest.raises(Forbidden):
        await goals.agree(account.id, goals.Wanted("他人の目標"))
    as_person(csm, capabilities=WRITER)
    with pytest.raises(Refused):
        await goals.agree(account.id, goals.Wanted("  "))
    for n in range(goals.MOST_OPEN):
        await goals.agree(account.id, goals.Wanted(str(n)))
    with pytest.raises(Refused):
        await goals.agree(account.id, goals.Wanted("多すぎる"))
    goal = await Goal.all().first()
    await goals.say(goal, progress=5, state="dropped", note="")
    with pytest.raises(Conflict):
        await goals.say(goal, progress=5, state="reached", note="")


async def test_what_is_said_is_held_against_the_time_that_has_passed(house: Any) -> None:
    as_person(await staff("csm"), capabilities=WRITER)
    account = await an_account()
    await track_many([Tracked(name="seen", person_id=(await a_person(account=account)).id, at=now())])
    assert (await outcome(account.id))[0] is None, "nothing agreed, nothing known"
    goal = await goals.agree(account.id, goals.Wanted("半年で", due_on=local_day() + timedelta(days=100)))
    assert await outcome(account.id) == (25, {"on": 1, "n": 1})
    with as_of(now() + timedelta(days=50)):
        assert await outcome(account.id) == (12.5, {"on": 0, "n": 1})
        await goals.say(goal, progress=60, state="open", note="")
        assert await outcome(account.id) == (25, {"on": 1, "n": 1})
    with as_of(now() + timedelta(days=400)):
        assert await outcome(account.id) == (15, {"on": 0, "n": 1})
        await goals.say(goal, progress=60, state="reached", note="")
        assert await outcome(account.id) == (25, {"on": 1, "n": 1})
    with as_of(now() + timedelta(days=400 + goals.REACHED_COUNTS + 1)):
        assert (await outcome(account.id))[0] is None
    forever = await goals.agree(account.id, goals.Wanted("期限なし"))
    assert (await goals.standing(account.id))[0].goal.id == forever.id
    await goals.say(forever, progress=0, state="dropped", note="やめた")
    assert (await outcome(account.id))[0] == 25, "only the reached one counts"


async def test_a_goal_with_an_event_is_counted_over_everybody_of_the_company(house: Any) -> None:
    as_person(await staff("csm"), capabilities=WRITER)
    account, other = await an_account("甲"), await an_account("乙")
    one, two, stranger = [await a_person(str(n), account=where) for n, where in
                          enumerate((account, account, other))]  # fmt: skip
    await goals.agree(account.id, goals.Wanted("月に10件", event="invoice", target=10))
    await goals.agree(other.id, goals.Wanted("別の目標", event="report", target=1))
    await track_many([
        *(Tracked(name="invoice", person_id=one.id, at=days_ago(n)) for n in range(3)),
        *(Tracked(name="invoice", person_id=two.id, at=days_ago(n)) for n in range(2)),
        Tracked(name="invoice", person_id=two.id, at=days_ago(40)),
        *(Tracked(name="invoice", person_id=stranger.id, at=now()) for _ in range(9)),
    ])  # fmt: skip
    assert await outcome(account.id) == (12.5, {"on": 0, "n": 1})
    assert await outcome(other.id) == (0, {"on": 0, "n": 1})
    (stand,) = await goals.standing(account.id)
    assert (stand.count, stand.done, stand.is_on_course) == (5, 50, False)


async def test_goals_move_with_a_merge_and_come_back(house: Any) -> None:
    as_person(await staff("admin"), capabilities=WRITER)
    keep, lose = await an_account("残る"), await an_account("移る")
    goal = await goals.agree(lose.id, goals.Wanted("一緒に"))
    log = await merging.merge("account", keep.id, lose.id)
    assert (await Goal.get(id=goal.id)).account_id == keep.id
    await merging.undo(log.id)
    assert (await Goal.get(id=goal.id)).account_id == lose.id


async def test_who_may_not_read_notes_neither_reads_nor_wipes_a_goals_note(web: Any, sign_in: Any, house: Any) -> None:
    csm = await staff("csm")
    account = await an_account(csm_id=csm.id)
    as_person(csm, capabilities=WRITER)
    goal = await goals.agree(account.id, goals.Wanted("静かに"))
    await goals.say(goal, progress=10, state="open", note="ここだけの話")
    await set_rule("fields", FieldRule(hidden={"notes": ("csm",)}))
    await sign_in(csm)
    base = f"{S}/{account.id}/goals"
    for place in (f"{S}/{account.id}", base, f"{base}/{goal.id}"):
        assert "ここだけの話" not in (await web.get(place)).text, place
    assert (await web.submit(f"{base}/{goal.id}", {"progress": 20, "state": "open"})).status_code == 303
    goal = await Goal.get(id=goal.id)
    assert (goal.progress, goal.note) == (20, "ここだけの話")


async def test_only_what_the_product_sends_is_offered_as_an_event(web: Any, sign_in: Any, house: Any) -> None:
    csm = await staff("csm")
    account = await an_account(csm_id=csm.id)
    await track_many([Tracked(name="invoice", person_id=(await a_person(account=account)).id, at=now())])
    await sign_in(csm)
    page = (await web.get(f"{S}/{account.id}/goals")).text
    assert '<option value="invoice">' in page and "@@" not in page.partition("<datalist")[2].partition("</datalist>")[0]
