"""Freezing and sending steps. Both may run twice and be killed anywhere: the ledger knows where they were."""

from __future__ import annotations

import json
from datetime import timedelta

import channels.mail  # noqa: F401  (its job must be known wherever campaigns run)
from campaigns import (
    claims,
    coming_back,
    ledger,
    pictures,  # noqa: F401  (registers who sees them)
    sentences,  # noqa: F401  (registers how campaigns read on a timeline)
    unsent,
)
from campaigns.events import StepFinished
from campaigns.models import OPEN, OPEN_ENDED, Campaign, Step
from campaigns.stopping import MONTH_IS_OVER, hold_on, leave_out_who_blocked
from campaigns.ways import workers
from channels.events import ComplaintArrived, MailBounced
from core.clock import now, when
from core.database import dialect, rows, transaction, write
from core.events import announce, on
from core.jobs import every, job
from core.refs import Ref
from core.tasks import together
from customers import consent, pilots, segments
from customers.events import Blocked, ConsentRefused
from customers.models import Topic

SERVER_AWAY = timedelta(seconds=30)
MONTH = timedelta(hours=1)  # between two looks at a month that is used up, for what is not paused by it
LONG = 6 * 3600.0


async def needs_consent(campaign: Campaign) -> bool:
    """Marketing needs consent; what a topic calls transactional does not."""
    topic = await Topic.get_or_none(slug=campaign.topic)
    return not (topic and topic.is_transactional)


@on(MailBounced)
async def newsletter_bounced(event: MailBounced) -> None:
    await coming_back.bounced(event.mail_id, event.keys, event.reason, is_dead=event.is_dead)


@on(ComplaintArrived)
async def newsletter_complained(event: ComplaintArrived) -> None:
    await coming_back.complained(event.mail_id, event.keys, event.reason)


@on(ConsentRefused)
async def topic_refused(event: ConsentRefused) -> None:
    """On their own page, or by staff. Whoever said yes again meanwhile goes on getting it."""
    if await consent.state_of(event.person_id, event.topic, event.channel) == "refused":
        async with transaction():
            await unsent.skip_topic(event.person_id, event.topic, event.channel)


@on(Blocked)
async def channel_blocked(event: Blocked) -> None:
    """By the channel's own event, or because the platform knows nobody of this id."""
    await leave_out_who_blocked(event.person_id, event.channel, event.connection_id)


@job(lane="bulk", attempts=20, timeout=1800)
async def freeze_step(step_id: int) -> str:
    """When its hour has come: who gets it, who does not and why; then it is sent."""
    begun = await write("UPDATE campaign_step SET state = 'freezing' WHERE id = ? AND state IN ('waiting', 'freezing')"
                        " RETURNING id", step_id)  # fmt: skip
    if not begun:
        return "nothing to freeze"
    step = await Step.get(id=step_id)
    campaign = await Campaign.get(id=step.campaign_id)
    if refusal := await _why_not(step, campaign):
        await _stop(step, refusal)
        return refusal
    people = step.people if step.people is not None else await segments.people_in(step.segment_id or 0)
    total = await ledger.freeze(step, campaign, people, needs_consent=await needs_consent(campaign))
    async with transaction():
        await write("UPDATE campaign_step SET state = 'sending', frozen_at = ? WHERE id = ? AND state = 'freezing'",
                    now(), step_id)  # fmt: skip
        if step.kind != "pilot":
            await write("UPDATE campaign SET state = 'sending', updated_at = ? WHERE id = ? AND state = 'scheduled'",
                        now(), campaign.id)  # fmt: skip
        await deliver_step.later(step_id=step_id, key=f"step:{step_id}")
    return f"{total} deliveries"


async def _why_not(step: Step, campaign: Campaign) -> str:
    """Asked again at the hour itself: between the schedule and now somebody may have changed something."""
    if step.kind == "pilot":
        return ""
    if campaign.revision_id != step.revision_id:
        return "the content was changed after it was scheduled"
    revision = (await rows("SELECT hash FROM campaign_revision WHERE id = ?", step.revision_id))[0][0]
    return "" if await pilots.passed(Ref("campaign", campaign.id), revision) else "the pilot has not passed"


