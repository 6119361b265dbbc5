"""What some of the staff are to do about their companies: late, today, later and done."""

from __future__ import annotations

from datetime import timedelta

from app.demo.acting import Cast, at
from app.demo.files import Known, data, hours_ago
from core.clock import local_day
from customers import openers, tasks

WRITTEN, ENDED = 10 * 24, 3 * 24  # hours ago


async def load(known: Known) -> None:
    cast, today = Cast(known), local_day()
    for one in data("company.json")["tasks"]:
        csm = await cast.be(one["by"])
        with at(hours_ago(WRITTEN), csm):
            due = today + timedelta(days=one["days"])
            task = await tasks.add(known.accounts[one["account"]], tasks.Wanted(one["title"], due))
        if "state" in one:
            with at(hours_ago(ENDED), csm):
                await tasks.close([task], one["state"], one.get("note", ""))
    await cast.leave()
    await openers.open_due()
