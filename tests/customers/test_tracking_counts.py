"""The counts against a plain recount of the events, after everything at once: replays, attached histories, ageing."""

from __future__ import annotations

import asyncio
import json
import random
from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from core.clock import as_of, local_day, now, when
from core.database import rows, transaction
from core.tasks import spawn
from customers.rules import HealthRule, set_rule
from customers.tracking import recounting
from customers.tracking.arrived import Arrived
from customers.tracking.counting import CORE, DAYS, LOGINS, REVENUE, SEATS, WINDOWS
from customers.tracking.intake import AT_ONCE, intake
from customers.tracking.storing import store

pytestmark = pytest.mark.anyio
RULE = HealthRule(core_features=("made", "sent"), login="signed_in")
NAMES = ("made", "sent", "signed_in", "purchase", "read")
USERS, COMPANIES = 12, 4


def some(r: random.Random, moment: datetime, numbers: Any) -> list[Arrived]:
    """A request of a product: events of users and visitors, sometimes who somebody is, or what they belong to."""
    made = []
    for _ in range(r.randint(1, 6)):
        at = moment - timedelta(days=r.choice([0, 0, 0, 1, 6, 7, 29, 30, 89, 90, 120]), minutes=r.randint(0, 400))
        one = Arrived("track", r.choice(NAMES), f"m{next(numbers)}", at, source="app", is_trusted=True,
                      properties=json.dumps({"revenue": r.randint(-50, 500)}))  # fmt: skip
        if r.random() < 0.3:
            one.anonymous = f"v{r.randrange(30)}"
        else:
            one.user = f"u{r.randrange(USERS)}"
        if one.user and r.random() < 0.3:
            one.group = f"c{r.randrange(COMPANIES)}"
        if one.user and r.random() < 0.15:
            one.kind, one.anonymous = "identify", f"v{r.randrange(30)}"
        elif one.user and one.group and r.random() < 0.3:
            one.kind = "group"
        made.append(one)
    return made