async def _stop(step: Step, reason: str) -> None:
    async with transaction():
        await write("UPDATE campaign_step SET state = 'cancelled', stop_reason = ?, finished_at = ? WHERE id = ?",
                    reason[:300], now(), step.id)  # fmt: skip
        await write("UPDATE campaign SET state = 'draft', updated_at = ? WHERE id = ? AND state = 'scheduled'",
                    now(), step.campaign_id)  # fmt: skip


@job(lane="long", attempts=1000, timeout=LONG)
async def deliver_step(step_id: int) -> str:
    """Send what is due of a step; come back for the rest; finish it when nothing is left."""
    step = await Step.get_or_none(id=step_id)
    if step is None or step.state != "sending":
        return "not sending"
    campaign = await Campaign.get(id=step.campaign_id)
    await claims.recover(step_id)
    made = await workers(step, campaign, needs_consent=await needs_consent(campaign))
    try:
        sent = sum(await together(*(one.run() for one in made)))
    finally:
        for one in made:
            await one.out.close()
    trouble = next((one.trouble for one in made if one.trouble), "")
    await write("UPDATE campaign_step SET stop_reason = ? WHERE id = ?", trouble[:300], step_id)
    if any(one.trouble == MONTH_IS_OVER for one in made) and await hold_on(step, campaign):
        return f"{sent} sent, the month's messages are used up"
    await _go_on_or_finish(step, trouble)
    return f"{sent} sent"


async def _go_on_or_finish(step: Step, trouble: str) -> None:
    left = await ledger.counts([step.id])
    if not any(left.get(state) for state in OPEN):
        if step.kind not in OPEN_ENDED:
            await finish_step(step)
    elif trouble:
        after = MONTH if trouble == MONTH_IS_OVER else SERVER_AWAY
        await deliver_step.later(step_id=step.id, key=f"step:{step.id}", after=after)
    elif left.get("frozen"):
        due = when(await ledger.next_due(step.id))
        # A journey's next mail may be due before one that is promised already.
        minute = f":{due:%m%d%H%M}" if due and step.kind in OPEN_ENDED else ""
        await deliver_step.later(step_id=step.id, key=f"step:{step.id}{minute}", due=due)
    else:
        await deliver_step.later(step_id=step.id, key=f"step:{step.id}", after=claims.LEASE / 2)


async def finish_step(step: Step) -> None:
    """Every delivery has its final state: asked again while the step is held, for one may have come back meanwhile."""
    async with transaction():
        if dialect() == "postgresql":
            await rows("SELECT id FROM campaign_step WHERE id = ? FOR UPDATE", step.id)
        done = await write(
            "UPDATE campaign_step SET state = 'done', finished_at = ? WHERE id = ? AND state = 'sending' AND NOT EXISTS"
            " (SELECT 1 FROM delivery d WHERE d.step_id = ? AND d.state IN ('frozen', 'claimed', 'attempting'))"
            " RETURNING id", now(), step.id, step.id,
        )  # fmt: skip
        if not done:
            return
        if step.kind != "pilot":
            await write("UPDATE campaign SET state = 'done', updated_at = ? WHERE id = ? AND state = 'sending'",
                        now(), step.campaign_id)  # fmt: skip
        await announce(StepFinished(step_id=step.id))


@every(minutes=1)
async def sweep() -> str:
    """What nobody works on any more: expired leases, steps whose promise was lost."""
    requeued, lost = await claims.recover()
    await claims.cancel_rest()
    for row in await rows(
        "SELECT id FROM campaign_step t WHERE t.state IN ('sending', 'freezing') AND (t.kind NOT IN ('journey',"
        " 'rehearsal') OR EXISTS (SELECT 1 FROM delivery d WHERE d.step_id = t.id AND d.state IN ('frozen', 'claimed',"
        " 'attempting')))"
    ):
        await _promise_again(int(row[0]))
    return f"{requeued} requeued, {lost} uncertain"


async def _promise_again(step_id: int) -> None:
    promised = await rows(
        "SELECT 1 FROM promise WHERE name IN (?, ?) AND state IN ('waiting', 'running')"
        " AND CAST(arguments AS text) = ?",
        deliver_step.name, freeze_step.name, json.dumps({"step_id": step_id}),
    )  # fmt: skip
    if promised:
        return
    step = await Step.get(id=step_id)
    again = deliver_step if step.state == "sending" else freeze_step
    await again.later(step_id=step_id, key=f"step:{step_id}")


import campaigns.journeys.jobs  # noqa: E402, F401  (they send with the jobs above)
