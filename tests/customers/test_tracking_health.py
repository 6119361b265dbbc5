"""Product events: counted once, aged by day, recounted equal; health from them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from core.clock import days_ago, local_day, now
from core.database import rows, write
from core.errors import Refused
from customers import health, tracking
from customers.events import Tracked, track, track_many
from customers.models import Account, Contract
from customers.rules import HealthRule, set_rule
from factories import a_person, an_account

pytestmark = pytest.mark.anyio


async def metric(table: str = "person_metric") -> list[tuple[Any, ...]]:
    found = await rows(f"SELECT metric, d7, d30, d90, total FROM {table} WHERE metric NOT LIKE '@@%' ORDER BY metric")
    return [tuple(row) for row in found]


async def test_an_event_counts_once_in_every_window(house: Any) -> None:
    person = await a_person(account=await an_account())
    assert await track("made", person_id=person.id, message_id="m1")
    assert not await track("made", person_id=person.id, message_id="m1")
    old = [Tracked(name="made", person_id=person.id, message_id=f"d{d}", at=days_ago(d)) for d in (6, 8, 40, 120)]
    assert await track_many([*old, old[0]]) == 4
    assert await metric() == await metric("account_metric") == [("made", 2, 3, 4, 5)]
    with pytest.raises(Refused):
        await track_many([Tracked(name="made", person_id=person.id), Tracked(name="")])
    assert (await metric())[0][4] == 5


async def test_windows_age_and_a_recount_is_equal(house: Any) -> None:
    person = await a_person(account=await an_account())
    batches = [
        [Tracked(name=f"e{n % 3}", person_id=person.id, message_id=f"{b}-{n}", at=days_ago(n)) for n in range(30)]
        for b in range(4)
    ]
    await asyncio.gather(*(track_many(batch) for batch in batches for _ in range(2)))
    counted = await metric(), await metric("account_metric")
    assert sum(row[4] for row in counted[0]) == 120
    await tracking.age()
    assert (await metric(), await metric("account_metric")) == counted
    await write("DELETE FROM usage_day")
    await write("DELETE FROM note WHERE name = 'customers.aged'")
    await tracking.age()
    assert all(row[1:4] == (0, 0, 0) for row in await metric())


async def test_health_says_what_it_is_made_of(house: Any) -> None:
    account = await an_account()
    person = await a_person(account=account)
    await health.recompute([account.id])
    assert (await Account.get(id=account.id)).health is None
    await set_rule("health", HealthRule(core_features=("made", "sent"), login_days_goal=10))
    await Contract.create(account_id=account.id, product="x", seats=2, starts_on=local_day() - timedelta(days=500),
                          source="t", created_at=now(), updated_at=now())  # fmt: skip
    await track_many([Tracked(name="signed_in", person_id=person.id, at=days_ago(d)) for d in range(5)])
    await track("made", person_id=person.id)
    await health.recompute([account.id])
    found = await Account.get(id=account.id)
    points = {one["measure"]: one["points"] for one in found.health_reasons}
    assert points == {
        "login_days": 5,
        "active_seats": 5,
        "core_features": 7.5,
        "renewals": 5,
        "support": points["support"],
        "sentiment": None,
        "community": None,
        "outcome": None,
    }
    if points["support"] is None:
        assert (found.health, found.health_coverage) == (56, 40)
    assert health.band(found.health) in {"good", "watch", "risk"}
    assert len(await health.history(account.id)) == 1
