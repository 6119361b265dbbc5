"""Adding, changing, moving and removing one step; without JavaScript, each on a page of its own."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, delete, get, post
from litestar.response import Redirect

from campaigns.journeys import tree, writing
from campaigns.journeys.models import Journey
from campaigns.journeys.tree import Place, Stage
from campaigns.journeys.words import KINDS, WEEKDAYS
from campaigns.models import Campaign
from campaigns.pages.forms import STEP_FORMS, segment_choices
from campaigns.pages.journeys import base_of, journey_page
from core.errors import NotFound, Refused
from core.forms import Form
from core.i18n import _
from core.pages import flash
from customers import tracking

FIRST = {"wait": {"days": 3}, "wait_for": {"days": 3}, "again": {"days": 3, "times": 1}, "task": {"days": 3}}
MOVES = {"up": -1, "down": 1}


class StepPages(Controller):
    path = "/staff/campaigns/journeys/{journey_id:int}/steps"

    @get("/new", may="campaigns.write")
    async def new(self, journey_id: int, kind: str = "", at: str = "") -> Response[Any]:
        journey = await writing.find(journey_id)
        _known(kind, at)
        form = Form(STEP_FORMS[kind], initial=FIRST.get(kind, {}) | {"change": journey.change})
        return await _step_page(journey, form, kind, f"new?kind={kind}&at={at}")

    @post("/new", may="campaigns.write", status_code=200)
    async def add(self, journey_id: int, request: Request[Any, Any, Any], kind: str = "",
                  at: str = "") -> Response[Any]:  # fmt: skip
        journey = await writing.find(journey_id)
        place = _known(kind, at)
        form = Form(STEP_FORMS[kind], await request.form())
        stage = _stage(kind, form)
        if form.valid:
            journey.change = form.data.change
            try:
                made = await writing.add_step(journey, place, stage, mail=getattr(form.data, "mail", ""))
            except Refused as refusal:
                form.fail(refusal.sentence)
                return await _step_page(journey, form, kind, f"new?kind={kind}&at={at}", refusal.status)
            flash(_("The step is added."))
            written = f"/staff/campaigns/{made.campaign}/content" if kind == "send" else f"{base_of(journey)}#{made.id}"
            return Redirect(written, status_code=303)
        return await _step_page(journey, form, kind, f"new?kind={kind}&at={at}", 422)

    @get("/{node:str}", may="campaigns.write")
    async def show(self, journey_id: int, node: str) -> Response[Any]:
        journey, stage = await _found(journey_id, node)
        campaign = await Campaign.get_or_none(id=stage.campaign) if stage.campaign else None
        said = {name: getattr(stage, name) for name in ("days", "hours", "weekday", "event", "subject", "title")}
        said |= {"change": journey.change, "mail": campaign.name if campaign else "", "segment": stage.segment or None,
                 "how": "for" if stage.hour is None else "until", "hour": stage.hour or 0, "times": stage.times or 1,
                 "what": stage.what or "event"}  # fmt: skip
        return await _step_page(journey, Form(STEP_FORMS[stage.kind], initial=said), stage.kind, node, stage=stage)

    @post("/{node:str}", may="campaigns.write", status_code=200)
    async def keep(self, journey_id: int, node: str, request: Request[Any, Any, Any]) -> Response[Any]:
        journey, old = await _found(journey_id, node)
        form = Form(STEP_FORMS[old.kind], await request.form())
        stage = _stage(old.kind, form)
        if not form.valid:
            return await _step_page(journey, form, old.kind, node, 422, old)
        journey.change = form.data.change
        try:
            await writing.change_step(journey, node, stage, mail=getattr(form.data, "mail", ""))
        except Refused as refusal:
            form.fail(refusal.sentence)
            return await _step_page(journey, form, old.kind, node, refusal.status, old)
        flash(_("Saved."))
        return Redirect(f"{base_of(journey)}#{node}", status_code=303)

    @delete("/{node:str}", may="campaigns.write", status_code=200)
    async def remove(self, journey_id: int, node: str) -> Response[Any]:
        journey, _stage_there = await _found(journey_id, node)
        await writing.remove_step(journey, node)
        flash(_("The step is removed. Who is inside goes on as before."))
        return Redirect(base_of(journey), status_code=303)

    @post("/{node:str}/order", may="campaigns.write", status_code=200)
    async def move(self, journey_id: int, node: str, request: Request[Any, Any, Any]) -> Response[Any]:
        journey, _stage_there = await _found(journey_id, node)
        way = MOVES.get(str((await request.form()).get("by", "")))
        if way is None:
            raise Refused(_("Choose one of the list."))
        await writing.shift_step(journey, node, way)
        return Redirect(f"{base_of(journey)}#{node}", status_code=303)


async def _found(journey_id: int, node: str) -> tuple[Journey, Stage]:
    journey = await writing.find(journey_id)
    return journey, tree.find(tree.stages_of(journey.steps), node)


def _known(kind: str, at: str) -> Place:
    if kind not in KINDS:
        raise NotFound(_("There is no such step on this journey."))
    return Place.read(at)


def _stage(kind: str, form: Form[Any]) -> Stage:
    """What was said, as a step; a mistake that takes two fields to see is added to the form."""
    made = Stage("", kind)
    if not form.valid:
        return made
    for name in ("days", "hours", "event", "segment", "subject", "times", "title", "what", "weekday", "hour"):
        if hasattr(form.data, name):
            setattr(made, name, getattr(form.data, name) or getattr(made, name))
    if kind == "wait":
        _wait(form, made)
    elif kind == "wait_for":
        _wait_for(form, made)
    return made


def _wait(form: Form[Any], made: Stage) -> None:
    if form.data.how == "until":
        made.days, made.hours, made.hour = 0, 0, form.data.hour
        return
    made.weekday, made.hour = 0, None
    if not (made.days or made.hours):
        form.add_error("days", _("Wait at least an hour."))


def _wait_for(form: Form[Any], made: Stage) -> None:
    if made.what != "event":
        made.event = ""
    elif not made.event:
        form.add_error("event", _("Name the event."))
    if made.what != "segment":
        made.segment = 0
    elif not made.segment:
        form.add_error("segment", _("Choose a segment."))


async def _step_page(journey: Journey, form: Any, kind: str, path: str, status: int = 200,
                     stage: Stage | None = None) -> Response[Any]:  # fmt: skip
    return await journey_page("journey_step", journey, "", status=status, form=form, kind=kind, title=KINDS[kind],
                              action=f"{base_of(journey)}/steps/{path}", stage=stage, weekdays=WEEKDAYS,
                              segments=await segment_choices(), events=await tracking.event_names())  # fmt: skip
