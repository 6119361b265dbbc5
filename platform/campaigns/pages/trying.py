"""Checks, pilot, verdict, schedule."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.response import Redirect

from campaigns import actions, ledger, rollout
from campaigns.models import Campaign, Step
from campaigns.pages.around import campaign_page
from campaigns.pages.forms import PilotForm, ScheduleForm, VerdictForm, segment_choices
from core.clock import now
from core.context import here
from core.errors import Refused
from core.forms import Form
from core.i18n import _
from core.pages import flash
from customers import people as people_room
from customers import segments
from customers.models import Person
from customers.policy import visible_people


class CheckPages(Controller):
    path = "/staff/campaigns/{campaign_id:int}/checks"

    @get("/", may="campaigns.read")
    async def show(self, campaign_id: int) -> Response[Any]:
        campaign = await actions.find(campaign_id)
        return await campaign_page("checks", campaign, "checks", checks=await actions.current_checks(campaign))

    @post("/", may="campaigns.write", status_code=200)
    async def run(self, campaign_id: int) -> Response[Any]:
        campaign = await actions.find(campaign_id)
        found = await actions.check(campaign)
        bad = sum(1 for one in found if one.tone == "bad")
        flash(_("There is something to put right.") if bad else _("Everything is fine."), "bad" if bad else "good")
        return Redirect(f"/staff/campaigns/{campaign.id}/checks", status_code=303)


class PilotPages(Controller):
    path = "/staff/campaigns/{campaign_id:int}"

    @get("/pilot", may="campaigns.read")
    async def show(self, campaign_id: int) -> Response[Any]:
        campaign = await actions.find(campaign_id)
        return await _pilot_page(campaign, Form(PilotForm), Form(VerdictForm))

    @post("/pilot", may="campaigns.write", status_code=200)
    async def start(self, campaign_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        campaign = await actions.find(campaign_id)
        form = Form(PilotForm, await request.form())
        if not form.valid:
            return await _pilot_page(campaign, form, Form(VerdictForm), status=422)
        try:
            chosen = await chosen_people(form.data)
            await rollout.start_pilot(campaign, form.data.group_name, chosen)
        except Refused as refusal:
            form.fail(refusal.sentence)
            return await _pilot_page(campaign, form, Form(VerdictForm), status=refusal.status)
        flash(_("The pilot is on its way."))
        return Redirect(f"/staff/campaigns/{campaign.id}/pilot", status_code=303)

    @post("/verdict", may="campaigns.write", status_code=200)
    async def judge(self, campaign_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        campaign = await actions.find(campaign_id)
        form = Form(VerdictForm, await request.form())
        if not form.valid:
            return await _pilot_page(campaign, Form(PilotForm), form, status=422)
        try:
            await rollout.judge(campaign, form.data.passed == "yes", form.data.note)
        except Refused as refusal:
            form.fail(refusal.sentence)
            return await _pilot_page(campaign, Form(PilotForm), form, status=refusal.status)
        flash(_("The verdict is recorded."))
        return Redirect(f"/staff/campaigns/{campaign.id}/pilot", status_code=303)


async def chosen_people(data: PilotForm) -> list[int]:
    """The people of a list, and those whose addresses were typed. Raises Refused for an address of nobody."""
    found = await segments.people_in(data.segment_id) if data.segment_id else []
    for line in data.addresses.replace(",", "\n").splitlines():
        if not line.strip():
            continue
        address = people_room.normal_email(line)
        person = await visible_people(here().principal).filter(email=address).first()
        if person is None:
            raise Refused(_("Nobody has the address %(address)s.", address=address))
        found.append(person.id)
    return list(dict.fromkeys(found))


async def _pilot_page(campaign: Campaign, form: Any, verdict: Any, *, status: int = 200) -> Response[Any]:
    pilot = await rollout.pilot_of(campaign)
    is_current = bool(pilot and campaign.revision_id and (await rollout.revision_of(campaign)).hash == pilot.revision)
    step = await Step.filter(campaign_id=campaign.id, kind="pilot").order_by("-id").first()
    left = await ledger.counts([step.id]) if step else {}
    judge = await Person.get_or_none(id=pilot.verdict_by_id) if pilot and pilot.verdict_by_id else None
    return await campaign_page("pilot", campaign, "pilot", status=status, form=form, verdict=verdict, pilot=pilot,
                               is_current=is_current, counts=left, judge=judge,
                               segments=await segment_choices(only_static=True))  # fmt: skip


class SchedulePages(Controller):
    path = "/staff/campaigns/{campaign_id:int}/schedule"

    @get("/", may="campaigns.read")
    async def show(self, campaign_id: int) -> Response[Any]:
        campaign = await actions.find(campaign_id)
        return await _schedule_page(campaign, Form(ScheduleForm))

    @post("/", may="campaigns.write", status_code=200)
    async def keep(self, campaign_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        campaign = await actions.find(campaign_id)
        form = Form(ScheduleForm, await request.form())
        if form.valid and form.data.at == "later" and (form.data.due_at is None or form.data.due_at < now()):
            form.add_error("due_at", _("Choose a moment that is still to come."))
        if not form.valid:
            return await _schedule_page(campaign, form, status=422)
        try:
            await rollout.schedule(campaign, form.data.due_at if form.data.at == "later" else None)
        except Refused as refusal:
            form.fail(refusal.sentence)
            return await _schedule_page(campaign, form, status=refusal.status)
        flash(_("The campaign is scheduled."))
        return Redirect(f"/staff/campaigns/{campaign.id}/report", status_code=303)


async def _schedule_page(campaign: Campaign, form: Any, *, status: int = 200) -> Response[Any]:
    passed = await rollout.has_passed(campaign)
    checks = await actions.current_checks(campaign)
    bad = [one for one in checks or [] if one.tone == "bad"]
    return await campaign_page("schedule", campaign, "schedule", status=status, form=form, passed=passed, checks=checks,
                               bad=bad, total=len(await actions.audience(campaign)))  # fmt: skip
