"""From a draft to everybody: the pilot, its verdict, the schedule, stopping and going on, those who were missed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from campaigns import actions, claims, ledger, policy
from campaigns.channels import ORDER, line_connections
from campaigns.jobs import deliver_step, freeze_step, needs_consent
from campaigns.line.checks import quotas
from campaigns.models import Campaign, Revision, Step
from core.audit import audit
from core.clock import now
from core.context import current_principal
from core.database import rows, transaction, write
from core.errors import Conflict, Refused
from core.i18n import _
from core.policy import ensure
from core.refs import Ref
from customers import pilots, touches
from customers.models import Pilot

MOST_IN_A_PILOT = 200
LASTS = ("sent", "failed", "uncertain", "skipped", "cancelled")


async def revision_of(campaign: Campaign) -> Revision:
    if campaign.revision_id is None:
        raise Refused(_("Nothing is written yet."))
    return await Revision.get(id=campaign.revision_id)


async def checked(campaign: Campaign) -> None:
    """Raises Refused with the first thing that is wrong. Checks that are not of today's content are made again."""
    found = await actions.current_checks(campaign) or await actions.check(campaign)
    for one in found:
        if one.tone == "bad":
            raise Refused(f"{one.title}: {one.text}")
    if campaign.is_public and not (await revision_of(campaign)).html:
        raise Refused(_("Only a mail can be published."))


async def room_this_month(campaign: Campaign) -> None:
    """Asked of LINE anew: what the checks saw may be of last week. Raises Refused."""
    if "line" not in ORDER[campaign.channels]:
        return
    forecast = await ledger.forecast(campaign, await actions.audience(campaign),
                                     needs_consent=await needs_consent(campaign))  # fmt: skip
    for one in await quotas(await line_connections(campaign.brand), forecast.by_line):
        if one.tone == "bad":
            raise Refused(f"{one.title}: {one.text}")


async def start_pilot(campaign: Campaign, group_name: str, people: Sequence[int]) -> Pilot:
    """Send the current content to a named group, now."""
    ensure(policy.can_write(current_principal()))
    _on_its_own(campaign)
    if campaign.state != "draft":
        raise Conflict(_("This campaign is scheduled or sent already."))
    if len(people) > MOST_IN_A_PILOT:
        raise Refused(_("A pilot is for a few: choose at most %(n)s people.", n=MOST_IN_A_PILOT))
    revision = await revision_of(campaign)
    await checked(campaign)
    about = Ref("campaign", campaign.id)
    async with transaction():
        pilot = await pilots.start(about, revision.hash, group_name, people)
        step = await _new_step(campaign, revision, "pilot", people=list(dict.fromkeys(people)))
        await freeze_step.later(step_id=step.id)
    return pilot


async def _new_step(campaign: Campaign, revision: Revision, kind: str, *, people: list[int] | None = None,
                    segment_id: int | None = None, due_at: datetime | None = None) -> Step:  # fmt: skip
    return await Step.create(
        campaign_id=campaign.id, revision_id=revision.id, channel=revision.channels, kind=kind, people=people,
        segment_id=segment_id, due_at=due_at or now(), created_at=now(), created_by_id=current_principal().person_id,
    )  # fmt: skip


async def open_step(campaign: Campaign, revision: Revision, kind: str) -> Step:
    """An open-ended step of a journey: its people come one by one."""
    step = await _new_step(campaign, revision, kind)
    await Step.filter(id=step.id).update(state="sending")
    return step


def _on_its_own(campaign: Campaign) -> None:
    if campaign.journey_id:
        raise Conflict(_("This mail belongs to a journey, and is tried and sent with it."))


async def pilot_of(campaign: Campaign) -> Pilot | None:
    """The last pilot, whatever its revision."""
    return await Pilot.filter(about_kind="campaign", about_id=campaign.id).order_by("-id").first()


async def has_passed(campaign: Campaign) -> bool:
    """Whether exactly this content passed a pilot."""
    if campaign.revision_id is None:
        return False
    return await pilots.passed(Ref("campaign", campaign.id), (await revision_of(campaign)).hash)


async def judge(campaign: Campaign, passed: bool, note: str) -> Pilot:
    """Record the verdict on the running pilot of the current content."""
    ensure(policy.can_write(current_principal()))
    pilot = await pilot_of(campaign)
    if pilot is None or pilot.revision != (await revision_of(campaign)).hash:
        raise Conflict(_("The content has changed since this pilot. Start a new one."))
    return await pilots.judge(pilot.id, passed, note)


async def schedule(campaign: Campaign, due_at: datetime | None = None) -> Step:
    """For the segment, at `due_at` (now without). Refused while a check fails or the pilot has not passed."""
    ensure(policy.can_write(current_principal()))
    _on_its_own(campaign)
    if campaign.segment_id is None:
        raise Refused(_("Choose a segment first."))
    await checked(campaign)
    if not await has_passed(campaign):
        raise Refused(_("Try it on a few people first, and record how it went."))
    await room_this_month(campaign)
    due_at = due_at or now()
    async with transaction():
        taken = await write(
            "UPDATE campaign SET state = 'scheduled', updated_at = ?, published_at = CASE WHEN is_public = ? THEN ?"
            " ELSE published_at END WHERE id = ? AND state = 'draft' RETURNING id",
            now(), True, due_at, campaign.id,
        )  # fmt: skip
        if not taken:
            raise Conflict(_("This campaign is scheduled or sent already."))
        step = await _new_step(campaign, await revision_of(campaign), "main", segment_id=campaign.segment_id,
                               due_at=due_at)  # fmt: skip
        await freeze_step.later(step_id=step.id, due=due_at)
        await audit("campaign.schedule", Ref("campaign", campaign.id), after={"due_at": due_at.isoformat()})
    await campaign.refresh_from_db()
    return step


