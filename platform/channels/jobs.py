"""What runs later in this room."""

from __future__ import annotations

from channels.forwarding import forward
from channels.incoming.keeping import sort
from channels.incoming.mailbox import fetch_mail
from channels.webhooks import send
from core.clock import days_ago
from core.database import write
from core.jobs import every

__all__ = ["fetch_mail", "forget_old_arrivals", "forward", "send", "sort"]
KEPT_MESSAGES = 30
KEPT_DAYS = 90  # Slack retries for minutes, LINE for hours: long past any redelivery


@every(hours=24, at="03:40")
async def forget_old_arrivals() -> int:
    """Bodies of webhooks are personal data; what they said is in the conversations."""
    gone = await write("DELETE FROM arrival WHERE received_at < ? AND state <> 'waiting' RETURNING id",
                       days_ago(KEPT_DAYS))  # fmt: skip
    await write("DELETE FROM incoming_mail WHERE received_at < ? AND state NOT IN ('waiting', 'taken')",
                days_ago(KEPT_DAYS))  # fmt: skip
    await write("DELETE FROM webhook_delivery WHERE created_at < ? AND state <> 'waiting'", days_ago(KEPT_MESSAGES))
    await write("DELETE FROM pace WHERE next_at < ?", days_ago(1))
    return len(gone)