async def plainly() -> dict[tuple[str, int, str], tuple[int, ...]]:
    """What the counts should be: loops over the events, nothing else."""
    sums: dict[Any, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    things: dict[Any, dict[Any, set[date]]] = defaultdict(lambda: defaultdict(set))
    today = local_day()
    for person, account, name, at, said in await rows("SELECT person_id, account_id, name, at, properties FROM event"):
        if person is None:
            continue
        day = local_day(when(at))
        for who, id in (("person", person), ("account", account)):
            if not id:
                continue
            amounts = {name: 1} | ({REVENUE: json.loads(said)["revenue"]} if name == "purchase" else {})
            for metric, by in amounts.items():
                for n, window in enumerate((*WINDOWS, 10**6)):
                    sums[who, id, metric][n] += by if (today - day).days < window else 0
            things[who, id, DAYS][day].add(day)
            if name == RULE.login:
                things[who, id, LOGINS][day].add(day)
            if name in RULE.core_features:
                things[who, id, CORE][name].add(day)
            if who == "account":
                things[who, id, SEATS][person].add(day)
    for key, each in things.items():
        sums[key] = [sum(any((today - day).days < window for day in days) for days in each.values())
                     for window in (*WINDOWS, 10**6)]  # fmt: skip
    return {key: tuple(numbers) for key, numbers in sums.items() if any(numbers)}


async def kept() -> dict[tuple[str, int, str], tuple[int, ...]]:
    found = {}
    for who in ("person", "account"):
        for row in await rows(f"SELECT {who}_id, metric, d7, d30, d90, total FROM {who}_metric"):
            if any(tuple(row)[2:]):
                found[who, row[0], row[1]] = tuple(tuple(row)[2:])
    return found


async def test_the_counts_equal_a_recount_after_a_thousand_things_at_once(house: Any) -> None:
    from itertools import count

    await set_rule("health", RULE)
    r, numbers, moment = random.Random(7), count(), now()
    requests = [some(r, moment, numbers) for _ in range(800)]
    replays = [r.choice(requests) for _ in range(150)]
    operations: list[Any] = [intake().take(one) for one in [*requests, *replays]]
    operations += [store(r.choice(requests)) for _ in range(30)] + [recounting.age() for _ in range(20)]
    r.shuffle(operations)
    gate = asyncio.Semaphore(40)

    async def one(operation: Any) -> Any:
        async with gate:
            return await operation

    await asyncio.gather(*map(one, operations))
    sent = {event.message_id for request in requests for event in request}
    assert (await rows("SELECT COUNT(*) FROM event_seen"))[0][0] == len(sent)
    assert await kept() == await plainly()
    assert await recounting.recount_all() == 0
    for days in (1, 9, 40):
        with as_of(moment + timedelta(days=days)):
            await recounting.age()
            assert await kept() == await plainly()


async def test_a_recount_mends_what_was_wrong(house: Any) -> None:
    from core.database import write

    await set_rule("health", RULE)
    moment = now()
    await store([Arrived("track", name, f"{name}{day}", moment - timedelta(days=day), user="u", group="c", source="app",
                         is_trusted=True, properties='{"revenue": 5}')
                 for name in NAMES for day in (0, 8, 31)])  # fmt: skip
    right = await kept()
    for broken in (
        "UPDATE person_metric SET d7 = d7 + 1",
        "DELETE FROM account_metric",
        "DELETE FROM usage_day",
        "UPDATE usage_day SET count = 9",
        "INSERT INTO person_metric (person_id, metric, d7, d30, d90, total) VALUES (1, 'ghost', 1, 1, 1, 1)",
    ):
        await write(broken)
        assert await recounting.recount_all() > 0
        assert await kept() == right == await plainly()


async def test_when_a_person_was_last_seen_moves_at_most_every_five_minutes_and_never_back(house: Any) -> None:
    begin = now() - timedelta(hours=1)

    async def seen_after(minutes: int) -> float:
        at = begin + timedelta(minutes=minutes)
        await store([Arrived("track", "made", f"at{minutes}", at, user="u1", source="app", is_trusted=True)])
        [[seen]] = await rows("SELECT last_seen_at FROM person WHERE kind = 'customer'")
        return (when(seen) - begin).total_seconds() / 60

    assert [round(await seen_after(minutes)) for minutes in (0, 4, 6, 3, 40)] == [0, 0, 6, 6, 40]
    [[last]] = await rows("SELECT last_at FROM person_metric WHERE metric = 'made'")
    assert when(last) == begin + timedelta(minutes=40)


async def test_what_a_page_sent_beside_an_identify_is_history_too(house: Any) -> None:
    """A visitor's event of a key that knows nobody, stored together with the call that says who the visitor is."""
    moment = now()
    page = Arrived("track", "read", "1", moment, user="nobody", anonymous="v1", source="page")
    said = Arrived("identify", "", "2", moment, user="u1", anonymous="v1", source="app", is_trusted=True, traits={})
    assert await store([page, said]) == 2
    [[person]] = await rows("SELECT id FROM person WHERE kind = 'customer'")
    assert [tuple(row) for row in await rows("SELECT person_id, name FROM event")] == [(person, "read")]
    assert await kept() == await plainly()


async def test_a_page_that_came_while_its_visitor_was_named_is_history_too(house: Any) -> None:
    """The one who looks up whose the page is may look before the other has said it, and write afterwards."""
    await set_rule("health", RULE)
    moment = now()
    said = Arrived("identify", "", "1", moment, user="u1", anonymous="v1", source="app", is_trusted=True)
    page = Arrived("page", "read", "2", moment, user="", anonymous="v1", source="page")
    async with transaction():
        await store([said])
        writing = spawn(store([page]), "another process")
        await asyncio.sleep(0.3)
    assert await writing == 1
    [[person]] = await rows("SELECT id FROM person WHERE kind = 'customer'")
    assert [tuple(row) for row in await rows("SELECT person_id, name FROM event")] == [(person, "read")]
    assert await kept() == await plainly()


async def test_what_a_request_says_first_holds_for_its_rest_in_the_next_transaction(house: Any) -> None:
    """A request of more than fits into one transaction, beside others: who joins a company counts for it from then."""
    await set_rule("health", RULE)
    moment = now()

    def done(number: int, user: str) -> Arrived:
        return Arrived("track", "made", str(number), moment, user=user, source="app", is_trusted=True)

    await store([done(-1, "u1"), done(-2, "u2")])  # known, so that nothing but the company is new
    joins = Arrived("group", "", "0", moment, user="u1", group="c1", source="app", is_trusted=True)
    long = [joins, *(done(number, "u1") for number in range(1, 3 * AT_ONCE))]
    others = [[done(10_000 + number, "u2")] for number in range(50)]
    await asyncio.gather(intake().take(long), *(intake().take(one) for one in others))
    [[account]] = await rows("SELECT id FROM account")
    found = await rows("SELECT account_id, COUNT(*) FROM event WHERE message_id NOT LIKE '-%' GROUP BY account_id")
    assert {row[0]: row[1] for row in found} == {account: 3 * AT_ONCE - 1, None: 50}
    assert await kept() == await plainly()
