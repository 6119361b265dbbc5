"""While it is sent and after: pause, cancellation, resending, reconciling. Each is a noun of the campaign."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, delete, post
from litestar.response import Redirect

from campaigns import actions, rollout
from core.errors import Refused
from core.form_fields import ids_among
from core.i18n import _, ngettext
from core.pages import flash


def back(campaign_id: int) -> Response[Any]:
    return Redirect(f"/staff/campaigns/{campaign_id}/report", status_code=303)


class FollowingPages(Controller):
    path = "/staff/campaigns/{campaign_id:int}"

    @post("/pause", may="campaigns.write", status_code=200)
    async def pause(self, campaign_id: int) -> Response[Any]:
        await rollout.pause(await actions.find(campaign_id))
        flash(_("Paused. At most what was in the air still goes."))
        return back(campaign_id)

    @delete("/pause", may="campaigns.write", status_code=200)
    async def resume(self, campaign_id: int) -> Response[Any]:
        await rollout.resume(await actions.find(campaign_id))
        flash(_("It goes on."))
        return back(campaign_id)

    @post("/cancellation", may="campaigns.write", status_code=200)
    async def cancel(self, campaign_id: int) -> Response[Any]:
        await rollout.cancel(await actions.find(campaign_id))
        flash(_("Cancelled. Whoever has not got it will not."))
        return back(campaign_id)

    @post("/resending", may="campaigns.write", status_code=200)
    async def resend(self, campaign_id: int) -> Response[Any]:
        await rollout.resend(await actions.find(campaign_id))
        flash(_("It is sent again to those who were missed."))
        return back(campaign_id)

    @post("/reconciliation", may="campaigns.write", status_code=200)
    async def reconcile(self, campaign_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        campaign = await actions.find(campaign_id)
        form = await request.form()
        ids = ids_among(form.getall("id", []))
        if not ids or form.get("arrived") not in ("yes", "no"):
            raise Refused(_("Choose at least one delivery, and say whether it arrived."))
        n = await rollout.reconcile(campaign, ids, arrived=form["arrived"] == "yes")
        flash(ngettext("%(n)s delivery is settled.", "%(n)s deliveries are settled.", n))
        return back(campaign_id)
