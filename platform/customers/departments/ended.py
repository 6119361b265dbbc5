"""Contracts whose first day without them has come: told hourly, since nothing happens on that day by itself."""

from __future__ import annotations

from datetime import timedelta

from core.clock import local_day
from core.database import rows
from core.jobs import every
from customers.days import a_day, as_day
from customers.departments.posting import is_wanted, tell

LATE = timedelta(days=7)  # an end that we hear of later than this is history


@every(hours=1, lane="bulk")
async def tell_of_ends() -> int:
    """How many messages; the ledger knows what was told."""
    if not await is_wanted("contract.ended"):
        return 0
    today, told = local_day(), 0
    for id, account, product, reason, ended in await rows(
        "SELECT k.id, k.account_id, k.product, k.end_reason, k.ended_on FROM contract k JOIN account a"
        " ON a.id = k.account_id WHERE a.state <> 'merged' AND k.ended_on > ? AND k.ended_on <= ? ORDER BY k.id",
        as_day(today - LATE), as_day(today),
    ):  # fmt: skip
        told += await tell("contract.ended", key=f"contract:{id}:{a_day(ended)}", account_id=int(account),
                           product=product, reason=reason)  # fmt: skip
    return told
