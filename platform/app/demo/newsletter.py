"""The newsletter: written, checked, and tried on a small group; whoever looks around gives the verdict."""

from __future__ import annotations

import re

from app.demo.acting import Cast, at
from app.demo.files import HERE, Known, data
from campaigns import actions, rollout
from campaigns.compose import Draft
from core.clock import now
from customers.rules import QuietRule, set_rule

_link = re.compile(r"\{\{\s*link\('(\w+):(\w+)'\)\s*\}\}")


async def load(known: Known) -> None:
    plan = data("newsletter.json")
    cast = Cast(known)

    def linked(text: str) -> str:
        """`link('article:017')` of the files with the address that the article has here."""
        return _link.sub(lambda found: "{{ link('" + cast.linked(":".join(found.groups())) + "') }}", text)

    # Whoever looks around does so at any hour, and the pilot's letters should be there.
    await set_rule("quiet", QuietRule(quiet_from="00:00", quiet_until="00:00"))
    with at(now(), await cast.be(plan["from"])):
        campaign = await actions.open_campaign(actions.Settings(
            name=plan["name"], topic=plan["topic"], segment_id=known.segments.get(plan["segment"]), is_public=True,
        ))  # fmt: skip
        await actions.keep_content(campaign, Draft(
            subject=plan["subject"], preheader=plan["preheader"], text=linked(plan["text"]),
            mjml=linked((HERE / plan["template"]).read_text(encoding="utf-8")),
        ))  # fmt: skip
        people = [known.people[id] for id in plan["pilot"]["people"]]
        await rollout.start_pilot(campaign, plan["pilot"]["name"], people)
    await cast.leave()
