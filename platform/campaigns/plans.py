"""What campaigns will send, for the calendar. Imported for what it registers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from campaigns import policy
from campaigns.models import OPEN_ENDED, Step
from campaigns.shares import Shares, shares_of
from campaigns.words import CAMPAIGN_STATES, CAMPAIGN_TONES
from core.principal import Principal
from core.refs import Ref
from customers.planned import Plan, add_source

MOST = 200
STATES = {"waiting": "scheduled", "freezing": "sending"}


def _href(campaign_id: int, state: str) -> str:
    return f"/staff/campaigns/{campaign_id}/{'schedule' if state == 'waiting' else 'report'}"


async def ask(who: Principal, start: datetime, end: datetime) -> list[Plan]:
    """Steps due in this time: what is scheduled, being sent, and what went out. Pilots are small, and not planned;
    a journey's mails leave when their people come to them, which nobody knows before."""
    if not policy.can_read(who):
        return []
    steps = (
        Step.exclude(kind__in=["pilot", *OPEN_ENDED])
        .exclude(state="cancelled")
        .filter(due_at__gte=start, due_at__lt=end)
    )
    found = await steps.select_related("campaign").order_by("due_at").limit(MOST)
    shares = await shares_of(found)
    return [_plan(step, shares[step.id]) for step in found]


def _plan(step: Step, shares: Shares) -> Plan:
    state = STATES.get(step.state, step.state)
    people = tuple(step.people) if step.people is not None else None
    return Plan(
        Ref("campaign", step.campaign_id), step.campaign.name, _href(step.campaign_id, step.state),
        shares[0][0], "campaign", step.due_at, None, step.segment_id, people,
        str(CAMPAIGN_STATES.get(state, state)), CAMPAIGN_TONES.get(state, ""), shares if len(shares) > 1 else (),
    )  # fmt: skip


async def name(who: Principal, ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    found = await policy.visible_campaigns(who).filter(id__in=list(ids)).only("id", "name")
    return {one.id: (one.name, _href(one.id, "")) for one in found}


add_source("campaign", ask, name)
