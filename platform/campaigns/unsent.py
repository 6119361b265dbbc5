"""What will reach nobody: its touch goes back to the person's budget, and no hold waits for it."""

from __future__ import annotations

from collections.abc import Iterable

from core.clock import now
from core.database import write
from customers import touches


async def give_back(deliveries: Iterable[int]) -> None:
    await touches.give_back([f"delivery:{id}" for id in deliveries])


async def skip_topic(person_id: int, topic: str) -> None:
    """Everything of a topic that is open for somebody who refused it, in the caller's transaction."""
    skipped = await write(
        "UPDATE delivery SET state = 'skipped', reason = 'unsubscribed', worker = NULL, lease_until = NULL,"
        " changed_at = ? WHERE person_id = ? AND state IN ('frozen', 'claimed') AND step_id IN (SELECT t.id FROM"
        " campaign_step t JOIN campaign c ON c.id = t.campaign_id WHERE c.topic = ?) RETURNING id",
        now(), person_id, topic,
    )  # fmt: skip
    await give_back(int(row[0]) for row in skipped)
