"""What holds a sending up on LINE: a month whose messages are used up, and whoever blocked the channel."""

from __future__ import annotations

from collections.abc import Sequence

from campaigns import policy
from campaigns.models import Campaign, Step
from campaigns.unsent import give_back, skip_blocked
from core.clock import now
from core.database import rows, transaction, write
from core.i18n import lazy
from core.principal import Principal
from core.refs import Ref
from customers import blocking, consent, notices
from customers.models import Notice
from customers.noticing.groups import Standing, stands
from customers.telling import describe_notice

MONTH_IS_OVER = "line_month"

describe_notice(
    "campaigns.paused",
    lazy("“%(name)s” is paused: this month’s LINE messages are used up"),
    "warning",
    group="campaigns",
)


@stands("campaign")
async def campaigns(reader: Principal, found: Sequence[Notice]) -> dict[int, Standing]:
    """Whoever went on with it, or cancelled it, need not hear that it had paused."""
    if not policy.can_write(reader):
        return {}
    ids = sorted({one.about_id for one in found})
    paused = {one.id: one for one in await policy.visible_campaigns(reader).filter(id__in=ids, state="paused")}
    return {one.id: Standing(brand=paused[one.about_id].brand) for one in found if one.about_id in paused}


async def hold_on(step: Step, campaign: Campaign) -> bool:
    """LINE takes no more this month: the sending is paused and whoever began it is told. A pilot is not resumed, so
    what is left of it has failed. False for what has no pause of its own."""
    if step.kind == "pilot":
        await _give_up(step)
        return False
    moment = now()
    async with transaction():
        paused = await write("UPDATE campaign_step SET state = 'paused', stop_reason = ? WHERE id = ?"
                             " AND state = 'sending' AND EXISTS (SELECT 1 FROM campaign c WHERE c.id = ?"
                             " AND c.state = 'sending') RETURNING id", MONTH_IS_OVER, step.id, campaign.id)  # fmt: skip
        if not paused:
            return False
        await write("UPDATE campaign SET state = 'paused', updated_at = ? WHERE id = ? AND state = 'sending'",
                    moment, campaign.id)  # fmt: skip
        whom = [one for one in (step.created_by_id, campaign.created_by_id) if one]
        await notices.tell(whom, about=Ref("campaign", campaign.id), kind="campaigns.paused",
                           key=f"step:{step.id}:month:{moment:%Y-%m-%d}", url=f"/staff/campaigns/{campaign.id}/report",
                           data={"name": campaign.name})  # fmt: skip
    return True


async def _give_up(step: Step) -> None:
    async with transaction():
        failed = await write(
            "UPDATE delivery SET state = 'failed', reason = ?, worker = NULL, lease_until = NULL, changed_at = ?"
            " WHERE step_id = ? AND channel = 'line' AND state = 'frozen' AND reason = ? AND tried_at IS NULL"
            " RETURNING id", MONTH_IS_OVER, now(), step.id, MONTH_IS_OVER,
        )  # fmt: skip
        await give_back(int(row[0]) for row in failed)


async def leave_out_who_blocked(person_id: int, channel: str, connection_id: int) -> None:
    """Whoever follows us again meanwhile goes on getting it."""
    users = [str(row[0]) for row in await rows("SELECT value FROM identity WHERE person_id = ? AND kind = ?",
                                               person_id, channel)]  # fmt: skip
    async with transaction():
        if gone := await blocking.blocked_among(connection_id, users, channel=channel):
            hashes = [one for user in gone for one in consent.address_hashes(channel, user)]
            await skip_blocked(person_id, channel, connection_id, hashes)
