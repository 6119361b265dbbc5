"""Work in the background: what stopped for good, what runs, what waits."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, delete, get, post
from litestar.response import Redirect

from access import policy
from access.actions import promises
from access.forms import Reason
from core.context import here
from core.forms import Form
from core.i18n import _, moment
from core.listing import Choice, Column, Listing
from core.models import Promise
from core.pages import flash, page

HOME = "/staff/settings/jobs"


def state_names() -> dict[str, str]:
    return {"dead": _("Stopped"), "running": _("Running now"), "waiting": _("Queued"), "done": _("Done")}


class PromisePages(Controller):
    path = HOME

    @get("/", may="audit.read", include_in_schema=False)
    async def show(self, request: Request[Any, Any, Any]) -> Response[Any]:
        names = state_names()
        query = policy.visible_promises(here().principal)
        if "state" not in request.query_params:
            query = query.filter(state__in=["dead", "running"])
        work = Listing(
            request, query=query, search=["name", "last_error"],
            columns=[
                Column("name", _("Work"), head=True), Column("state", _("State")),
                Column("due_at", _("Due"), sort=True, format=moment, wide=True),
                Column("attempts", _("Tries"), num=True, wide=True), Column("id", _("What you can do")),
            ],
            filters=[Choice("state", _("State"), names)], default_sort="-due_at", name="work",
        )  # fmt: skip
        await work.load()
        counts = {state: await Promise.filter(state=state).count() for state in ("dead", "running", "waiting")}
        return page("access/promises.html", work=work, names=names, counts=counts,
                    may_act=here().principal.may("settings.manage"))  # fmt: skip

    @post("/{promise_id:int}/run", may="settings.manage", status_code=303, include_in_schema=False)
    async def run_again(self, promise_id: int) -> Response[Any]:
        await promises.run_again(promise_id, by=here().principal)
        flash(_("It runs again now."))
        return Redirect(HOME, status_code=303)

    @delete("/{promise_id:int}", may="settings.manage", status_code=303, include_in_schema=False)
    async def discard(self, promise_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        form = Form(Reason, await request.form())
        await promises.discard(promise_id, reason=form.data.reason if form.valid else "", by=here().principal)
        flash(_("Discarded. It will not run again."))
        return Redirect(HOME, status_code=303)


controllers = [PromisePages]
