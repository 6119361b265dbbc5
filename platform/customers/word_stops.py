"""Somebody writes “stop” where our messages arrive: everything on that channel is refused, until they write “resume”.

Whoever writes it wants quiet, so it is every topic; single ones are chosen on their own page, or by a message's link.
"""

from __future__ import annotations

from typing import Any

from core.database import transaction
from customers import consent, timeline, topics
from customers.models import ConsentProof

SOURCE = "word"


async def stop(person_id: int, channel: str, evidence: dict[str, Any]) -> int:
    """How many topics were refused by it; those refused before stay as they were."""
    changed = 0
    async with transaction():
        for offer in await topics.offered():
            before = await consent.state_of(person_id, offer.slug, channel)
            if before != "refused":
                await consent.decide(person_id, offer.slug, channel, "refused", source=SOURCE,
                                     evidence=evidence | {"before": before or ""})  # fmt: skip
                changed += 1
        if changed:
            await timeline.record(person_id, "customers.consented", channel=channel, changed=changed)
    return changed


async def resume(person_id: int, channel: str, evidence: dict[str, Any]) -> int:
    """Yes again to what they had said yes to before they wrote “stop”; how many topics."""
    changed = 0
    async with transaction():
        for offer in await topics.offered():
            if await _was_wanted(person_id, offer.slug, channel):
                await consent.decide(person_id, offer.slug, channel, "given", source=SOURCE, evidence=evidence)
                changed += 1
        if changed:
            await timeline.record(person_id, "customers.consented", channel=channel, changed=changed)
    return changed


async def _was_wanted(person_id: int, topic: str, channel: str) -> bool:
    """Only a “stop” is taken back by “resume”: a refusal in a form says more."""
    last = await ConsentProof.filter(person_id=person_id, topic=topic, channel=channel).order_by("-at", "-id").first()
    return bool(last and last.state == "refused" and last.source == SOURCE and last.evidence.get("before") == "given")