async def pause(campaign: Campaign) -> None:
    """At most what is in the air still goes."""
    ensure(policy.can_write(current_principal()))
    async with transaction():
        if not await _move(campaign, ("sending",), "paused"):
            raise Conflict(_("Only what is being sent can be paused."))
        await write(
            "UPDATE campaign_step SET state = 'paused' WHERE campaign_id = ? AND state = 'sending'", campaign.id
        )
        await audit("campaign.pause", Ref("campaign", campaign.id))


async def resume(campaign: Campaign) -> None:
    ensure(policy.can_write(current_principal()))
    async with transaction():
        if not await _move(campaign, ("paused",), "sending"):
            raise Conflict(_("This campaign is not paused."))
        for row in await write("UPDATE campaign_step SET state = 'sending' WHERE campaign_id = ? AND state = 'paused'"
                               " RETURNING id", campaign.id):  # fmt: skip
            await deliver_step.later(step_id=int(row[0]), key=f"step:{row[0]}")
        await audit("campaign.resume", Ref("campaign", campaign.id))


async def cancel(campaign: Campaign) -> None:
    """Scheduled: a draft again. Being sent: whoever has not got it will not."""
    ensure(policy.can_write(current_principal()))
    async with transaction():
        if await _move(campaign, ("scheduled",), "draft"):
            await write("UPDATE campaign SET published_at = NULL WHERE id = ?", campaign.id)
        elif not await _move(campaign, ("sending", "paused"), "cancelled"):
            raise Conflict(_("There is nothing to cancel."))
        await write(
            "UPDATE campaign_step SET state = 'cancelled', finished_at = ? WHERE campaign_id = ? AND kind <> 'pilot'"
            " AND state IN ('waiting', 'freezing', 'sending', 'paused')", now(), campaign.id,
        )  # fmt: skip
        await touches.drop(Ref("campaign", campaign.id))
        await audit("campaign.cancel", Ref("campaign", campaign.id))
    # No claim is possible any more; rows that a worker holds at this moment are taken by the sweep.
    await claims.cancel_rest()
    await campaign.refresh_from_db()


async def _move(campaign: Campaign, before: tuple[str, ...], after: str) -> bool:
    marks = ", ".join(f"'{state}'" for state in before)
    return bool(await write(f"UPDATE campaign SET state = ?, updated_at = ? WHERE id = ? AND state IN ({marks})"
                            " RETURNING id", after, now(), campaign.id))  # fmt: skip


# Those who were missed ---------------------------------------------------------------------------------------


async def missed(campaign: Campaign) -> list[int]:
    """Who was meant to get it and did not: bounced, skipped or cancelled, and never sent in any step.

    Uncertain ones are not among them until a person has decided.
    """
    found = await rows(
        "SELECT DISTINCT d.person_id FROM delivery d JOIN campaign_step t ON t.id = d.step_id WHERE t.campaign_id = ?"
        " AND t.kind <> 'pilot' AND d.state IN ('failed', 'skipped', 'cancelled') AND d.reason <> 'already_sent'"
        " AND NOT EXISTS (SELECT 1 FROM delivery e JOIN campaign_step u ON u.id = e.step_id WHERE u.campaign_id = ?"
        " AND e.person_id = d.person_id AND e.state NOT IN ('failed', 'skipped', 'cancelled')) ORDER BY d.person_id",
        campaign.id, campaign.id,
    )  # fmt: skip
    return [int(row[0]) for row in found]


async def resend(campaign: Campaign) -> Step:
    """The same content to exactly the missed; each is judged again when it is frozen."""
    ensure(policy.can_write(current_principal()))
    people = await missed(campaign)
    if not people:
        raise Refused(_("Everybody got it, or may not get it."))
    async with transaction():
        if not await _move(campaign, ("done", "cancelled"), "sending"):
            raise Conflict(_("Wait until the campaign is through."))
        step = await _new_step(campaign, await revision_of(campaign), "resend", people=people)
        await freeze_step.later(step_id=step.id)
        await audit("campaign.resend", Ref("campaign", campaign.id), after={"people": len(people)})
    return step


async def reconcile(campaign: Campaign, delivery_ids: Sequence[int], *, arrived: bool) -> int:
    """A person found out what became of uncertain deliveries: they arrived, or count as missed."""
    ensure(policy.can_write(current_principal()))
    state = "sent" if arrived else "failed"
    async with transaction():
        changed = await write(
            "UPDATE delivery SET state = ?, reason = 'by_hand', sent_at = ?, changed_at = ?"
            f" WHERE id IN ({ledger.ids_sql()}) AND state = 'uncertain' AND step_id IN"
            " (SELECT id FROM campaign_step WHERE campaign_id = ?) RETURNING id",
            state, now() if arrived else None, now(), json.dumps(list(delivery_ids)), campaign.id,
        )  # fmt: skip
        await audit("campaign.reconcile", Ref("campaign", campaign.id),
                    after={"deliveries": [int(row[0]) for row in changed], "state": state})  # fmt: skip
    return len(changed)
