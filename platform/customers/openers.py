"""Every night: what passed or comes near without anybody's doing opens a task. Begun again, it goes on where it was."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date, timedelta
from typing import Any

from tortoise.expressions import Subquery

from core.clock import local_day
from core.database import rows, transaction
from core.refs import Ref
from customers import departments, goals, policy, tasks
from customers.days import a_day, as_day
from customers.models import Task
from customers.rights import rights_of
from customers.rules import TaskRule, rule

STEP = 200
BEFORE_RENEWAL = 30  # days that are left to decide when the talk is due


async def open_due() -> int:
    """How many were opened."""
    given: TaskRule = await rule("tasks")
    missed = await _missed_goals() if given.wants("goal") else 0
    return missed + (await _renewals(given.renewal_days) if given.wants("renewal") else 0)


async def hand_over_unseen() -> None:
    """An import set another CSM, a role was taken, somebody left: open tasks go from who does not see the account any
    more to whoever looks after it."""
    owned = Task.filter(state="open", owner_id__not_isnull=True)
    for owner in await owned.distinct().values_list("owner_id", flat=True):
        theirs = await rights_of(int(str(owner)))
        if theirs is None:
            return
        seen = Subquery(policy.visible_accounts(theirs).values("id"))
        unseen = owned.filter(owner_id=owner).exclude(account_id__in=seen)
        for account in await unseen.distinct().values_list("account_id", flat=True):
            await tasks.hand_over(int(str(account)), [int(str(owner))])


async def _missed_goals() -> int:
    """Open goals that were not reached by their last day, as it stood on that day."""
    opened = 0
    async for part in _parts(
        "SELECT g.id FROM account_goal g JOIN account a ON a.id = g.account_id WHERE g.state = 'open'"
        " AND a.state = 'active' AND g.due_on < ? AND NOT EXISTS (SELECT 1 FROM account_task t"
        " WHERE t.key = 'goal:' || CAST(g.id AS TEXT)) AND g.id > ?", "g.id", local_day(),
    ):  # fmt: skip
        missed = [one.goal for one in await goals.on_their_last_day([int(row[0]) for row in part]) if one.done < 100]
        async with transaction():
            for goal in missed:
                made = await tasks.open_itself(
                    "goal", goal.account_id, Ref("goal", goal.id), key=f"goal:{goal.id}", is_news=True,
                    due_on=local_day() + timedelta(days=tasks.WEEK), title=goal.title,
                )  # fmt: skip
                if made is not None:
                    await departments.tell("goal.missed", key=f"goal:{goal.id}", account_id=goal.account_id,
                                           title=goal.title)  # fmt: skip
                opened += made is not None
    return opened


async def _renewals(days: int) -> int:
    """Contracts that renew within so many days: one for each renewal, due a month before it."""
    opened, today = 0, local_day()
    async for part in _parts(
        "SELECT c.id, c.account_id, c.product, c.renews_on FROM contract c JOIN account a ON a.id = c.account_id"
        " WHERE c.ended_on IS NULL AND a.state = 'active' AND c.renews_on >= ? AND c.renews_on <= ? AND NOT EXISTS"
        " (SELECT 1 FROM account_task t WHERE"
        " t.key = 'renewal:' || CAST(c.id AS TEXT) || ':' || CAST(c.renews_on AS TEXT)) AND c.id > ?",
        "c.id", today, today + timedelta(days=days),
    ):  # fmt: skip
        async with transaction():
            for row in part:
                opened += await _renewal(int(row[0]), int(row[1]), row[2], a_day(row[3]) or today, today)
    return opened


async def _renewal(contract_id: int, account_id: int, product: str, renews_on: date, today: date) -> int:
    made = await tasks.open_itself(
        "renewal", account_id, Ref("contract", contract_id), key=f"renewal:{contract_id}:{renews_on}", is_news=True,
        due_on=max(today, renews_on - timedelta(days=BEFORE_RENEWAL)), product=product, day=str(renews_on),
    )  # fmt: skip
    if made is not None:
        await departments.tell("contract.renews", key=f"renewal:{contract_id}:{renews_on}", account_id=account_id,
                               product=product, day=str(renews_on))  # fmt: skip
    return int(made is not None)


async def _parts(sql: str, id: str, *days: date) -> AsyncIterator[Sequence[Any]]:
    """STEP rows at a time, by id."""
    last = 0
    while found := await rows(f"{sql} ORDER BY {id} LIMIT {STEP}", *[as_day(one) for one in days], last):
        yield found
        last = int(found[-1][0])
