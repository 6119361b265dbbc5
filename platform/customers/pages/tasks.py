"""What is to be done about one company: the open tasks, one to change, and its end."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any, Literal

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.response import Redirect

from core.clock import local_day
from core.context import current_principal
from core.forms import Form, Line, Meta
from core.i18n import _
from core.pages import flash, page
from customers import accounts, policy, seeing, tasks
from customers.models import Account, Person, Task
from customers.pages.common import a_coming_day, around, the_account
from customers.task_words import CAUSES, path_of, title_of


class NewTask(msgspec.Struct):
    title: Annotated[Line, Meta(min_length=1, max_length=200)]
    due_on: Annotated[Line, Meta(min_length=1, max_length=10)]
    owner_id: int = 0
    person_id: int = 0


class Change(msgspec.Struct):
    title: Annotated[Line, Meta(min_length=1, max_length=200)]
    due_on: Annotated[Line, Meta(min_length=1, max_length=10)]
    owner_id: int = 0


class End(msgspec.Struct):
    state: Literal["done", "dropped"]
    note: Annotated[Line, Meta(max_length=500)] = ""


async def card(account_id: int) -> dict[str, Any]:
    """For the page of a company."""
    return {"tasks": await tasks.open_of(account_id), "today": local_day(), "title_of": title_of}


async def people_of(account_id: int) -> list[tuple[int, str]]:
    """(id, name) of those who are there now, as far as the reader may see them."""
    here = policy.visible_people(current_principal()).filter(
        memberships__account_id=account_id, memberships__until=None)  # fmt: skip
    found: list[Person] = await here.order_by("family_kana", "id").limit(200)
    return [(one.id, one.full_name) for one in found]


class TaskPages(Controller):
    path = "/staff/customers/{account_id:int}/tasks"

    @get("/", may="customers.read")
    async def show(self, account_id: int) -> Response[Any]:
        account = await the_account(account_id)
        owner = await tasks.usual_owner(account_id)
        initial = {"due_on": str(local_day() + timedelta(days=tasks.WEEK)), "owner_id": owner or 0}
        return await self._all(account, Form(NewTask, initial=initial))

    @post("/", may="customers.write", status_code=200)
    async def add(self, account_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        account = await the_account(account_id)
        form = Form(NewTask, await request.form())
        due = a_coming_day(form, "due_on")
        await _check_owner(form, account_id)
        if not form.valid or due is None:
            return await self._all(account, form, 422)
        said = form.data
        await tasks.add(account_id, tasks.Wanted(said.title, due, said.owner_id, said.person_id or None))
        flash(_("The task is written down."))
        return Redirect(f"/staff/customers/{account_id}", status_code=303)

    @get("/{task_id:int}", may="customers.read")
    async def edit(self, account_id: int, task_id: int) -> Response[Any]:
        account = await the_account(account_id)
        task = await tasks.find(task_id, account_id)
        initial = {"title": title_of(task), "due_on": str(task.due_on), "owner_id": task.owner_id or 0}
        return await self._one(account, task, Form(Change, initial=initial))

    @post("/{task_id:int}", may="customers.write", status_code=200)
    async def change(self, account_id: int, task_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        account = await the_account(account_id)
        task = await tasks.find(task_id, account_id)
        form = Form(Change, await request.form())
        due = _due(form, task)
        if form.valid and form.data.owner_id != (task.owner_id or 0):
            await _check_owner(form, account_id)
        if not form.valid or due is None:
            return await self._one(account, task, form, 422)
        await tasks.change(task, title=form.data.title, due_on=due, owner_id=form.data.owner_id)
        flash(_("Saved."))
        return Redirect(f"/staff/customers/{account_id}", status_code=303)

    @post("/{task_id:int}/closure", may="customers.write", status_code=200)
    async def close(self, account_id: int, task_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        await the_account(account_id)
        task = await tasks.find(task_id, account_id)
        form = Form(End, await request.form())
        if not form.valid:
            flash(form.errors.get("note") or form.errors.get("state", form.failure), "bad")
            return Redirect(f"/staff/customers/{account_id}/tasks/{task_id}", status_code=303)
        if await tasks.close([task], form.data.state, form.data.note):
            flash(_("The task is done.") if form.data.state == "done" else _("The task is dropped."))
        else:
            flash(_("This task is closed already."), "warn")
        return Redirect(f"/staff/customers/{account_id}", status_code=303)

    async def _all(self, account: Account, form: Form[NewTask], status: int = 200) -> Response[Any]:
        closed = policy.visible_tasks(current_principal()).filter(account_id=account.id).exclude(state="open")
        return page(
            "customers/account_tasks.html", status=status, **await around(account), **await card(account.id), form=form,
            closed=await closed.select_related("closed_by", "person").order_by("-closed_at", "-id").limit(20),
            staff=await accounts.staff_choices(), people=await people_of(account.id),
        )  # fmt: skip

    async def _one(self, account: Account, task: Task, form: Form[Change], status: int = 200) -> Response[Any]:
        return page("customers/account_task.html", status=status, **await around(account), task=task, form=form,
                    title=title_of(task), leads_to=path_of(task), cause=str(CAUSES[task.kind]),
                    staff=await accounts.staff_choices(), sees_notes=(await seeing.sight()).sees("notes"))  # fmt: skip


def _due(form: Form[Change], task: Task) -> date | None:
    """A day to come, or the day it has had all along."""
    if form.valid and form.data.due_on == str(task.due_on):
        return task.due_on
    return a_coming_day(form, "due_on")


async def _check_owner(form: Form[Any], account_id: int) -> None:
    if form.valid and (sentence := await tasks.why_not_owner(form.data.owner_id, account_id)):
        form.add_error("owner_id", sentence)
