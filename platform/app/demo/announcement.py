"""An announcement by LINE where customers follow it, by mail otherwise: written and checked, before its pilot.

The LINE channel is nobody's: it is paused, so that nothing of the demo ever asks LINE.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from app.demo.acting import Cast, at
from app.demo.files import Known, data
from campaigns import actions
from campaigns.compose import Draft
from campaigns.line.content import Message
from channels import connections
from core.clock import now
from core.principal import SYSTEM
from customers import blocking, consent, people, segments


async def load(known: Known) -> None:
    plan = data("announcement.json")
    cast = Cast(known)
    with at(now(), SYSTEM):
        await _followers(plan, known)
    with at(now(), await cast.be(plan["from"])):
        campaign = await actions.open_campaign(actions.Settings(
            name=plan["name"], topic=plan["topic"], kind="announcement", segment_id=known.segments[plan["segment"]],
        ))  # fmt: skip
        await actions.choose_channels(campaign, "line_first")
        await actions.keep_content(campaign, Draft(
            subject=plan["subject"], mjml=plan["mjml"], preheader=plan["preheader"],
            line=msgspec.convert(plan["line"], tuple[Message, ...]),
        ))  # fmt: skip
        await actions.check(campaign)
    await cast.leave()


async def _followers(plan: dict[str, Any], known: Known) -> None:
    """Some customers linked their LINE account and said yes there; a few blocked it since."""
    made = await connections.add("line", plan["connection"], _line_id("bot"), {
        "channel_secret": "demo", "access_token": "demo"})  # fmt: skip
    await connections.set_state(made.id, "paused")
    readers = await segments.people_in(known.segments[plan["segment"]])
    for place, person in enumerate(readers[: plan["on_line"]]):
        user = _line_id(str(person))
        await people.link("line", user, person, source="line_link", verified_at=now(), connection_id=made.id)
        await consent.decide(person, plan["topic"], "line", "given", source="form", evidence={"page": "/me/contact"})
        if place < plan["blocks"]:
            await blocking.blocked(made.id, user)


def _line_id(name: str) -> str:
    return "U" + hashlib.sha256(name.encode()).hexdigest()[:32]
