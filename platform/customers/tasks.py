"""Tasks: what is to be done about an account, by whom and by when. Staff write them, or what happens opens one.

What happened opens one with `open_itself`, inside the transaction that tells of it; which of these a house wants is the
rule "tasks".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec
from tortoise.queryset import QuerySet

from core.audit import audit
from core.clock import local_day, now
from core.context import current_principal
from core.database import rows, transaction, write
from core.errors import Conflict, NotFound, Refused
from core.i18n import _
from core.policy import ensure
from core.refs import Ref
from customers import notices, policy, timeline
from customers.days import as_day
from customers.models import Membership, Person, Task
from customers.registry import forgets
from customers.rights import rights_of
from customers.rules import TaskRule, rule
from customers.task_words import title_of

MOST_OPEN = 200  # by hand, of one account
SOON = 3  # days, for what should not wait
WEEK = 7


class Wanted(msgspec.Struct):
    """`owner_id` None: whoever looks after the account; 0: nobody yet."""

    title: str
    due_on: date
    owner_id: int | None = None
    person_id: int | None = None


async def find(task_id: int, account_id: int | None = None) -> Task:
    """One that the reader may see. Raises NotFound."""
    found = policy.visible_tasks(current_principal()).filter(id=task_id)
    if account_id is not None:
        found = found.filter(account_id=account_id)
    task = await found.select_related("owner", "person", "closed_by", "account").first()
    if task is None:
        raise NotFound(_("There is no such task."))
    return task


async def open_of(account_id: int, most: int = MOST_OPEN) -> list[Task]:
    """The next due first."""
    found = policy.visible_tasks(current_principal()).filter(account_id=account_id, state="open")
    return await found.select_related("owner", "person").order_by("due_on", "id").limit(most)


def due_today() -> QuerySet[Task]:
    """The reader's own, due today or late; the latest first."""
    who = current_principal()
    mine = policy.visible_tasks(who).filter(owner_id=who.person_id or 0, state="open", due_on__lte=local_day())
    return mine.order_by("due_on", "id")


async def usual_owner(account_id: int) -> int | None:
    """The account's CSM, else the deputy; nobody who has left."""
    found = await rows(
        "SELECT c.id, d.id FROM account a LEFT JOIN person c ON c.id = a.csm_id AND c.state = 'active'"
        " LEFT JOIN person d ON d.id = a.deputy_id AND d.state = 'active' WHERE a.id = ?", account_id,
    )  # fmt: skip
    return (found[0][0] or found[0][1]) if found else None


# By hand -----------------------------------------------------------------------------------------------------


async def add(account_id: int, wanted: Wanted) -> Task:
    who = current_principal()
    ensure(policy.can_change_account(who, account_id))
    if not wanted.title.strip():
        raise Refused(_("Say what is to be done."))
    if await Task.filter(account_id=account_id, state="open", kind="by_hand").count() >= MOST_OPEN:
        raise Refused(_("At most %(n)s open tasks: close one first.", n=MOST_OPEN))
    if wanted.person_id and not await Membership.filter(account_id=account_id, person_id=wanted.person_id).exists():
        raise Refused(_("This person does not belong to the company."))
    if wanted.owner_id is not None:
        await _ensure_owner(wanted.owner_id, account_id)
    owner = await usual_owner(account_id) if wanted.owner_id is None else wanted.owner_id or None
    async with transaction():
        task = await Task.create(
            account_id=account_id, title=wanted.title.strip()[:200], due_on=wanted.due_on, owner_id=owner,
            person_id=wanted.person_id or None, created_by_id=who.person_id, created_at=now(), updated_at=now(),
        )  # fmt: skip
        await _write_down(task, {}, {"task": task.title, "due": str(task.due_on), "owner": owner})
        await _on_timeline("opened", task)
        await _tell_owner(task)
    return task


async def change(task: Task, *, title: str, due_on: date, owner_id: int) -> None:
    """Another day, owner (0: nobody) or wording. What opened by itself keeps its words while nobody writes others."""
    ensure(policy.can_change_account(current_principal(), task.account_id))
    written = title.strip()[:200]
    if written == title_of(task):
        written = task.title
    if not (written or task.kind != "by_hand"):
        raise Refused(_("Say what is to be done."))
    after = {"title": written, "due_on": due_on, "owner_id": owner_id or None}
    before = {name: getattr(task, name) for name in after}
    if before == after:
        return
    if after["owner_id"] != task.owner_id:
        await _ensure_owner(owner_id, task.account_id)
    async with transaction():
        if not await Task.filter(id=task.id, state="open").update(**after, updated_at=now()):
            raise Conflict(_("This task is closed already."))
        await task.refresh_from_db(["title", "due_on", "owner_id"])
        await _write_down(task, _plain(before), _plain(after))
        if after["owner_id"] != before["owner_id"]:
            await _tell_owner(task)


async def close(tasks: Sequence[Task], state: str, note: str = "") -> int:
    """Done, or dropped as not needed any more; how many were still open."""
    who, closed = current_principal(), 0
    if state not in ("done", "dropped"):
        raise Refused(_("Choose one of the list."))
    async with transaction():
        for task in tasks:
            ensure(policy.can_change_account(who, task.account_id))
            won = await Task.filter(id=task.id, state="open").update(
                state=state, note=note.strip()[:500], closed_by_id=who.person_id, closed_at=now(), updated_at=now()
            )
            if won:
                closed += 1
                await _write_down(task, {"state": "open"}, {"task": title_of(task), "state": state})
                await _on_timeline(state, task)
    return closed


