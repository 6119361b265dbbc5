"""Pages that stand above the rooms: the staff's home and their search."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, get

from app import finding, home
from core.context import current_principal
from core.i18n import lazy
from core.navigation import navigation
from core.pages import page

navigation.add("staff", lazy("Home"), "/staff", may="customers.read", icon="home", order=0, group=0, key="h")


class StaffPages(Controller):
    path = "/staff"

    @get("/", may="customers.read")
    async def home(self) -> Response[bytes]:
        who = current_principal()
        counts, fallen = await home.health_of(who)
        todo, due = await home.todo()
        return page("app/staff_home.html", figures=await home.figures(who), work=await home.work_now(who), todo=todo,
                    due=due, counts=counts, fallen=fallen, total=sum(counts.values()), days=home.DAYS)  # fmt: skip

    @get("/search", may="customers.read")
    async def search(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        words = request.query_params.get("q", "")
        return page("app/staff_search.html", words=words, found=await finding.everything(current_principal(), words))


controllers = [StaffPages]
