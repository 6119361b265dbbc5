"""What the house forgets about its own work: promises kept, facts told, ticks passed. The dead stay until looked at."""

from __future__ import annotations

from datetime import timedelta

from core.clock import now
from core.database import write
from core.jobs import every

RETENTION = timedelta(days=7)
AT_ONCE = 1000
PRUNED = {
    "promise": "state = 'done' AND finished_at < ?",
    "fact": "is_told = TRUE AND created_at < ?",
    "tick": "tick < ? AND id NOT IN (SELECT MAX(id) FROM tick GROUP BY job)",
}


@every(hours=24, at="03:50", lane="bulk", timeout=1800)
async def prune() -> str:
    """In small steps, so that nobody waits long for the writer."""
    before = now() - RETENTION
    gone = {table: await _prune(table, condition, before) for table, condition in PRUNED.items()}
    return ", ".join(f"{count} {table}" for table, count in gone.items())


async def _prune(table: str, condition: str, before: object) -> int:
    total = 0
    while True:
        chosen = f"SELECT id FROM {table} WHERE {condition} LIMIT {AT_ONCE}"
        gone = await write(f"DELETE FROM {table} WHERE id IN ({chosen}) RETURNING id", before)
        total += len(gone)
        if len(gone) < AT_ONCE:
            return total
