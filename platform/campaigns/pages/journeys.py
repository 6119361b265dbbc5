"""The journeys: the list, a new one, its steps with their numbers, its rules, and starting, pausing, stopping it."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Controller, Request, Response, delete, get, post
from litestar.response import Redirect

from campaigns import policy
from campaigns.journeys import reading, starting, versions, writing
from campaigns.journeys.models import Journey
from campaigns.journeys.words import KINDS, RUN_LOOKS, RUN_STATES, STATES, TONES
from campaigns.pages.around import kinds_of_campaigns
from campaigns.pages.forms import JourneyRules, NewJourney, segment_choices, topics
from core.context import here
from core.errors import Refused
from core.forms import Form
from core.i18n import _, moment
from core.listing import Choice, Column, Listing
from core.pages import flash, page
from customers import segments, tracking


def base_of(journey: Journey) -> str:
    return f"/staff/campaigns/journeys/{journey.id}"


async def journey_page(template: str, journey: Journey, at: str, *, status: int = 200, **context: Any) -> Response[Any]:
    base = base_of(journey)
    live = await versions.live(journey)
    passed = journey.can_change and await starting.has_passed(journey)
    return page(
        f"campaigns/{template}.html", status=status, journey=journey, base=base, at=f"{base}{at}", live=live,
        tabs=[(_("Flow"), base), (_("Who and until when"), f"{base}/rules"), (_("Pilot"), f"{base}/pilot"),
              (_("People"), f"{base}/people")],
        state=STATES[journey.state], tone=TONES.get(journey.state, ""), passed=passed,
        is_current=live is not None and live.hash == await versions.digest(journey), **context,
    )  # fmt: skip


class JourneyPages(Controller):
    path = "/staff/campaigns/journeys"

    @get("/", may="campaigns.read")
    async def index(self, request: Request[Any, Any, Any]) -> Response[Any]:
        numbers: dict[int, tuple[int, int]] = {}
        listing = Listing(
            request, query=policy.visible_journeys(here().principal),
            columns=[Column("name", _("Journey"), sort=True, head=True, href=base_of),
                     Column("state", _("State"), export=lambda one: str(STATES[one.state])),
                     Column("active", _("On the way"), num=True, value=lambda one: numbers.get(one.id, (0, 0))[0]),
                     Column("all", _("Entered, in all"), num=True, wide=True,
                            value=lambda one: numbers.get(one.id, (0, 0))[1]),
                     Column("updated_at", _("Changed"), sort=True, format=moment, wide=True)],
            filters=[Choice("state", _("State"), STATES, many=True)], search=["name"], default_sort="-updated_at",
        )  # fmt: skip
        await listing.load()
        numbers |= await reading.in_numbers([one.id for one in listing.rows])
        return page("campaigns/journeys.html", journeys=listing, states=STATES, tones=TONES, tabs=kinds_of_campaigns())

    @get("/new", may="campaigns.write")
    async def new(self) -> Response[Any]:
        return page("campaigns/journey_new.html", form=Form(NewJourney), topics=await topics(),
                    segments=await segment_choices())  # fmt: skip

    @post("/new", may="campaigns.write", status_code=200)
    async def create(self, request: Request[Any, Any, Any]) -> Response[Any]:
        form = Form(NewJourney, await request.form())
        if form.valid and form.data.topic not in await topics():
            form.add_error("topic", _("Choose what the mail is about."))
        if form.valid and str(form.data.segment_id) not in await segment_choices():
            form.add_error("segment_id", _("Choose one of the list."))
        if not form.valid:
            return page("campaigns/journey_new.html", status=422, form=form, topics=await topics(),
                        segments=await segment_choices())  # fmt: skip
        data = form.data
        journey = await writing.open_journey(writing.Rules(data.name, data.topic, data.segment_id),
                                             brand=here().principal.brand, locale=here().language)  # fmt: skip
        return Redirect(base_of(journey), status_code=303)

    @get("/{journey_id:int}", may="campaigns.read")
    async def show(self, journey_id: int) -> Response[Any]:
        journey = await writing.find(journey_id)
        sums = await reading.states(journey)
        return await journey_page(
            "journey", journey, "", tree=await reading.tree_of(journey), kinds=KINDS, total=sum(sums.values()),
            sums=[(str(RUN_STATES[name]), sums.get(name, 0), RUN_LOOKS[name]) for name in RUN_STATES],
            old=await reading.on_old_versions(journey), entry=await _entry_words(journey),
        )  # fmt: skip

    @get("/{journey_id:int}/rules", may="campaigns.read")
    async def rules(self, journey_id: int) -> Response[Any]:
        journey = await writing.find(journey_id)
        return await _rules_page(journey, Form(JourneyRules, initial=journey))

    @post("/{journey_id:int}/rules", may="campaigns.write", status_code=200)
    async def keep_rules(self, journey_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        journey = await writing.find(journey_id)
        form = Form(JourneyRules, await request.form())
        if not form.valid:
            return await _rules_page(journey, form, 422)
        said = msgspec.structs.asdict(form.data)
        journey.change = said.pop("change")
        try:
            await writing.change_rules(journey, writing.Rules(**said))
        except Refused as refusal:
            form.fail(refusal.sentence)
            return await _rules_page(journey, form, refusal.status)
        flash(_("Saved."))
        return Redirect(f"{base_of(journey)}/rules", status_code=303)


async def _entry_words(journey: Journey) -> list[tuple[str, Any]]:
    names = await reading.segment_names({one for one in (journey.segment_id, journey.goal_segment_id) if one})
    again = _("no, only once") if journey.again_after is None else _("after %(n)s days", n=journey.again_after)
    goal = [_("does “%(event)s”", event=journey.goal_event)] if journey.goal_event else []
    goal += [_("is in “%(name)s”", name=names.get(journey.goal_segment_id, "–"))] if journey.goal_segment_id else []
    return [
        (_("Who enters"), names.get(journey.segment_id or 0, "")), (_("Again"), again), (_("Goal"), _(", ").join(goal)),
        (_("Leaves with the segment"), _("Yes") if journey.leaves_with_segment else _("No")),
    ]  # fmt: skip


async def _rules_page(journey: Journey, form: Any, status: int = 200) -> Response[Any]:
    size = await segments.count(await segments.tree_of(journey.segment_id)) if journey.segment_id else 0
    return await journey_page("journey_rules", journey, "/rules", status=status, form=form, topics=await topics(),
                              segments=await segment_choices(), size=size,
                              events=await tracking.event_names())  # fmt: skip


class JourneyStatePages(Controller):
    """Each is a noun of the journey."""

    path = "/staff/campaigns/journeys/{journey_id:int}"

    @post("/start", may="campaigns.write", status_code=200)
    async def start(self, journey_id: int) -> Response[Any]:
        journey = await writing.find(journey_id)
        version = await starting.start(journey)
        flash(_("Version %(n)s runs. Who enters from now on goes through it.", n=version.number))
        return Redirect(base_of(journey), status_code=303)

    @post("/pause", may="campaigns.write", status_code=200)
    async def pause(self, journey_id: int) -> Response[Any]:
        journey = await writing.find(journey_id)
        await starting.pause(journey)
        flash(_("Paused. Everybody stays where they are."))
        return Redirect(base_of(journey), status_code=303)

    @delete("/pause", may="campaigns.write", status_code=200)
    async def resume(self, journey_id: int) -> Response[Any]:
        journey = await writing.find(journey_id)
        await starting.resume(journey)
        flash(_("It goes on."))
        return Redirect(base_of(journey), status_code=303)

    @get("/ending", may="campaigns.write")
    async def ask_to_stop(self, journey_id: int) -> Response[Any]:
        journey = await writing.find(journey_id)
        sums = await reading.states(journey)
        return await journey_page("journey_ending", journey, "", inside=sums.get("active", 0))

    @post("/ending", may="campaigns.write", status_code=200)
    async def stop(self, journey_id: int) -> Response[Any]:
        journey = await writing.find(journey_id)
        await starting.stop(journey)
        flash(_("Stopped. Nobody is on it any more."))
        return Redirect(base_of(journey), status_code=303)
