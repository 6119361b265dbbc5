"""What one account wants to reach: agreed, followed, closed."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.response import Redirect

from core.database import rows
from core.forms import Form, Line, Meta
from core.i18n import _
from core.pages import flash, page
from customers import goals
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
        return page("customers/account_goal.html", **await around(account), goal=goal,
                    form=Form(Progress, initial=goal))  # fmt: skip

    @post("/{goal_id:int}", may="customers.write", status_code=200)
    async def say(self, account_id: int, goal_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        account = await the_account(account_id)
        goal = await goals.find(account_id, goal_id)
        form = Form(Progress, await request.form())
        if not form.valid:
            return page("customers/account_goal.html", status=422, **await around(account), goal=goal, form=form)
        await goals.say(goal, progress=form.data.progress, state=form.data.state, note=form.data.note)
        flash(_("Saved."))
        return Redirect(f"/staff/customers/{account_id}/goals", status_code=303)

    async def _page(self, account: Account, form: Form[NewGoal], status: int = 200) -> Response[Any]:
        events = await rows("SELECT metric FROM account_metric WHERE account_id = ? ORDER BY metric LIMIT 300",
                            account.id)  # fmt: skip
        return page("customers/account_goals.html", status=status, **await around(account), form=form,
                    goals=await goals.standing(account.id), events=[row[0] for row in events])  # fmt: skip
