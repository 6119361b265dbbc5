"""Membership written down: who enters and leaves within 5 seconds, told as a fact; habits; sequences."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.clock import as_of, now
from core.context import Here, enter
from core.database import rows, write
from core.principal import SYSTEM
from core.runner import Runner
from customers import segments, timeline
from customers.events import track
from customers.segments import habits, membership
from factories import a_person, an_account, staff
from faults.processes import until

pytestmark = pytest.mark.anyio
MADE = {"all": [{"field": "event.count", "event": "made", "window_days": 7, "op": "at_least", "value": 2}]}
THEN = {"field": "event.sequence", "event": "made", "then": "sent", "within_days": 3, "op": "is", "value": True}


async def members(segment_id: int) -> set[int]:
    return {row[0] for row in await rows("SELECT person_id FROM segment_member WHERE segment_id = ?", segment_id)}


async def facts() -> list[dict[str, Any]]:
    found = await rows("SELECT body FROM fact WHERE name = 'customers.SegmentChanged' ORDER BY id")
    return [json.loads(row[0]) if isinstance(row[0], str) else row[0] for row in found]


async def test_people_enter_and_leave_and_each_move_is_told_once(house: Any) -> None:
    enter(Here(principal=SYSTEM))
    one, two = await a_person(), await a_person()
    for person in (one, one, two):
        await track("made", person_id=person.id)
    segment = await segments.save("made", MADE)
    assert await membership.refresh(segment.id) == 1
    assert await members(segment.id) == {one.id}
    assert await facts() == []  # they were there already
    await track("made", person_id=two.id)
    assert await membership.refresh(segment.id) == 1
    assert await membership.refresh(segment.id) == 0
    with as_of(now() + timedelta(days=9)):
        from customers.tracking import age

        await age()
        assert await membership.refresh(segment.id) == 2
    assert await facts() == [{"segment_id": segment.id, "entered": [two.id], "left": []},
                             {"segment_id": segment.id, "entered": [], "left": [one.id, two.id]}]  # fmt: skip
    await segment.refresh_from_db()
    assert segment.people == 0
    await write(
        "UPDATE segment SET tree = ?", json.dumps({"all": [{"field": "segment", "op": "is", "value": segment.id}]})
    )
    assert await membership.refresh(segment.id) == 0  # a circle is left as it is


async def test_a_slow_segment_is_asked_less_often(house: Any) -> None:
    enter(Here(principal=SYSTEM))
    segment = await segments.save("made", MADE)
    assert membership.is_due(segment)
    await membership.refresh(segment.id)
    await segment.refresh_from_db()
    assert not membership.is_due(segment)
    with as_of(now() + timedelta(seconds=4)):
        assert membership.is_due(segment)
        segment.refresh_ms = 2000
        assert not membership.is_due(segment)


async def test_membership_lags_no_more_than_five_seconds(house: Any, record_property: Any) -> None:
    enter(Here(principal=SYSTEM))
    person = await a_person(account=await an_account())
    segment = await segments.save("made", MADE)
    await membership.refresh(segment.id)
    runner = Runner()
    await runner.start()
    try:
        await track("made", person_id=person.id)
        await track("made", person_id=person.id)
        began = time.monotonic()
        await until(lambda: members(segment.id), 15)
        lag = time.monotonic() - began
    finally:
        await runner.stop()
    record_property("lag_s", round(lag, 2))
    assert lag <= 5, lag


async def test_habits_are_the_hour_and_the_channel_of_most(house: Any) -> None:
    person, quiet = await a_person(), await a_person()
    noon = datetime(2026, 11, 20, 3, 10, tzinfo=UTC)  # 12:10 in Tokyo
    with as_of(noon + timedelta(days=1)):
        for hours in (0, 24, 5):
            await track("made", person_id=person.id, at=noon - timedelta(hours=hours))
        for channel in ("line", "email", "line"):
            await timeline.record(person.id, "inbox.asked", channel=channel)
        for _again in range(2):
            await habits.work_out()
        found = [tuple(row) for row in await rows("SELECT person_id, hour, channel FROM person_habit")]
        assert found == [(person.id, 12, "line")]
        tree = {"all": [{"field": "person.channel", "op": "is_any", "value": ["line"]},
                        {"field": "person.active_hour", "op": "between", "value": [11, 13]}]}  # fmt: skip
        assert await segments.count(tree) == 1
        assert await segments.count({"none": tree["all"]}) == 1
    assert quiet.id


async def test_the_builder_says_what_came_first(web: Any, house: Any, sign_in: Any) -> None:
    await sign_in(await staff("admin"))
    person = await a_person("佐々木", email="sasaki@example.jp")
    await track("made", person_id=person.id, at=now() - timedelta(days=2))
    await track("sent", person_id=person.id)
    form = {"name": "順に", "node": ["0:all", "0.0:if"], "0-join": "all", "0.0-field": "event.sequence", "0.0-op": "is",
            "0.0-value": "1", "0.0-event": "made", "0.0-then": "sent", "0.0-within": "3", "0.0-window": "0",
            "do": "save"}  # fmt: skip
    saved = await web.submit("/staff/customers/segments/new", form)
    assert saved.status_code == 303
    stored = json.loads((await rows("SELECT tree FROM segment"))[0][0])
    assert stored == {"all": [THEN]}
    page = (await web.get(saved.headers["location"], params={"who": "sasaki@example.jp"})).text
    assert "「sent」" in page
    assert "佐々木" in page
    wrong = await web.submit("/staff/customers/segments/new", form | {"0.0-then": ""})
    assert wrong.status_code == 422
