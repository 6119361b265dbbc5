"""The workers of a step: one for mail, one for each LINE channel that it goes by."""

from __future__ import annotations

from campaigns.line import way as line_way
from campaigns.models import Campaign, Step
from campaigns.outgoing import Press
from campaigns.sending import Worker
from channels.mail import way_out
from channels.senders import mail_account
from core.database import rows


async def workers(step: Step, campaign: Campaign, *, needs_consent: bool) -> list[Worker]:
    """For every way by which something is still to go. Close each worker's `out` after use."""
    found = await rows("SELECT DISTINCT channel, connection_id FROM delivery WHERE step_id = ? AND state IN ('frozen',"
                       " 'claimed', 'attempting') ORDER BY channel DESC, connection_id", step.id)  # fmt: skip
    made = []
    for channel, connection in found:
        if channel == "line":
            on = int(connection)
            made.append(Worker(step, campaign, await line_way.LinePress.open(step, campaign, on), line_way.LineOut(on),
                               await line_way.account_of(on), needs_consent=needs_consent))  # fmt: skip
        else:
            made.append(Worker(step, campaign, await Press.open(step, campaign), await way_out(campaign.brand),
                               await mail_account(campaign.brand), needs_consent=needs_consent))  # fmt: skip
    return made
