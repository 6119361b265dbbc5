"""Tasks that open by themselves: once for each occasion, also when the job runs twice or is stopped in the middle."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from core.clock import as_of, local_day, now
from core.principal import MEMBER
from customers import alerts, goals, merging, openers, tasks
from customers.jobs import open_tasks
from customers.models import Account, Contract, Goal, HealthSnapshot, Notice, Task
from customers.rules import TaskRule, rule, set_rule
from customers.task_words import title_of
from customers.tracking import Tracked, track_many
from factories import a_person, an_account, staff
from wires import as_person

pytestmark = pytest.mark.anyio
WRITER = MEMBER | {"customers.read", "customers.write"}


async def a_contract(account: Account, days: int, **more: Any) -> Contract:
    return await Contract.create(
        account_id=account.id, product="勤怠", starts_on=local_day() - timedelta(days=300), source="crm",
        renews_on=local_day() + timedelta(days=days), source_id=f"C-{account.id}-{days}", created_at=now(),
        updated_at=now(), **more,
    )  # fmt: skip


async def a_goal(account: Account, title: str, days: int, **more: Any) -> Goal:
    """Agreed a hundred days ago, due in so many days from now."""
    with as_of(now() - timedelta(days=100)):
        return await goals.agree(account.id, goals.Wanted(title, due_on=local_day() + timedelta(100 + days), **more))


async def opened() -> list[tuple[str, str, date, int | None]]:
    return [(one.kind, title_of(one), one.due_on, one.owner_id) for one in await Task.all().order_by("id")]


async def test_a_goal_that_was_not_reached_by_its_day_opens_one(house: Any) -> None:
    csm = await staff("csm")
    as_person(csm, capabilities=WRITER)
    account = await an_account(csm_id=csm.id)
    person = await a_person(account=account)
    late, reached = await a_goal(account, "締めを早く", -1), await a_goal(account, "達成済み", -1)
    await goals.say(reached, progress=100, state="reached", note="")
    await goals.say(await a_goal(account, "もう終わっている", -1), progress=100, state="open", note="")
    await a_goal(account, "今日まで", 0)
    await a_goal(account, "数えて達成", -1, event="invoice", target=3)
    await a_goal(account, "数えて未達", -1, event="invoice", target=4)
    yesterday = now() - timedelta(days=1)
    await track_many([Tracked(name="invoice", person_id=person.id, at=yesterday - timedelta(n)) for n in range(3)])
    as_person(await staff("admin"), "system")
    for _twice in range(2):
        await open_tasks()
    week = local_day() + timedelta(days=7)
    assert await opened() == [("goal", "目標の期限が過ぎました：締めを早く", week, csm.id),
                              ("goal", "目標の期限が過ぎました：数えて未達", week, csm.id)]  # fmt: skip
    assert await Notice.filter(person_id=csm.id, kind="customers.task_given").count() == 2
    as_person(csm, capabilities=WRITER)
    await tasks.close(await Task.all(), "done", "相談した")
    await open_tasks()
    assert await Task.all().count() == 2, "what was seen to is not asked again"
    with as_of(now() + timedelta(days=60)):
        await open_tasks()
        assert await Task.filter(state="open").count() == 1, "only the goal of today has passed since then"
    assert (await Goal.get(id=late.id)).state == "open"


async def test_a_contract_that_renews_in_ninety_days_opens_one_each_time(house: Any) -> None:
    csm = await staff("csm")
    account, former = await an_account(csm_id=csm.id), await an_account(state="churned")
    soon, ended = await a_contract(account, 90), await a_contract(account, 40, ended_on=local_day())
    for days in (91, -1):
        await a_contract(account, days)
    await a_contract(former, 20)
    near = await a_contract(account, 10)
    for _twice in range(2):
        await open_tasks()
    today = local_day()
    assert [(one.about_id, one.due_on) for one in await Task.all().order_by("id")] == [
        (soon.id, today + timedelta(days=60)), (near.id, today)]  # fmt: skip
    assert all("勤怠の更新" in title for _kind, title, _due, _owner in await opened())
    as_person(csm, capabilities=WRITER)
    await tasks.close(await Task.filter(about_id=near.id), "done")
    await open_tasks()
    assert await Task.filter(about_id=near.id).count() == 1, "this renewal has been seen to"
    await Contract.filter(id__in=[near.id, soon.id]).update(renews_on=today + timedelta(days=80))
    await open_tasks()
    assert await Task.filter(about_id=near.id).count() == 2, "the next renewal"
    assert await Task.filter(about_id=soon.id).count() == 1, "there is an open one"
    assert not await Task.filter(about_id=ended.id).exists()


async def test_a_night_that_is_stopped_in_the_middle_opens_each_once(house: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(openers, "STEP", 2)
    account = await an_account(csm_id=(await staff("csm")).id)
    for days in range(1, 8):
        await a_contract(account, days)
    tell, told = tasks._tell_owner, 0

    async def stop(task: Task) -> None:
        nonlocal told
        told += 1
        if told == 4:
            raise TimeoutError
        await tell(task)

    monkeypatch.setattr(tasks, "_tell_owner", stop)
    with pytest.raises(TimeoutError):
        await openers.open_due()
    assert await Task.all().count() == 2, "the third was in the transaction that was stopped"
    assert await openers.open_due() == 5
    assert await Task.all().count() == 7 == await Notice.filter(kind="customers.task_given").count()


async def scored(account: Account, score: int, day: int = 0) -> None:
    with as_of(now() + timedelta(days=day)):
        made: Any = {account.id: (score, [{"measure": "login_days", "of": 10, "points": score / 10, "facts": {}}])}
        await HealthSnapshot.update_or_create({"score": score, "coverage": 50, "reasons": made[account.id][1]},
                                              account_id=account.id, day=local_day())  # fmt: skip
        await alerts.watch(made)


async def test_a_fall_of_health_opens_one_and_a_deeper_one_is_the_same_task(house: Any) -> None:
    csm = await staff("csm")
    account, other = await an_account(csm_id=csm.id), await an_account(csm_id=csm.id)
    for day, score in ((-9, 80), (-8, 69), (-7, 68), (-6, 57), (-6, 57)):
        await scored(account, score, day)
    assert [(kind, title) for kind, title, _due, _owner in await opened()] == [
        ("health", "健康度が69から57に下がった理由を確かめる")]  # fmt: skip
    assert await Notice.filter(kind="customers.task_given").count() == 0, "the fall itself was told"
    as_person(csm, capabilities=WRITER)
    await tasks.close(await Task.all(), "done")
    await scored(account, 46, -5)
    assert await Task.all().count() == 2, "a fall after it was seen to"
    await scored(other, 90, -5)
    await scored(other, 60, -4)
    assert await Task.all().count() == 3
    as_person(csm, "admin", capabilities=WRITER)
    log = await merging.merge("account", account.id, other.id)
    await scored(account, 30, -3)
    assert await Task.filter(account_id=account.id, state="open").count() == 2
    await merging.undo(log.id)
    assert await Task.filter(account_id=other.id).count() == 1


async def test_a_house_switches_them_off_one_by_one(web: Any, sign_in: Any, house: Any) -> None:
    admin = await staff("admin")
    await sign_in(admin)
    page = "/staff/customers/tasks/rule"
    assert "自動で作るやること" in (await web.get(page)).text
    assert (await web.submit(page, {"renewal_days": 0})).status_code == 422
    assert (await web.submit(page, {"renewal": "on", "renewal_days": 30})).status_code == 303
    assert await rule("tasks") == TaskRule(False, False, False, True, question=False, journey=False, renewal_days=30)
    account = await an_account()
    as_person(admin, "admin", capabilities=WRITER)
    await a_goal(account, "締めを早く", -1)
    await a_contract(account, 29)
    await a_contract(account, 31)
    await scored(account, 90, -1)
    await scored(account, 40)
    await open_tasks()
    assert [one.kind for one in await Task.all()] == ["renewal"]
    await set_rule("tasks", TaskRule(renewal=False))
    await a_contract(account, 5)
    await open_tasks()
    assert sorted([one.kind for one in await Task.all()]) == ["goal", "renewal"]


async def test_what_opened_by_itself_and_nobody_took_up_keeps_no_import_from_being_undone(house: Any) -> None:
    from customers.imports import run, trailing

    as_person(await staff("admin"), "admin", capabilities=WRITER)
    batch = await run.start("顧客ID,会社名\nA1,株式会社い\nA2,株式会社ろ\n".encode(), kind="accounts", source="crm")
    await run.preview(batch)
    await run.apply(batch)
    first, second = await Account.all().order_by("id")
    for account in (first, second):
        await scored(account, 90, -1)
        await scored(account, 40)
    await tasks.close(await Task.filter(account_id=second.id), "done")
    await trailing.begin_undo(batch.id)
    await trailing.undo(batch.id)
    assert [one.id for one in await Account.all()] == [second.id]
    assert [one.account_id for one in await Task.all()] == [second.id]
