"""Facts under two runners, and facts that call their fields as later() calls its own."""

from __future__ import annotations

from collections import Counter

import pytest

from core.database import rows, transaction
from core.events import Event, announce, listeners_of, on
from faults.processes import until


async def test_two_runners_tell_every_listener_once(house, marks, start):
    for _ in range(2):
        await start("runner").until("ready")
    for group in range(10):
        async with transaction():
            for number in range(30):
                await announce(marks.Struck(key=f"{group}-{number}"))
    await until(lambda: _all_told(marks, 600), 60, every=0.2)
    told = Counter(key for key, _, _ in await marks.starts())
    assert len(told) == 600
    assert set(told.values()) == {1}
    assert not await rows("SELECT 1 FROM promise WHERE last_error IS NOT NULL")


async def _all_told(marks, count):
    idle = not (await rows("SELECT COUNT(*) FROM promise WHERE state IN ('waiting', 'running')"))[0][0]
    return idle and len(await marks.starts()) >= count


async def test_a_fact_may_have_fields_named_key_and_due(house, marks, run_small_jobs):
    async with transaction():
        await announce(marks.Struck(key="same", due=5))
        await announce(marks.Struck(key="same", due=6))
    await run_small_jobs()
    assert len(await marks.starts("first:same")) == 2  # taken for a promise's key, the second would be swallowed


def test_two_listeners_of_one_name_in_one_module_are_refused():
    class Once(Event, frozen=True):
        thread_id: int

    class Twice(Event, frozen=True):
        thread_id: int

    async def hear(event: Event) -> None: ...

    first = hear
    on(Once)(first)

    async def hear(event: Event) -> None:  # noqa: F811
        raise AssertionError

    with pytest.raises(RuntimeError, match="two jobs are called"):
        on(Twice)(hear)
    assert listeners_of("faults.Twice") == []


def test_a_listener_registered_again_hears_once():
    from faults import trial

    before = len(listeners_of("faults.Struck"))
    on(trial.Struck)(trial.hear_first.function.__wrapped__)
    assert len(listeners_of("faults.Struck")) == before == 2
