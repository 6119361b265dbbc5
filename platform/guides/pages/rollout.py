"""The pilot with its verdict, going live, pausing, ending."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, delete, get, post
from litestar.response import Redirect

from core.context import here
from core.database import rows
from core.errors import Refused
from core.forms import Form
from core.i18n import _
from core.pages import flash
from customers import people as people_room
from customers import segments
from customers.models import Person
from customers.policy import visible_people
from guides import contents, rollout, writing
from guides.models import Guide
from guides.pages.around import guide_page
from guides.pages.forms import PilotForm, VerdictForm, segment_choices


class PilotPages(Controller):
    path = "/staff/guides/{guide_id:int}"

    @get("/pilot", may="guides.write")
    async def show(self, guide_id: int) -> Response[Any]:
        return await _page(await writing.find(guide_id), Form(PilotForm), Form(VerdictForm))

    @post("/pilot", may="guides.write", status_code=200)
    async def start(self, guide_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        guide = await writing.find(guide_id)
        form = Form(PilotForm, await request.form())
        if not form.valid:
            return await _page(guide, form, Form(VerdictForm), 422)
        try:
            await rollout.start_pilot(guide, form.data.group_name, await _chosen(form.data))
        except Refused as refusal:
            form.fail(refusal.sentence)
            return await _page(guide, form, Form(VerdictForm), refusal.status)
        flash(_("The trial has begun."))
        return Redirect(f"/staff/guides/{guide.id}/pilot", status_code=303)

    @delete("/pilot", may="guides.write", status_code=200)
    async def call_off(self, guide_id: int) -> Response[Any]:
        guide = await writing.find(guide_id)
        await rollout.call_off(guide)
        flash(_("The trial is called off. The guide is a draft again."))
        return Redirect(f"/staff/guides/{guide.id}/content", status_code=303)

    @post("/verdict", may="guides.write", status_code=200)
    async def judge(self, guide_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        guide = await writing.find(guide_id)
        form = Form(VerdictForm, await request.form())
        if not form.valid:
            return await _page(guide, Form(PilotForm), form, 422)
        passed = form.data.passed == "yes"
        try:
            await rollout.judge(guide, passed, form.data.note)
        except Refused as refusal:
            form.fail(refusal.sentence)
            return await _page(guide, Form(PilotForm), form, refusal.status)
        flash(_("The verdict is recorded."))
        return Redirect(f"/staff/guides/{guide.id}/{'publication' if passed else 'content'}", status_code=303)


async def _chosen(data: PilotForm) -> list[int]:
    """The people of a list, and those whose addresses were typed. Raises Refused for an address of nobody."""
    found = await segments.people_in(data.segment_id) if data.segment_id else []
    for line in data.addresses.replace(",", "\n").splitlines():
        if line.strip():
            address = people_room.normal_email(line)
            person = await visible_people(here().principal).filter(email=address).first()
            if person is None:
                raise Refused(_("Nobody has the address %(address)s.", address=address))
            found.append(person.id)
    return list(dict.fromkeys(found))


async def _page(guide: Guide, form: Any, verdict: Any, status: int = 200) -> Response[Any]:
    pilot = await rollout.pilot_of(guide)
    is_current = bool(pilot and pilot.revision == contents.revision_of(guide))
    judge = await Person.get_or_none(id=pilot.verdict_by_id) if pilot and pilot.verdict_by_id else None
    seen = await rows("SELECT COUNT(DISTINCT person_id) FROM guide_view WHERE guide_id = ? AND revision = ? AND"
                      " is_pilot = ?", guide.id, pilot.revision if pilot else "", True)  # fmt: skip
    return await guide_page("pilot", guide, "pilot", status=status, form=form, verdict=verdict, pilot=pilot,
                            is_current=is_current, judge=judge, seen=int(seen[0][0]),
                            segments=await segment_choices(only_static=True))  # fmt: skip


class PublicationPages(Controller):
    path = "/staff/guides/{guide_id:int}/publication"

    @get("/", may="guides.write")
    async def show(self, guide_id: int) -> Response[Any]:
        guide = await writing.find(guide_id)
        reach = await segments.count(await segments.tree_of(guide.segment_id)) if guide.segment_id else None
        return await guide_page(
            "publication", guide, "publication", passed=await rollout.has_passed(guide), reach=reach
        )

    @post("/", may="guides.write", status_code=200)
    async def publish(self, guide_id: int) -> Response[Any]:
        guide = await writing.find(guide_id)
        await rollout.publish(guide)
        flash(_("The guide is live."))
        return Redirect(f"/staff/guides/{guide.id}/report", status_code=303)

    @delete("/", may="guides.write", status_code=200)
    async def pause(self, guide_id: int) -> Response[Any]:
        guide = await writing.find(guide_id)
        await rollout.pause(guide)
        flash(_("The guide is paused. Nobody is shown it now."))
        return Redirect(f"/staff/guides/{guide.id}/publication", status_code=303)


class EndPages(Controller):
    path = "/staff/guides/{guide_id:int}/end"

    @post("/", may="guides.write", status_code=200)
    async def end(self, guide_id: int) -> Response[Any]:
        guide = await writing.find(guide_id)
        await rollout.end(guide)
        flash(_("The guide has ended."))
        return Redirect(f"/staff/guides/{guide.id}/report", status_code=303)
