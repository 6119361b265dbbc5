"""A journey's draft under one hash, and frozen as a version: what a pilot tries and what people go through."""

from __future__ import annotations

import hashlib
import json

import msgspec

from campaigns import actions
from campaigns.compose import Mistakes
from campaigns.journeys.models import Journey, Version
from campaigns.journeys.plan import Plan, expanded, nodes_of
from campaigns.journeys.tree import Stage, mails_of, stages_of, walk
from campaigns.models import Campaign, Revision
from core.clock import now
from core.context import current_principal
from core.database import lock, rows, transaction
from core.errors import Refused
from core.i18n import _


async def digest(journey: Journey) -> str:
    """Steps, rules and the contents of all mails: one changed character, and it is another."""
    found = [
        (one.id, one.revision_id, one.topic, one.from_name, one.tracking, one.when_uncertain)
        for one in await Campaign.filter(id__in=mails_of(stages_of(journey.steps))).order_by("id")
    ]
    hashes = {one.id: one.hash for one in await Revision.filter(id__in=[row[1] or 0 for row in found])}
    said = {
        "steps": journey.steps, "mails": [[row[0], hashes.get(row[1] or 0, ""), *row[2:]] for row in found],
        "segment": journey.segment_id, "present": journey.takes_present, "again": journey.again_after,
        "goal": [journey.goal_event, journey.goal_segment_id], "leaves": journey.leaves_with_segment,
    }  # fmt: skip
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


async def live(journey: Journey) -> Version | None:
    return await Version.get_or_none(id=journey.version_id) if journey.version_id else None


async def freeze(journey: Journey) -> Version:
    """The version of what is written now; the same one while nothing changes. Raises Refused."""
    hash = await digest(journey)
    if known := await Version.get_or_none(journey_id=journey.id, hash=hash):
        return known
    stages = expanded(stages_of(journey.steps))
    first, nodes = nodes_of(stages, await _revisions(stages))
    plan = Plan(first, nodes, journey.segment_id or 0, journey.goal_event, journey.goal_segment_id or 0,
                journey.leaves_with_segment, journey.again_after)  # fmt: skip
    async with transaction():
        await lock(f"journey-version:{journey.id}")
        if known := await Version.get_or_none(journey_id=journey.id, hash=hash):
            return known
        number = await rows("SELECT COALESCE(MAX(number), 0) + 1 FROM journey_version WHERE journey_id = ?", journey.id)
        return await Version.create(
            journey_id=journey.id, number=int(number[0][0]), hash=hash, plan=msgspec.to_builtins(plan),
            created_by_id=current_principal().person_id, created_at=now(),
        )  # fmt: skip


async def _revisions(stages: list[Stage]) -> dict[tuple[int, str], int]:
    """What each mail is made of, also under the other subject with which it is sent again."""
    found: dict[tuple[int, str], int] = {}
    for one in (one for one in walk(stages) if one.kind == "send"):
        campaign = await Campaign.get(id=one.campaign)
        if campaign.revision_id is None:
            raise Refused(_("The mail “%(name)s” has no text yet.", name=campaign.name))
        revision_id = campaign.revision_id
        if one.subject:
            revision = await Revision.get(id=revision_id)
            try:
                revision_id = (await actions.keep_with_subject(campaign, revision, one.subject)).id
            except Mistakes as mistakes:
                said = _("The subject of “%(name)s” when it is sent again: %(why)s", name=campaign.name,
                         why=mistakes.problems[0].sentence)  # fmt: skip
                raise Refused(said) from mistakes
        found[one.campaign, one.subject] = revision_id
    return found
