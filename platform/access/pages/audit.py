"""The audit log: who did what to what, and why."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get

from access import policy
from access.audit_words import said
from core.context import here
from core.database import rows
from core.i18n import _, moment
from core.listing import Choice, Column, Contains, Listing, Period
from core.pages import page


async def _known(column: str) -> dict[str, str]:
    """What the log holds in this column, for the filter."""
    found = await rows(f"SELECT DISTINCT {column} FROM audit_entry ORDER BY 1 LIMIT 200")
    return {row[0]: said(row[0]) for row in found}


@get("/staff/settings/audit", may="audit.read", include_in_schema=False)
async def log(request: Request[Any, Any, Any]) -> Response[Any]:
    entries = Listing(
        request, query=policy.visible_audit(here().principal), search=["actor_name", "reason", "note"],
        columns=[
            Column("at", _("When"), sort=True, format=moment), Column("actor_name", _("Who"), head=True),
            Column("action", _("What"), format=said),
            Column("target_kind", _("On"), wide=True, format=said, export=lambda e: f"{e.target_kind}:{e.target_id}"),
            Column("reason", _("Reason"), wide=True), Column("before", _("Change"), wide=True),
        ],
        filters=[Choice("action", _("What"), await _known("action"), many=True),
                 Choice("kind", _("On"), await _known("target_kind"), field="target_kind"),
                 Contains("actor", _("Who"), field="actor_name"), Period("at", _("When"))],
        default_sort="-at", exportable=True, name="audit",
    )  # fmt: skip
    if entries.wants_csv:
        return entries.csv("audit")
    await entries.load()
    return page("access/audit.html", entries=entries)


controllers = [log]
