"""Ticks are promised once, whatever the clocks say, and a missed one is caught up once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from core import jobs, runner
from core.clock import now
from core.database import rows, write
from core.jobs import Schedule, latest_tick
from core.runner import Runner
from faults import trial
from faults.processes import until


async def test_two_schedulers_180_seconds_apart_double_no_tick(house, marks, start):
    fast = start("runner", FAULT_SKEW=90, FAULT_EVERY=2)
    await until(lambda: marks.starts("tick"), 30)
    slow = await start("runner", FAULT_SKEW=-90, FAULT_EVERY=2).until("ready")
    await asyncio.sleep(6)
    codes = await asyncio.gather(fast.stop(within=15), slow.stop(within=15))
    ticks = [row[0] for row in await rows("SELECT tick FROM tick WHERE job = ? ORDER BY tick", "faults.trial.tick")]
    first, last = (datetime.fromisoformat(str(tick)) for tick in (ticks[0], ticks[-1]))
    assert codes == [0, 0]
    assert len(ticks) >= 3 and len(await marks.starts("tick")) == len(ticks)
    assert (last - first).total_seconds() < 60, "the slow clock promised what the fast one had long kept"


async def test_a_lease_holds_between_runners_whose_clocks_differ(house, marks, start):
    """The fast one would see every lease of the slow one as over, and the slow one nothing as due."""
    fast = await start("runner", FAULT_SKEW=90).until("ready")
    slow = await start("runner", FAULT_SKEW=-90).until("ready")
    for number in range(10):
        await marks.mark.later(name=f"k{number}", seconds=3)
    await asyncio.sleep(6)
    begun = await marks.starts("k%")
    assert sorted(key for key, _, _ in begun) == [f"k{number}" for number in range(10)]
    assert len(await marks.effects()) == 10
    assert {pid for _, pid, _ in begun} <= {fast.pid, slow.pid}


async def test_after_a_pause_the_latest_missed_tick_is_caught_up_once(house, marks):
    made = jobs.every(minutes=5)(trial.tick)
    try:
        await write("INSERT INTO tick (job, tick) VALUES (?, ?)", made.name, now() - timedelta(hours=3))
        for _ in range(3):
            runner._told.clear()
            await Runner().tick()
        assert (await rows("SELECT COUNT(*) FROM promise WHERE name = ?", made.name))[0][0] == 1
    finally:
        made.schedule = None


@pytest.mark.parametrize(
    ("schedule", "moment", "tick"),
    [
        (Schedule(7 * 86400, 3 * 3600), "2026-11-26 12:00", "2026-11-22 03:00"),  # weeks begin on Sunday
        (Schedule(86400, 3 * 3600), "2026-11-26 02:59", "2026-11-25 03:00"),
        (Schedule(300), "2026-11-26 02:59", "2026-11-26 02:55"),
        (Schedule(6 * 3600, 3 * 3600), "2026-11-26 02:59", "2026-11-25 21:00"),
    ],
)
def test_the_latest_tick(schedule, moment, tick):
    zone = ZoneInfo("Asia/Tokyo")
    found = latest_tick(schedule, datetime.fromisoformat(moment).replace(tzinfo=zone))
    assert found == datetime.fromisoformat(tick).replace(tzinfo=zone)


def test_short_periods_go_on_through_the_hour_that_the_clock_repeats():
    zone, began = ZoneInfo("Europe/Berlin"), datetime(2026, 10, 24, 22, 0, tzinfo=UTC)
    moments = [began + timedelta(minutes=5 * n) for n in range(12 * 6)]
    ticks = [latest_tick(Schedule(300), moment.astimezone(zone)).astimezone(UTC) for moment in moments]
    assert ticks == moments
