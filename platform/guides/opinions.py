"""What surveys say goes into the health of the account: an answer of 0–10 is an opinion of 0–1."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from core.clock import when
from core.database import rows
from customers import health

__all__ = ["answered"]


@health.add_opinions
async def answered(ids: Sequence[int], since: datetime) -> list[health.Opinion]:
    marks = ", ".join("?" * len(ids))
    found = await rows(f"SELECT account_id, score, at FROM guide_answer WHERE at > ? AND account_id IN ({marks})",
                       since, *ids)  # fmt: skip
    return [health.Opinion(int(row[0]), int(row[1]) / 10, at, "survey") for row in found if (at := when(row[2]))]
