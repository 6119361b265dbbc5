"""What the house tidies up for itself."""

from __future__ import annotations

from datetime import timedelta

from app import webhooks  # noqa: F401  (registers what it listens to)
from core.clock import now
from core.database import write
from core.jobs import every

KEPT = timedelta(days=7)
OUTCOMES_KEPT = timedelta(days=2)
TICKS_KEPT = timedelta(days=30)


@every(hours=24, at="03:40")
async def forget_what_is_done() -> dict[str, int]:
    """Finished promises, told facts, old ticks and answers of the API go; what is dead stays until a person decides."""
    promises = await write("DELETE FROM promise WHERE state = 'done' AND finished_at < ? RETURNING id", now() - KEPT)
    facts = await write("DELETE FROM fact WHERE is_told = ? AND created_at < ? RETURNING id", True, now() - KEPT)
    ticks = await write("DELETE FROM tick WHERE tick < ? RETURNING id", now() - TICKS_KEPT)
    outcomes = await write("DELETE FROM api_outcome WHERE created_at < ? RETURNING id", now() - OUTCOMES_KEPT)
    return {"promises": len(promises), "facts": len(facts), "ticks": len(ticks), "api_outcomes": len(outcomes)}
