"""What is to be done about all companies: mine first, what is late on top, many done at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.response import Redirect

from core.clock import local_day
from core.context import current_principal
from core.i18n import _, day, ngettext
from core.listing import Bulk, Choice, Column, Listing
from core.pages import flash, page
from customers import accounts, policy, tasks
from customers.models import Task
from customers.pages.common import tabs, words
from customers.task_words import CAUSES, STATES, title_of

HERE = "/staff/customers/tasks"


class DueChoice(Choice, frozen=True):
    """By today's day."""

    def conditions(self, chosen: list[str]) -> list[Any]:
        today = local_day()
        return {
            "late": [("due_on", "<", today)],
            "today": [("due_on", "=", today)],
            "week": [("due_on", ">=", today), ("due_on", "<=", today + timedelta(days=tasks.WEEK))],
        }[chosen[0]]


def views() -> list[tuple[str, str, str]]:
    """(value of `of`, words, address)"""
    found = [("", _("Mine")), ("all", _("Everybody's")), ("none", _("Nobody's yet")), ("closed", _("Closed tasks"))]
    return [(value, label, f"{HERE}?of={value}" if value else HERE) for value, label in found]


async def listed(request: Request[Any, Any, Any], of: str) -> Listing:
    who = current_principal()
    query, is_closed = policy.visible_tasks(who).select_related("account", "owner", "person"), of == "closed"
    query = query.exclude(state="open") if is_closed else query.filter(state="open")
    if of in ("", "none"):
        query = query.filter(owner_id=who.person_id or 0) if not of else query.filter(owner_id__isnull=True)
    staff = [(str(id), name) for id, name in await accounts.staff_choices()]
    end = [Column("closed_at", _("State"), sort=True, num=True, wide=True)] if is_closed else []
    return Listing(
        request,
        query=query,
        columns=[
            Column("title", _("Task"), head=True, value=title_of),
            Column("company", _("Company"), wide=True),
            Column("due_on", _("By"), sort=True, num=True, format=day),
            Column("owner", _("Owner"), wide=True, value=lambda one: one.owner.full_name if one.owner_id else ""),
            Column("kind", _("Why"), wide=True, format=lambda kind: str(CAUSES[kind])),
            *end,
        ],
        filters=[
            *([Choice("owner", _("Owner"), staff, field="owner_id")] if of in ("all", "closed") else []),
            Choice("kind", _("Why"), words(CAUSES), many=True),
            DueChoice("due", _("By"), {"late": _("Late"), "today": _("Today"), "week": _("Within a week")}),
        ],
        search=["title", "account__name"],
        default_sort="-closed_at" if is_closed else "due_on", name="tasks", bulk_action=f"{HERE}/chosen",
        bulk=_bulk(staff) if who.may("customers.write") and not is_closed else [],
    )  # fmt: skip


def _bulk(staff: list[tuple[str, str]]) -> list[Bulk]:
    return [Bulk("done", _("Done"), "check"), Bulk("dropped", _("Not needed any more"), "x"),
            Bulk("give", _("Give to"), "user", options={"0": _("nobody")} | dict(staff))]  # fmt: skip


class TaskListPages(Controller):
    path = HERE

    @get("/", may="customers.read")
    async def index(self, request: Request[Any, Any, Any]) -> Response[Any]:
        of = _of(request)
        found = await (await listed(request, of)).load()
        return page("customers/tasks.html", tasks=found, of=of, views=views(), tabs=await tabs(), today=local_day(),
                    title_of=title_of, states=words(STATES))  # fmt: skip

    @post("/chosen", may="customers.write", status_code=200)
    async def chosen(self, request: Request[Any, Any, Any]) -> Redirect:
        of, data = _of(request), await request.form()
        ids = await (await listed(request, of)).chosen(data)
        found = await policy.visible_tasks(current_principal()).filter(id__in=ids, state="open")
        if found:
            flash(await _carried_out(found, str(data.get("do", "")), data))
        else:
            flash(_("Choose at least one task."), "warn")
        return Redirect(f"{HERE}?of={of}" if of else HERE, status_code=303)


def _of(request: Request[Any, Any, Any]) -> str:
    found = request.query_params.get("of", "")
    return found if found in {"all", "none", "closed"} else ""


async def _carried_out(found: list[Task], do: str, data: Any) -> str:
    if do == "give":
        given = str(data.get("give_to", "0"))
        changed = await tasks.give(found, int(given) if given.isdecimal() and len(given) < 19 else -1)
        return ngettext("%(n)s task has another owner.", "%(n)s tasks have another owner.", changed)
    closed = await tasks.close(found, do)
    return ngettext("%(n)s task is closed.", "%(n)s tasks are closed.", closed)
