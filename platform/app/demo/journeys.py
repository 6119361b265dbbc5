"""The first thirty days: a journey that was tried by colleagues, and that people of new companies are on."""

from __future__ import annotations

from typing import Any

from app.demo.acting import Cast, at
from app.demo.files import Known, data, hours_ago
from campaigns import actions
from campaigns.compose import Draft
from campaigns.journeys import starting, writing
from campaigns.journeys.jobs import go_on
from campaigns.journeys.models import Journey
from campaigns.journeys.tree import Place, Stage
from campaigns.models import Campaign
from campaigns.starter import JA
from core.principal import SYSTEM

DAY = 24.0


async def load(known: Known) -> None:
    plan, cast = data("journeys.json"), Cast(known)
    since = plan["days_ago"]
    with at(hours_ago((since + 3) * DAY), await cast.be(plan["from"])):
        rules = writing.Rules(plan["name"], plan["topic"], known.segments[plan["segment"]], takes_present=True,
                              goal_event=plan["goal"])  # fmt: skip
        journey = await writing.open_journey(rules)
        await _build(journey, plan, cast)
        people = [known.people[id] for id in plan["pilot"]["people"]]
        await starting.start_pilot(journey, plan["pilot"]["name"], people, is_fast=True)
    for hours in (71.9, 71.8, 71.7, 71.6):
        await _look(since * DAY + hours)
    with at(hours_ago((since + 1) * DAY), await cast.be(plan["from"])):
        await starting.judge(journey, True, plan["pilot"]["note"])
    with at(hours_ago(since * DAY), await cast.be(plan["from"])):
        await starting.start(await writing.find(journey.id))
    await cast.leave()
    for day in range(since, -1, -1):
        await _look(day * DAY)


async def _look(hours: float) -> None:
    """What the minute's job would have done then."""
    with at(hours_ago(hours), SYSTEM):
        await go_on()


async def _build(journey: Journey, plan: dict[str, Any], cast: Cast) -> None:
    await _mail(journey, plan["mails"]["welcome"], "", cast)
    asked = await writing.add_step(journey, Place(index=9), Stage("", "wait_for", what="event", days=3,
                                                                  event=plan["waits_for"]))  # fmt: skip
    await _mail(journey, plan["mails"]["reminder"], f"{asked.id}:no:0", cast)
    again = await writing.add_step(journey, Place(asked.id, "no", 1), Stage("", "wait_for", what="event", days=4,
                                                                            event=plan["waits_for"]))  # fmt: skip
    await writing.add_step(journey, Place(again.id, "no", 0), Stage("", "task", title=plan["task"], days=3))
    await writing.add_step(journey, Place(index=9), Stage("", "wait", weekday=2, hour=10))
    await _mail(journey, plan["mails"]["next"], "::9", cast)
    await writing.add_step(journey, Place(index=9), Stage("", "wait", days=14))


async def _mail(journey: Journey, written: dict[str, Any], place: str, cast: Cast) -> None:
    stage = await writing.add_step(journey, Place.read(place), Stage("", "send"), mail=written["name"])
    campaign = await Campaign.get(id=stage.campaign)
    await actions.keep_content(campaign, Draft(written["subject"], _body(written, cast)))


def _body(written: dict[str, Any], cast: Cast) -> str:
    """The starter's mail with these lines and this button."""
    text = "\n".join(
        f'        <mj-text font-size="16px" line-height="1.8">{line}</mj-text>' for line in written["lines"]
    )
    head, _own, rest = JA.partition("        <mj-text")
    _lines, button, end = rest.partition("        <mj-button")
    end = end.replace("link('/help')", f"link('{cast.linked(written['link'])}')").replace("くわしく見る",
                                                                                       written["button"])  # fmt: skip
    return f"{head}{text}\n{button}{end}"
