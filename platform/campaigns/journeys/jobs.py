"""What moves people on: once a minute, and at once where a fact says that somebody's turn may have come."""

from __future__ import annotations

from campaigns.events import LinkFollowed
from campaigns.journeys import advancing, entering, leaving
from campaigns.journeys.models import Journey
from core.events import on
from core.jobs import every, job
from customers.events import SegmentChanged

ROUNDS = 400  # of 500 people: beyond, the next run goes on
LONG = 1800.0


async def go_on() -> str:
    """Let in, let out, move on, until nobody's turn has come."""
    entered, gone, moved = await entering.enter_due(), await leaving.leave_due(), 0
    for _n in range(ROUNDS):
        n = await advancing.arrivals() + await advancing.one_round()
        if not n:
            break
        moved += n
    return f"{entered} entered, {gone} left, {moved} moved"


@every(minutes=1, lane="bulk", timeout=LONG)
async def advance() -> str:
    return await go_on()


@job(lane="bulk", timeout=LONG)
async def advance_now() -> str:
    return await go_on()


@on(SegmentChanged)
async def segment_changed(event: SegmentChanged) -> None:
    """Somebody may enter, leave or go on."""
    if await Journey.filter(state__in=("live", "paused")).exists():
        await advance_now.later(key="advance")


@on(LinkFollowed)
async def link_followed(event: LinkFollowed) -> None:
    await advance_now.later(key="advance")
