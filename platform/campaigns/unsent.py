"""What will reach nobody: its touch goes back to the person's budget, and no hold waits for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from core.clock import now
from core.database import write
from customers import touches


async def give_back(deliveries: Iterable[int]) -> None:
    await touches.give_back([f"delivery:{id}" for id in deliveries])


# While a push to LINE may have arrived, that is what is known of it (campaigns.claims.ENDED).
SKIP = (
    "UPDATE delivery SET state = CASE WHEN channel = 'line' AND tried_at IS NOT NULL THEN 'uncertain' ELSE 'skipped'"
    " END, reason = ?, worker = NULL, lease_until = NULL, changed_at = ? WHERE person_id = ? AND channel = ?"
    " AND state IN ('frozen', 'claimed') AND {which} RETURNING id, state"
)


async def skip_topic(person_id: int, topic: str, channel: str = "email") -> None:
    """Everything of a topic that is open for somebody who refused it there, in the caller's transaction."""
    which = "step_id IN (SELECT t.id FROM campaign_step t JOIN campaign c ON c.id = t.campaign_id WHERE c.topic = ?)"
    await _skipped(await write(SKIP.format(which=which), "unsubscribed", now(), person_id, channel, topic))


async def skip_blocked(person_id: int, channel: str, connection_id: int, hashes: Sequence[str]) -> None:
    """Whoever blocked a LINE channel as one of these addresses gets nothing more there, in the caller's transaction."""
    which = f"connection_id = ? AND address_hash IN ({', '.join('?' * len(hashes))})"
    await _skipped(await write(SKIP.format(which=which), "blocked", now(), person_id, channel, connection_id, *hashes))


async def _skipped(found: list[Any]) -> None:
    await give_back(int(row[0]) for row in found if row[1] == "skipped")
