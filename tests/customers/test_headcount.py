"""The people kept for each company are what its memberships say, whatever writes them and how many at once."""

from __future__ import annotations

import asyncio
import contextlib
import random
from datetime import date
from typing import Any

import asyncpg
import pytest

from core.clock import now
from core.database import dialect, rows, transaction, write
from core.migrating import SafeSqliteEditor, _foreign_keys_aside
from customers import headcount, segments
from customers.models import Account, Membership, Person
from factories import a_person, an_account

pytestmark = pytest.mark.anyio
DAYS = (None, None, None, "2020-01-01", "2030-01-01")
DID = {"field": "event.count", "event": "read", "window_days": 30, "op": "at_least", "value": 2}
TREES: list[Any] = [
    {"all": []},
    {"all": [{"field": "account.tier", "op": "is", "value": "high"}]},
    {"all": [{"field": "account.tier", "op": "is_not", "value": "high"}]},
    {"all": [{"field": "account.tier", "op": "is", "value": "high"},
             {"field": "account.industry", "op": "is", "value": "食品"}]},
    {"none": [{"field": "account.health_state", "op": "is", "value": "unknown"}]},
    {"all": [{"field": "person.locale", "op": "is", "value": "en"}]},
    {"all": [{"field": "account.tier", "op": "is", "value": "high"},
             {"field": "person.locale", "op": "is", "value": "ja"}]},
    {"any": [{"field": "account.tier", "op": "is_not", "value": "high"},
             {"field": "person.locale", "op": "is_not", "value": "ja"}]},
    {"any": [{"field": "account.tier", "op": "is_not", "value": "high"},
             {"field": "person.family_name", "op": "contains", "value": "人"}]},
    {"all": [{"field": "account.industry", "op": "is", "value": "食品"},
             {"field": "person.title", "op": "is_empty", "value": None}]},
    {"all": [DID]},
    {"all": [DID, {"field": "account.tier", "op": "is", "value": "high"}]},
    {"all": [DID, {"field": "account.tier", "op": "is_not", "value": "high"},
             {"field": "person.locale", "op": "is", "value": "ja"}]},
]  # fmt: skip
DO = ("INSERT INTO person_metric (person_id, metric, d7, d30, d90, total) VALUES (?, ?, 1, 1, 1, 1)"
      " ON CONFLICT (person_id, metric) DO UPDATE SET d30 = person_metric.d30 + excluded.d30")  # fmt: skip


