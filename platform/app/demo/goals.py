"""What some companies agreed with their CSM to reach, some weeks ago."""

from __future__ import annotations

from datetime import timedelta

from app.demo.acting import Cast, at
from app.demo.files import Known, data, hours_ago
from core.clock import local_day
from customers import goals

BEGAN, SAID = 40 * 24, 2 * 24  # hours ago


async def load(known: Known) -> None:
    cast = Cast(known)
    for one in data("company.json")["goals"]:
        csm = await cast.be(one["by"])
        with at(hours_ago(BEGAN), csm):
            due = local_day() + timedelta(days=one["days"])
            wanted = goals.Wanted(one["title"], one.get("event", ""), one.get("target", 1), due)
            goal = await goals.agree(known.accounts[one["account"]], wanted)
        if "progress" in one:
            with at(hours_ago(SAID), csm):
                state = one.get("state", "open")
                await goals.say(goal, progress=one["progress"], state=state, note=one.get("note", ""))
    await cast.leave()
