"""What was merged, by whom and why, and the way back."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.response import Redirect

from core.context import current_principal
from core.database import rows
from core.i18n import _, ago
from core.listing import Choice, Column, Listing, YesNo
from core.pages import flash, page
from core.policy import ensure
from customers import merging, policy
from customers.matching.evidence import Evidence
from customers.matching.words import WORDS, reasons
from customers.models import MergeLog
from customers.pages.common import tabs

KINDS = {"account": "/staff/customers/{}", "person": "/staff/customers/people/{}"}


class MergePages(Controller):
    path = "/staff/customers/merges"

    @get("/", may="customers.write")
    async def index(self, request: Request[Any, Any, Any]) -> Response[Any]:
        ensure(policy.can_change_everything(current_principal()))
        found = Listing(
            request, query=MergeLog.all(),
            columns=[Column("kept_id", _("Stays"), head=True), Column("gone_id", _("Merged into it")),
                     Column("evidence", _("Why"), wide=True),
                     Column("merged_at", _("When"), sort=True, wide=True, num=True, format=ago),
                     Column("undone_at", _("State"))],
            filters=[Choice("kind", _("Kind of entry"), {"account": _("Companies"), "person": _("People")}),
                     YesNo("undone", _("Undone"), field="undone_at", by_null=True)],
            default_sort="-merged_at", name="merges", counted=False,
        )  # fmt: skip
        await found.load()
        return page("customers/merges.html", merges=found, tabs=await tabs(), names=await names(found.rows),
                    why={one.id: because(one) for one in found.rows}, places=KINDS)  # fmt: skip

    @post("/{merge_id:int}/undoing", may="customers.write")
    async def undo(self, merge_id: int) -> Redirect:
        await merging.undo(merge_id)
        flash(_("They are two records again."))
        return Redirect("/staff/customers/merges", status_code=303)


def because(log: MergeLog) -> str:
    """The evidence in words; empty for a merge that a person decided without any."""
    said = [Evidence(*one) for one in log.evidence.get("points", []) if one[0] in WORDS]
    return reasons(tuple(said))


async def names(logs: list[MergeLog]) -> dict[tuple[str, int], str]:
    found: dict[tuple[str, int], str] = {}
    for log in logs:
        for id in (log.kept_id, log.gone_id):
            sql = ("SELECT name FROM account WHERE id = ?" if log.kind == "account"
                   else "SELECT family_name || ' ' || given_name FROM person WHERE id = ?")  # fmt: skip
            said = await rows(sql, id)
            found[log.kind, id] = (said[0][0].strip() if said else "") or f"{id}"
    return found
