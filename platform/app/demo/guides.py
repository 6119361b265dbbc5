"""Guides: a tour still being written, a banner and a survey that are out, a checklist on trial."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from app.demo.acting import at
from app.demo.files import Known, data
from core.clock import now
from core.principal import SYSTEM, Principal
from customers.people import link
from guides import identity, product, rollout, showing, writing
from guides.contents import TEXTS
from guides.hosts import secrets_of
from guides.models import Guide, Product

WHERE = ("selectors", "placement", "link", "event")


async def load(known: Known) -> None:
    plan = data("guides.json")
    author = Principal(person_id=known.people[data("newsletter.json")["from"]], name="", role="csm",
                       capabilities=SYSTEM.capabilities, all_accounts=True)  # fmt: skip
    with at(now() - timedelta(days=3), author):
        made = await product.product_of("default")
        await product.change(made, origins=plan["sites"], has_launcher=True, gap_hours=24, survey_gap_days=90)
        for person, sub in plan["users"].items():
            await link("user_id", sub, known.people[person], source="demo", verified_at=now())
        for one in plan["guides"]:
            guide = await _write(known, one)
            if "pilot" in one:
                await rollout.start_pilot(guide, "月次会の参加者", [known.people[id] for id in one["pilot"]])
            await _answer(made, guide, plan["users"], one.get("answers", []))
            if "verdict" in one:
                await rollout.judge(guide, True, one["verdict"])
                await rollout.publish(guide)


async def _write(known: Known, plan: dict[str, Any]) -> Guide:
    guide = await writing.open_guide(plan["name"], plan["kind"])
    for n, step in enumerate(plan["steps"]):
        if n >= len(guide.steps):
            await writing.add_step(guide)
        place = {"selectors": []} | {name: step[name] for name in WHERE if name in step}
        for locale, words in (("ja", step), ("en", step.get("en", {}))):
            texts = {name: words[name] for name in TEXTS if name in words}
            await writing.keep_step(guide, guide.steps[n]["id"], locale, texts, **place)
    await writing.change_audience(guide, writing.Audience(
        plan["name"], known.segments.get(plan["segment"]), plan.get("urls", []), {"on": "load"},
        plan.get("frequency", guide.frequency), guide.every_days,
    ))  # fmt: skip
    return guide


async def _answer(made: Product, guide: Guide, users: dict[str, str], answers: list[Any]) -> None:
    """As the browsers of these people would."""
    for person, score, comment in answers:
        who = {"key": made.key, "token": identity.sign(secrets_of(made)[0], users[person])}
        claim = who | {"guide": guide.key, "hash": guide.contents[guide.locale]}
        view = (await showing.claim(json.dumps(claim).encode(), None))["view"]
        said = who | {"view": view, "what": "answered", "score": score, "comment": comment}
        await showing.happened(json.dumps(said).encode(), None)
