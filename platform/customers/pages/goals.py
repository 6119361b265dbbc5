"""What one account wants to reach: agreed, followed, closed."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.response import Redirect

from core.forms import Form, Line, Meta
from core.i18n import _
from core.pages import flash, page
from customers import goals, seeing, tracking
from customers.models import Account
from customers.pages.common import a_coming_day, around, the_account


class NewGoal(msgspec.Struct):
    title: Annotated[Line, Meta(min_length=1, max_length=200)]
    event: Annotated[Line, Meta(max_length=120)] = ""
    target: Annotated[int, Meta(ge=1, le=1_000_000_000)] = 1
    due_on: Annotated[str, Meta(max_length=10)] = ""


class Progress(msgspec.Struct):
    progress: Annotated[int, Meta(ge=0, le=100)] = 0
    state: Literal["open", "reached", "dropped"] = "open"
    note: Annotated[Line, Meta(max_length=500)] = ""


async def _sees_notes() -> bool:
    return (await seeing.sight()).sees("notes")


class GoalPages(Controller):
    path = "/staff/customers/{account_id:int}/goals"

    @get("/", may="customers.read")
    async def show(self, account_id: int) -> Response[Any]:
        return await self._page(await the_account(account_id), Form(NewGoal))

    @post("/", may="customers.write", status_code=200)
    async def agree(self, account_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        account = await the_account(account_id)
        form = Form(NewGoal, await request.form())
        due = a_coming_day(form, "due_on")
        if not form.valid:
            return await self._page(account, form, 422)
        await goals.agree(account_id, goals.Wanted(form.data.title, form.data.event, form.data.target, due))
        flash(_("The goal is written down, and the health is worked out with it."))
        return Redirect(f"/staff/customers/{account_id}/goals", status_code=303)

    @get("/{goal_id:int}", may="customers.write")
    async def edit(self, account_id: int, goal_id: int) -> Response[Any]:
        account = await the_account(account_id)
        goal = await goals.find(account_id, goal_id)
        initial = {"progress": goal.progress, "state": goal.state, "note": goal.note if await _sees_notes() else ""}
        return page("customers/account_goal.html", **await around(account), goal=goal,
                    form=Form(Progress, initial=initial))  # fmt: skip

    @post("/{goal_id:int}", may="customers.write", status_code=200)
    async def say(self, account_id: int, goal_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        account = await the_account(account_id)
        goal = await goals.find(account_id, goal_id)
        form = Form(Progress, await request.form())
        if not form.valid:
            return page("customers/account_goal.html", status=422, **await around(account), goal=goal, form=form)
        note = form.data.note if await _sees_notes() else goal.note
        await goals.say(goal, progress=form.data.progress, state=form.data.state, note=note)
        flash(_("Saved."))
        return Redirect(f"/staff/customers/{account_id}/goals", status_code=303)

    async def _page(self, account: Account, form: Form[NewGoal], status: int = 200) -> Response[Any]:
        return page("customers/account_goals.html", status=status, **await around(account), form=form,
                    goals=await goals.standing(account.id), events=await tracking.event_names(account.id))  # fmt: skip
