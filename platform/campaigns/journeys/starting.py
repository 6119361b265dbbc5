"""From a draft to everybody: what is still missing, the pilot, its verdict, the start; pause, stop, one person out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from campaigns import actions, claims, policy
from campaigns.jobs import deliver_step
from campaigns.journeys import entering, leaving, standing, versions
from campaigns.journeys.jobs import advance_now
from campaigns.journeys.models import Journey, Run, Version
from campaigns.journeys.plan import plan_of
from campaigns.journeys.tree import segments_of, stages_of, walk
from campaigns.models import Campaign
from campaigns.rollout import MOST_IN_A_PILOT
from core.audit import audit
from core.clock import now
from core.context import current_principal
from core.database import transaction, write
from core.errors import Conflict, Refused
from core.i18n import _
from core.policy import ensure
from core.refs import Ref
from customers import pilots
from customers.models import Pilot, Segment
from customers.segments import membership

EVER = datetime(1970, 1, 1, tzinfo=UTC)  # from then on: everybody who is in the segment
STEPS = ("id IN (SELECT s.step_id FROM journey_sending s JOIN journey_version v ON v.id = s.version_id"
         " WHERE v.journey_id = ?)")  # fmt: skip


class Missing(msgspec.Struct, frozen=True):
    """What stands between this journey and its pilot; `step` where it is about one, `href` where it is put right."""

    sentence: str
    step: str = ""
    href: str = ""


async def missing(journey: Journey, *, anew: bool = False) -> list[Missing]:
    """`anew`: checks of mails that are not of what is written now are made again, over everybody who would enter."""
    found = []
    base = f"/staff/campaigns/journeys/{journey.id}"
    if journey.segment_id is None:
        found.append(Missing(_("Choose whose journey it is: a segment that people enter."), href=f"{base}/rules"))
    stages = stages_of(journey.steps)
    if not stages:
        found.append(Missing(_("Add a first step."), href=base))
    for one in walk(stages):
        if one.kind == "send":
            found += await _missing_of_mail(one.id, await Campaign.get(id=one.campaign), anew)
    known = segments_of(stages) | {one for one in (journey.segment_id, journey.goal_segment_id) if one}
    away = await Segment.filter(id__in=sorted(known)).exclude(state="active")
    return found + [Missing(_("The segment “%(name)s” is put away.", name=one.name)) for one in away]


async def _missing_of_mail(step: str, campaign: Campaign, anew: bool) -> list[Missing]:
    base = f"/staff/campaigns/{campaign.id}"
    if campaign.revision_id is None:
        return [Missing(_("The mail “%(name)s” has no text yet.", name=campaign.name), step, f"{base}/content")]
    checks = await actions.current_checks(campaign)
    if checks is None:
        checks = await actions.check(campaign) if anew else []
    return [Missing(_("The mail “%(name)s”: %(why)s", name=campaign.name, why=f"{one.title}: {one.text}"), step,
                    f"{base}/checks") for one in checks if one.tone == "bad"][:1]  # fmt: skip


async def _ensure_ready(journey: Journey) -> None:
    for one in await missing(journey, anew=True):
        raise Refused(one.sentence)


# The pilot ---------------------------------------------------------------------------------------------------


async def start_pilot(journey: Journey, group_name: str, people: Sequence[int], *, is_fast: bool = False) -> Pilot:
    """A named group goes through what is written now. `is_fast`: their days are minutes."""
    ensure(policy.can_write(current_principal()))
    if journey.state not in ("draft", "live"):
        raise Conflict(_("A journey that is paused or stopped is not tried."))
    if len(people) > MOST_IN_A_PILOT:
        raise Refused(_("A pilot is for a few: choose at most %(n)s people.", n=MOST_IN_A_PILOT))
    await _ensure_ready(journey)
    version = await versions.freeze(journey)
    async with transaction():
        pilot = await pilots.start(Ref("journey", journey.id), version.hash, group_name, people)
        before = await standing.where("r.is_pilot AND r.journey_id = ?", journey.id)
        await leaving.leave(before, "left", "replaced")
        if not await entering.enter(journey, version, list(dict.fromkeys(people)), is_pilot=True, is_fast=is_fast):
            raise Refused(_("All of them are on this journey already. Choose others."))
        await advance_now.later(key="advance")
    return pilot


async def pilot_of(journey: Journey) -> Pilot | None:
    """The last one, whatever it tried."""
    return await Pilot.filter(about_kind="journey", about_id=journey.id).order_by("-id").first()


async def has_passed(journey: Journey) -> bool:
    """Whether exactly what is written now passed a pilot."""
    return await pilots.passed(Ref("journey", journey.id), await versions.digest(journey))


async def judge(journey: Journey, passed: bool, note: str) -> Pilot:
    ensure(policy.can_write(current_principal()))
    pilot = await pilot_of(journey)
    if pilot is None or pilot.revision != await versions.digest(journey):
        raise Conflict(_("The journey has changed since this pilot. Start a new one."))
    return await pilots.judge(pilot.id, passed, note)


# The journey itself ------------------------------------------------------------------------------------------


async def start(journey: Journey) -> Version:
    """From now on who enters the segment enters; who is inside stays on the version they entered with."""
    ensure(policy.can_write(current_principal()))
    await _ensure_ready(journey)
    if not await has_passed(journey):
        raise Refused(_("Try it on a few people first, and record how it went."))
    version, before = await versions.freeze(journey), await versions.live(journey)
    if before and before.id == version.id:
        raise Conflict(_("This is the version that runs already."))
    assert journey.segment_id is not None
    await membership.refresh(journey.segment_id)  # who is in it now was in it before
    is_same = before is not None and plan_of(before.plan).segment == journey.segment_id
    since = EVER if journey.takes_present else journey.since if is_same else now()
    async with transaction():
        won = await write(
            "UPDATE journey SET state = 'live', version_id = ?, since = ?, updated_at = ? WHERE id = ? AND change = ?"
            " AND state IN ('draft', 'live') RETURNING id", version.id, since, now(), journey.id, journey.change,
        )  # fmt: skip
        if not won:
            raise Conflict(_("Somebody else has changed this journey, or stopped it. Reload the page."))
        await audit(
            "journey.start", Ref("journey", journey.id), after={"version": version.number, "hash": version.hash}
        )
        await advance_now.later(key="advance")
    await journey.refresh_from_db()
    return version


async def _move(journey: Journey, before: tuple[str, ...], after: str) -> bool:
    marks = ", ".join(f"'{state}'" for state in before)
    return bool(await write(f"UPDATE journey SET state = ?, updated_at = ? WHERE id = ? AND state IN ({marks})"
                            " RETURNING id", after, now(), journey.id))  # fmt: skip


async def pause(journey: Journey) -> None:
    """Everybody stays where they are; at most what is in the air still goes."""
    ensure(policy.can_write(current_principal()))
    async with transaction():
        if not await _move(journey, ("live",), "paused"):
            raise Conflict(_("Only a journey that runs can be paused."))
        await write(f"UPDATE campaign_step SET state = 'paused' WHERE state = 'sending' AND {STEPS}", journey.id)
        await audit("journey.pause", Ref("journey", journey.id))


async def resume(journey: Journey) -> None:
    """Who came into the segment meanwhile enters now, and whose time came moves on now."""
    ensure(policy.can_write(current_principal()))
    async with transaction():
        if not await _move(journey, ("paused",), "live"):
            raise Conflict(_("This journey is not paused."))
        for row in await write(f"UPDATE campaign_step SET state = 'sending' WHERE state = 'paused' AND {STEPS}"
                               " RETURNING id", journey.id):  # fmt: skip
            await deliver_step.later(step_id=int(row[0]), key=f"step:{row[0]}:now")
        await audit("journey.resume", Ref("journey", journey.id))
        await advance_now.later(key="advance")


async def stop(journey: Journey) -> None:
    """For good: everybody is out, and what waits to be sent is not."""
    ensure(policy.can_write(current_principal()))
    async with transaction():
        if not await _move(journey, ("draft", "live", "paused"), "stopped"):
            raise Conflict(_("This journey is stopped already."))
        await write(f"UPDATE campaign_step SET state = 'cancelled', finished_at = ?"
                    f" WHERE state IN ('sending', 'paused') AND {STEPS}", now(), journey.id)  # fmt: skip
        await audit("journey.stop", Ref("journey", journey.id))
        await advance_now.later(key="advance")
    await claims.cancel_rest()


async def take_out(run: Run, reason: str) -> None:
    """One person, by hand, with a reason."""
    ensure(policy.can_write(current_principal()))
    if not reason.strip():
        raise Refused(_("Write why."))
    async with transaction():
        if not await leaving.leave(await standing.where("r.id = ?", run.id), "stopped", "by_hand"):
            raise Conflict(_("They are not on this journey any more."))
        await audit("journey.take_out", Ref("person", run.person_id), after={"journey": run.journey_id, "run": run.id},
                    reason=reason.strip()[:500])  # fmt: skip