class Town:
    """People and companies that somebody keeps changing by plain statements."""

    def __init__(self, seed: int) -> None:
        self.r = random.Random(seed)

    async def settle(self) -> None:
        self.accounts = [
            (await an_account(f"会社{n}", tier=("high", "low")[n % 2], industry=("食品", "製造")[n // 2 % 2])).id
            for n in range(5)
        ]
        self.people = [(await a_person(f"人{n}")).id for n in range(8)]

    async def change(self) -> None:
        r = self.r
        person, account, until = r.choice(self.people), r.choice(self.accounts), r.choice(DAYS)
        day = until if until is None or dialect() == "sqlite" else date.fromisoformat(until)
        join = ("INSERT INTO membership (person_id, account_id, title, department, is_primary, until)"
                " VALUES (?, ?, '', '', ?, ?) ON CONFLICT (person_id, account_id) DO NOTHING")  # fmt: skip
        statements: list[tuple[str, tuple[Any, ...]]] = [
            (join, (person, account, True, day)),
            (join, (person, account, True, None)),
            ("INSERT INTO membership (person_id, account_id, title, department, is_primary) SELECT p.id, a.id, '', '',"
             " p.kind = 'customer' FROM person p JOIN account a ON a.id >= ? WHERE p.id >= ?"
             " ON CONFLICT (person_id, account_id) DO NOTHING", (max(self.accounts), person)),
            ("UPDATE membership SET until = ? WHERE person_id = ?", (day, person)),
            ("UPDATE membership SET until = ? WHERE account_id = ?", (day, account)),
            ("UPDATE membership SET person_id = ? WHERE id = (SELECT MIN(id) FROM membership m WHERE NOT EXISTS (SELECT"
             " 1 FROM membership o WHERE o.person_id = ? AND o.account_id = m.account_id))", (person, person)),
            ("UPDATE membership SET account_id = ? WHERE id = (SELECT MAX(id) FROM membership m WHERE NOT EXISTS"
             " (SELECT 1 FROM membership o WHERE o.account_id = ? AND o.person_id = m.person_id))", (account, account)),
            ("UPDATE membership SET title = 'x' WHERE account_id = ?", (account,)),
            ("DELETE FROM membership WHERE person_id = ?", (person,)),
            ("DELETE FROM membership WHERE account_id = ? AND person_id > ?", (account, person)),
            ("UPDATE person SET state = ? WHERE id = ?", (r.choice(["active", "merged", "suspended"]), person)),
            ("UPDATE person SET locale = ? WHERE id = ?", (r.choice(["ja", "en"]), person)),
            ("UPDATE person SET kind = ? WHERE id = ?", (r.choice(["customer", "customer", "staff"]), person)),
            ("UPDATE person SET state = 'active', kind = 'customer' WHERE id <= ?", (person,)),
            (DO, (person, r.choice(["read", "made"]))),
            (DO, (person, "read")),
            ("UPDATE person_metric SET person_id = ? WHERE id = (SELECT MIN(id) FROM person_metric WHERE metric = ?)"
             " AND NOT EXISTS (SELECT 1 FROM person_metric WHERE person_id = ?)", (person, "read", person)),
        ]  # fmt: skip
        statement, parameters = r.choice(statements)
        await write(statement, *parameters)

    async def shrink_and_grow(self) -> None:
        """A company or a person goes with all that hangs on it, and another comes."""
        if self.r.random() < 0.5:
            gone = self.people.pop(self.r.randrange(len(self.people)))
            await write("DELETE FROM person WHERE id = ?", gone)
            self.people.append((await a_person("新人")).id)
        else:
            gone = self.accounts.pop(self.r.randrange(len(self.accounts)))
            await write("DELETE FROM account WHERE id = ?", gone)
            self.accounts.append((await an_account("新会社", tier="high")).id)


async def counted_alike() -> None:
    """Every tree's count is the number of those it holds for."""
    for tree in TREES:
        sql, parameters = segments.members_sql(tree, now())
        assert await segments.count(tree) == len(await rows(sql, *parameters)), tree


@pytest.mark.parametrize("seed", range(4))
async def test_what_is_kept_stays_what_the_memberships_say(house: Any, seed: int) -> None:
    town = Town(seed)
    await town.settle()
    for step in range(120):
        await (town.shrink_and_grow() if step % 15 == 14 else town.change())
        assert await headcount.differences() == {}, step
        if step % 10 == 0:
            await counted_alike()
            await headcount.fold()
    await counted_alike()


async def test_it_stays_true_when_many_write_at_once(house: Any) -> None:
    town = Town(9)
    await town.settle()

    async def busy(seed: int) -> None:
        mine = Town(seed)
        mine.accounts, mine.people = town.accounts, town.people
        for step in range(40):
            # Statements over many rows may block each other or meet: PostgreSQL then takes one back whole.
            with contextlib.suppress(asyncpg.DeadlockDetectedError, asyncpg.UniqueViolationError):
                async with transaction():
                    await mine.change()
            if step % 9 == 0:
                await headcount.fold()

    await asyncio.gather(*(busy(seed) for seed in range(6)))
    assert await headcount.differences() == {}
    await counted_alike()


async def test_two_companies_at_the_same_moment_are_seen_as_two(house: Any) -> None:
    """Each transaction alone would think that it gives the only membership."""
    one, other = await an_account("甲", tier="high"), await an_account("乙", tier="high")
    people = [await a_person(f"人{n}") for n in range(5)]

    async def join(person: Person, account: Account) -> None:
        async with transaction():
            await Membership.create(person_id=person.id, account_id=account.id)
            await asyncio.sleep(0.01)

    await asyncio.gather(*(join(person, account) for person in people for account in (one, other)))
    assert await headcount.differences() == {}
    assert await segments.count(TREES[1]) == 5


@pytest.mark.parametrize("first", ["does", "joins"])
async def test_who_does_something_first_while_they_join_a_company_is_counted_there(house: Any, first: str) -> None:
    account = await an_account("甲", tier="high")
    people = [await a_person(f"人{n}") for n in range(5)]

    async def does(person: Person) -> None:
        async with transaction():
            await write(DO, person.id, "read")
            await write(DO, person.id, "read")
            await asyncio.sleep(0.02)

    async def joins(person: Person) -> None:
        async with transaction():
            await Membership.create(person_id=person.id, account_id=account.id)
            await asyncio.sleep(0.02)

    steps = (does, joins) if first == "does" else (joins, does)
    await asyncio.gather(*(step(person) for person in people for step in steps))
    assert await headcount.differences() == {}
    assert await segments.count({"all": [DID, *TREES[1]["all"]]}) == 5


async def test_a_count_that_is_wrong_is_mended(house: Any) -> None:
    account = await an_account(tier="high")
    person = await a_person(account=account)
    assert await headcount.recount() == 0
    await write("DELETE FROM headcount")
    await write("INSERT INTO headcount (account_id, people) VALUES (?, 7)", account.id)
    await write("INSERT INTO counted_apart (person_id, account_id) VALUES (99, ?)", account.id)
    await write(DO, person.id, "read")
    await write("UPDATE customer_place SET account_id = 7, locale = 'xx'")
    await write("UPDATE language_headcount SET people = people + 2")
    await write("INSERT INTO language_headcount (account_id, locale, people) VALUES (?, 'fr', 4)", account.id)
    await write("UPDATE person_metric SET place = 8")
    assert await headcount.recount() > 0
    assert await headcount.differences() == {}
    assert await segments.count(TREES[1]) == 1


async def test_the_ledger_is_folded_and_sums_stay(house: Any) -> None:
    account = await an_account(tier="high")
    for n in range(5):
        await a_person(f"人{n}", account=account)
    assert await headcount.fold() > 0
    assert await headcount.fold() == 0
    assert [tuple(row) for row in await rows("SELECT account_id, people FROM headcount")] == [(account.id, 5)]
    kept = await rows("SELECT account_id, locale, people FROM language_headcount")
    assert [tuple(row) for row in kept] == [(account.id, "ja", 5)]


async def test_rebuilding_a_table_keeps_what_counts(house: Any) -> None:
    """SQLite makes the table anew when a column changes; the triggers of both tables live on."""
    if house.engine != "sqlite":
        return
    from tortoise.connection import get_connection

    for model in (Person, Membership):
        async with _foreign_keys_aside(), transaction():
            await SafeSqliteEditor(get_connection("default"))._remake_table(model)
    account = await an_account(tier="high")
    person = await a_person(account=account)
    assert await segments.count(TREES[1]) == 1
    await write("UPDATE person SET state = 'suspended' WHERE id = ?", person.id)
    assert await segments.count(TREES[1]) == 0
    assert len(await rows("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'headcount%'")) == 6
    assert len(await rows("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'place%'")) == 6
    assert len(await rows("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'language%'")) == 3


async def test_a_membership_costs_the_same_in_a_house_that_just_filled(house: Any) -> None:
    """PostgreSQL has analysed nothing yet, and plans a trigger once per connection: it may not read everybody."""
    if house.engine != "postgresql":
        return
    read = ("SELECT SUM(seq_tup_read + COALESCE(idx_tup_fetch, 0)) FROM pg_stat_xact_user_tables"
            " WHERE relname IN ('person', 'membership')")  # fmt: skip
    account = await an_account("甲")
    await a_person(account=account)  # the plan is made while the tables are small
    async with transaction():
        await write(
            "INSERT INTO person (kind, family_name, given_name, family_kana, given_kana, handle, honorific, phone,"
            " locale, time_zone, state, traits, sources, version, created_at, updated_at) SELECT 'customer', 'p' || n,"
            " '', '', '', '', '', '', 'ja', '', 'active', '{}', '{}', 1, now(), now() FROM generate_series(1, 2000) n"
        )
        people = [int(row[0]) for row in await rows("SELECT id FROM person ORDER BY id DESC LIMIT 60")]
        before = int((await rows(read))[0][0])
        for person in people:
            await Membership.create(person_id=person, account_id=account.id)
        assert int((await rows(read))[0][0]) - before < 60 * 40