async def give(tasks: Sequence[Task], owner_id: int) -> int:
    """Open ones to one member of staff, or to nobody (0); how many changed hands."""
    given = [one for one in tasks if one.state == "open" and one.owner_id != (owner_id or None)]
    async with transaction():
        for task in given:
            await change(task, title=title_of(task), due_on=task.due_on, owner_id=owner_id)
    return len(given)


async def why_not_owner(person_id: int, account_id: int) -> str:
    """Why this person cannot own a task of this account; empty where they can, and for nobody (0).

    Whoever does not see the account would be told of a task that they cannot open.
    """
    if not person_id:
        return ""
    if not await Person.filter(id=person_id, kind="staff", state="active").exists():
        return _("Choose somebody of the staff.")
    theirs = await rights_of(person_id)
    if theirs and not await policy.visible_accounts(theirs).filter(id=account_id).exists():
        return _("They do not see this company. Make them its CSM or deputy first.")
    return ""


async def _ensure_owner(person_id: int, account_id: int) -> None:
    if sentence := await why_not_owner(person_id, account_id):
        raise Refused(sentence)


async def hand_over(account_id: int, gone: Iterable[int | None]) -> None:
    """Another CSM or deputy: open tasks of those who look after the account no more go to whoever does, and so do those
    that opened by themselves while nobody did."""
    people = [one for one in gone if one] or [0]
    marks = ", ".join("?" * len(people))
    await write(
        "UPDATE account_task SET owner_id = ?, updated_at = ? WHERE account_id = ? AND state = 'open'"
        f" AND (owner_id IN ({marks}) OR (owner_id IS NULL AND kind <> 'by_hand'))",
        await usual_owner(account_id), now(), account_id, *people,
    )  # fmt: skip


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, date) else value for name, value in values.items()}


# By itself ---------------------------------------------------------------------------------------------------


async def open_itself(kind: str, account_id: int, about: Ref, *, key: str, due_on: date | None = None,
                      person_id: int | None = None, is_news: bool = False, **facts: Any) -> int | None:  # fmt: skip
    """Inside the caller's transaction: one for this occasion, however often it is called; None where there is one, or
    where the house does not want these. `is_news`: nobody else tells the owner."""
    given: TaskRule = await rule("tasks")
    if not given.wants(kind):
        return None
    owner, moment = await usual_owner(account_id), now()
    made = await write(
        "INSERT INTO account_task (account_id, person_id, title, facts, due_on, owner_id, kind, about_kind, about_id,"
        " key, state, note, created_at, updated_at) VALUES (?, ?, '', ?, ?, ?, ?, ?, ?, ?, 'open', '', ?, ?)"
        " ON CONFLICT DO NOTHING RETURNING id",
        account_id, person_id, facts, as_day(due_on or local_day() + timedelta(days=SOON)), owner, kind, about.kind,
        about.id, key, moment, moment,
    )  # fmt: skip
    if not made:
        return None
    if is_news:  # not on the timeline: there stands what happened, and what is done about it
        await _tell_owner(await Task.get(id=made[0][0]))
    return int(made[0][0])


async def take_over(kind: str, account_id: int, about: Ref, *, key: str, **facts: Any) -> bool:
    """An open one of this kind is about the newer occasion from now on. False where there is none."""
    won = await write(
        "UPDATE account_task SET facts = ?, about_id = ?, key = ?, updated_at = ? WHERE id = (SELECT MIN(id)"
        " FROM account_task WHERE account_id = ? AND kind = ? AND about_kind = ? AND state = 'open') RETURNING id",
        facts, about.id, key, now(), account_id, kind, about.kind,
    )  # fmt: skip
    return bool(won)


# What is told of them ----------------------------------------------------------------------------------------


def _about(task: Task) -> Ref:
    """Erasing a person empties what the audit log says about them: what is about them stands under their name."""
    return Ref("person", task.person_id) if task.person_id else Ref("account", task.account_id)


async def _write_down(task: Task, before: dict[str, Any], after: dict[str, Any]) -> None:
    await audit("account.task", _about(task), before=before | {"id": task.id}, after=after)


async def _on_timeline(what: str, task: Task) -> None:
    await timeline.record(
        task.person_id, f"customers.task_{what}", account_id=task.account_id, channel="staff",
        about=Ref("task", task.id), key=f"task:{task.id}:{what}", title=task.title, cause=task.kind, facts=task.facts,
        by=current_principal().name,
    )  # fmt: skip


async def _tell_owner(task: Task) -> None:
    """Whoever took it for themselves knows."""
    if not task.owner_id or task.owner_id == current_principal().person_id:
        return
    account = (await rows("SELECT name FROM account WHERE id = ?", task.account_id))[0][0]
    await notices.tell(
        [task.owner_id], about=Ref("task", task.id), kind="customers.task_given", key=f"task:{task.id}",
        url=f"/staff/customers/{task.account_id}/tasks/{task.id}",
        data={"account": account, "title": task.title, "cause": task.kind, "facts": task.facts},
    )  # fmt: skip


@forgets
async def forget_notices(people: list[int], _known_by: list[tuple[str, str]]) -> None:
    """What was told of tasks about an erased person goes with the tasks."""
    for person in people:
        await write("DELETE FROM notice WHERE about_kind = 'task' AND about_id IN"
                    " (SELECT id FROM account_task WHERE person_id = ?)", person)  # fmt: skip
