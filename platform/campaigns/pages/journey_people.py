"""The pilot of a journey and its verdict; everybody who is on it, one person's way, and taking one out."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.response import Redirect

from campaigns import policy
from campaigns.journeys import reading, starting, versions, writing
from campaigns.journeys.models import Journey, Run
from campaigns.journeys.words import MOVES, RUN_STATES, RUN_TONES, reason_of
from campaigns.pages.forms import JourneyPilotForm, TakeOutForm, VerdictForm, segment_choices
from campaigns.pages.journeys import base_of, journey_page
from campaigns.pages.trying import chosen_people
from campaigns.words import STATES as MAIL_STATES
from campaigns.words import TONES as MAIL_TONES
from campaigns.words import result_words
from core.context import here
from core.errors import NotFound, Refused
from core.forms import Form
from core.i18n import _, moment
from core.listing import Choice, Column, Listing
from core.pages import flash
from customers import seeing
from customers.models import Person


class JourneyPilotPages(Controller):
    path = "/staff/campaigns/journeys/{journey_id:int}"

    @get("/pilot", may="campaigns.read")
    async def show(self, journey_id: int) -> Response[Any]:
        return await _pilot_page(await writing.find(journey_id), Form(JourneyPilotForm), Form(VerdictForm))

    @post("/pilot", may="campaigns.write", status_code=200)
    async def start(self, journey_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        journey = await writing.find(journey_id)
        form = Form(JourneyPilotForm, await request.form())
        if not form.valid:
            return await _pilot_page(journey, form, Form(VerdictForm), 422)
        try:
            people = await chosen_people(form.data)
            await starting.start_pilot(journey, form.data.group_name, people, is_fast=form.data.is_fast)
        except Refused as refusal:
            form.fail(refusal.sentence)
            return await _pilot_page(journey, form, Form(VerdictForm), refusal.status)
        flash(_("The pilot is on its way."))
        return Redirect(f"{base_of(journey)}/pilot", status_code=303)

    @post("/verdict", may="campaigns.write", status_code=200)
    async def judge(self, journey_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        journey = await writing.find(journey_id)
        form = Form(VerdictForm, await request.form())
        if not form.valid:
            return await _pilot_page(journey, Form(JourneyPilotForm), form, 422)
        try:
            await starting.judge(journey, form.data.passed == "yes", form.data.note)
        except Refused as refusal:
            form.fail(refusal.sentence)
            return await _pilot_page(journey, Form(JourneyPilotForm), form, refusal.status)
        flash(_("The verdict is recorded."))
        return Redirect(f"{base_of(journey)}/pilot", status_code=303)


async def _pilot_page(journey: Journey, form: Any, verdict: Any, status: int = 200) -> Response[Any]:
    pilot = await starting.pilot_of(journey)
    is_of_this = bool(pilot and pilot.revision == await versions.digest(journey))
    sums = await reading.pilot_states(journey, pilot.revision) if pilot else {}
    return await journey_page(
        "journey_pilot", journey, "/pilot", status=status, form=form, verdict=verdict, pilot=pilot,
        is_of_this=is_of_this, missing=await starting.missing(journey), sums=sums, run_states=RUN_STATES,
        judge=await Person.get_or_none(id=pilot.verdict_by_id) if pilot and pilot.verdict_by_id else None,
        segments=await segment_choices(only_static=True),
    )  # fmt: skip


class JourneyPeoplePages(Controller):
    path = "/staff/campaigns/journeys/{journey_id:int}/people"

    @get("/", may="campaigns.read")
    async def index(self, journey_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        journey = await writing.find(journey_id)
        names = await reading.step_names(journey)
        found = await _listing(journey, names, request)
        if found.wants_csv:
            return found.csv(f"journey-{journey.id}")  # type: ignore[return-value]
        await found.load()
        return await journey_page("journey_people", journey, "/people", people=found, states=RUN_STATES,
                                  tones=RUN_TONES, where=lambda row: reading.named(names, row["node"]))  # fmt: skip

    @get("/{run_id:int}", may="campaigns.read")
    async def show(self, journey_id: int, run_id: int) -> Response[Any]:
        journey, run = await _run(journey_id, run_id)
        return await _run_page(journey, run, Form(TakeOutForm))

    @post("/{run_id:int}/ending", may="campaigns.write", status_code=200)
    async def take_out(self, journey_id: int, run_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        journey, run = await _run(journey_id, run_id)
        form = Form(TakeOutForm, await request.form())
        if not form.valid:
            return await _run_page(journey, run, form, 422)
        await starting.take_out(run, form.data.reason)
        flash(_("They are out of the journey."))
        return Redirect(f"{base_of(journey)}/people/{run.id}", status_code=303)


class WayPages(Controller):
    path = "/staff/campaigns/ways/{run_id:int}"

    @get("/", may="campaigns.read")
    async def show(self, run_id: int) -> Response[Any]:
        """Where a task that a journey opened leads to."""
        run = await policy.visible_runs(here().principal).get_or_none(id=run_id)
        if run is None:
            raise NotFound(_("Nobody you may see is here on this journey."))
        return Redirect(f"/staff/campaigns/journeys/{run.journey_id}/people/{run.id}", status_code=303)


async def _run(journey_id: int, run_id: int) -> tuple[Journey, Run]:
    journey = await writing.find(journey_id)
    run = await reading.run_of(journey, run_id)
    if run is None:
        raise NotFound(_("Nobody you may see is here on this journey."))
    return journey, run


async def _run_page(journey: Journey, run: Run, form: Any, status: int = 200) -> Response[Any]:
    names = await reading.step_names(journey)
    return await journey_page(
        "journey_run", journey, "/people", status=status, run=run, form=form, way=await reading.way_of(run),
        names=names, named=reading.named, moves=MOVES, reason_of=reason_of, mail_states=MAIL_STATES,
        mail_tones=MAIL_TONES, result_words=result_words, states=RUN_STATES, tones=RUN_TONES,
        sees=(await seeing.sight()).sees("person.email"), hidden=seeing.HIDDEN,
    )  # fmt: skip


async def _listing(journey: Journey, names: dict[str, str], request: Any) -> Listing:
    sees = (await seeing.sight()).sees("person.email")

    def where(row: Any) -> str:
        return reading.named(names, row["node"]) or _("A step of an earlier version")

    return Listing(
        request, query=reading.people(journey),
        columns=[
            Column("person", _("Person"), head=True, href=lambda row: f"{base_of(journey)}/people/{row['id']}",
                   value=lambda row: row["person"] or (str(row["email"] or "") if sees else seeing.HIDDEN)),
            Column("account_name", _("Company"), wide=True),
            Column("state", _("State"), export=lambda row: str(RUN_STATES[row["state"]])),
            Column("node", _("Step"), wide=True, value=where),
            Column("reason", _("Reason"), wide=True, value=lambda row: reason_of(row["reason"])),
            Column("entered_at", _("Entered"), sort=True, num=True, wide=True, format=moment),
            Column("due_at", _("Moves on at"), num=True, wide=True, format=lambda at: moment(at) if at else ""),
        ],
        filters=[Choice("state", _("State"), RUN_STATES, many=True), Choice("node", _("Step"), names),
                 Choice("kind", _("Kind"), {"main": _("On the journey"), "pilot": _("Pilot")})],
        search=["person", "account_name", *(["email"] if sees else [])], default_sort="-entered_at", exportable=True,
    )  # fmt: skip
