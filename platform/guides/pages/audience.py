"""For whom, where, when, and how often."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.response import Redirect

from core.errors import Refused
from core.forms import Form
from core.i18n import _
from core.pages import flash
from customers import segments, tracking
from guides import writing
from guides.models import Guide
from guides.pages.around import guide_page
from guides.pages.forms import AudienceForm, segment_choices
from guides.words import FREQUENCIES


class AudiencePages(Controller):
    path = "/staff/guides/{guide_id:int}/audience"

    @get("/", may="guides.write")
    async def show(self, guide_id: int) -> Response[Any]:
        guide = await writing.find(guide_id)
        return await _page(guide, Form(AudienceForm, initial=_initial(guide)))

    @post("/", may="guides.write", status_code=200)
    async def keep(self, guide_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        guide = await writing.find(guide_id)
        form = Form(AudienceForm, await request.form())
        if form.valid and form.data.on == "event" and not form.data.event:
            form.add_error("event", _("Name the event."))
        if form.valid and form.data.holdout and not form.data.goal:
            form.add_error("goal", _("Name the event."))
        if form.valid and form.data.segment_id and str(form.data.segment_id) not in await segment_choices():
            form.add_error("segment_id", _("Choose one of the list."))
        if not form.valid:
            return await _page(guide, form, 422)
        guide.version = form.data.version or guide.version
        try:
            await writing.change_audience(guide, _chosen(form.data))
        except Refused as refusal:
            form.fail(refusal.sentence)
            return await _page(guide, form, refusal.status)
        flash(_("The audience is saved."))
        return Redirect(f"/staff/guides/{guide.id}/audience", status_code=303)


def _initial(guide: Guide) -> dict[str, Any]:
    names = (
        "name",
        "segment_id",
        "frequency",
        "every_days",
        "most_views",
        "priority",
        "starts_at",
        "ends_at",
        "goal",
        "goal_days",
        "holdout",
    )
    found = {name: getattr(guide, name) for name in names}
    return found | {"urls": "\n".join(guide.urls), "on": guide.trigger.get("on", "load"),
                    "event": guide.trigger.get("name", ""), "after": guide.trigger.get("after", 0)}  # fmt: skip


def _chosen(data: AudienceForm) -> writing.Audience:
    trigger: dict[str, Any] = {"on": data.on}
    trigger |= {"name": data.event} if data.on == "event" else {}
    trigger |= {"after": data.after} if data.after else {}
    return writing.Audience(
        data.name, data.segment_id, data.urls.splitlines(), trigger, data.frequency, data.every_days, data.most_views,
        data.priority, data.starts_at, data.ends_at, data.goal, data.goal_days, data.holdout,
    )  # fmt: skip


async def _page(guide: Guide, form: Any, status: int = 200) -> Response[Any]:
    reach = await segments.count(await segments.tree_of(guide.segment_id)) if guide.segment_id else None
    return await guide_page("audience", guide, "audience", status=status, form=form, segments=await segment_choices(),
                            frequencies=FREQUENCIES, reach=reach, events=await tracking.event_names())  # fmt: skip
