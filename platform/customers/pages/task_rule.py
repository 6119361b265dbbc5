"""Which tasks open by themselves."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.response import Redirect

from core.context import current_principal
from core.forms import Form, Meta
from core.i18n import _, lazy
from core.navigation import navigation
from core.pages import flash, page
from core.policy import ensure
from customers import policy
from customers.rules import TaskRule, rule, set_rule


class Wants(msgspec.Struct):
    goal: bool = False
    detractor: bool = False
    health: bool = False
    renewal: bool = False
    question: bool = False
    journey: bool = False
    renewal_days: Annotated[int, Meta(ge=1, le=365)] = 90


class TaskRulePages(Controller):
    path = "/staff/customers/tasks/rule"

    @get("/", may="settings.manage")
    async def show(self) -> Response[Any]:
        return page("customers/task_rule.html", form=Form(Wants, initial=await rule("tasks")))

    @post("/", may="settings.manage", status_code=200)
    async def save(self, request: Request[Any, Any, Any]) -> Response[Any]:
        ensure(policy.can_change_everything(current_principal()))
        form = Form(Wants, await request.form())
        if not form.valid:
            return page("customers/task_rule.html", status=422, form=form)
        await set_rule("tasks", TaskRule(**msgspec.structs.asdict(form.data)))
        flash(_("Saved. Tasks that are open already stay."))
        return Redirect("/staff/customers/tasks/rule", status_code=303)


navigation.add("settings", lazy("Tasks that open by themselves"), "/staff/customers/tasks/rule",
               may="settings.manage", icon="check", order=41, group=2)  # fmt: skip
