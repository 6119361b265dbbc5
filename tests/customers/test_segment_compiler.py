"""The compiler against the plain evaluator, on random trees and random customers, on both engines."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.clock import local_day, now
from core.database import rows, write, write_many
from core.errors import Refused
from customers import segments
from customers.days import as_day
from customers.segments.counting import count_sql
from customers.segments.tree import parse, plain
from customers.segments.vocabulary import FIELDS, OPERATIONS
from naive_segments import World

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
WORDS = ["", "人事部長", "総務", "a_b%c", "Sales", "sales", "東京都", "' OR 1=1 --", "水面フーズ", "É", "\\", '"x"']
EVENTS = ["signed_in", "timesheet.closed", "' OR 1=1"]


def values(field: Any, op: str) -> st.SearchStrategy[Any]:
    number = st.one_of(st.integers(-3, 400), st.integers(-(2**53), 2**53))
    if field.kind == "reference":
        number = st.integers(0, 8)
    if op in {"is_filled", "is_empty"}:
        return st.none()
    if op == "between":
        return st.lists(number, min_size=2, max_size=2)
    if field.kind in {"number", "days", "reference"}:
        return st.lists(number, min_size=1, max_size=3) if op == "is_any" else number
    if field.kind == "truth":
        return st.booleans()
    word = st.sampled_from([key for key, _ in field.options] or WORDS)
    return st.lists(word, min_size=1, max_size=3) if op in {"is_any", "contains_any"} else word


@st.composite
def conditions(draw: Any) -> dict[str, Any]:
    field = draw(st.sampled_from([*FIELDS, "account.traits.size", "person.traits.role"]))
    if isinstance(field, str):
        from customers.segments.vocabulary import field_of

        field = field_of(field)
    op = draw(st.sampled_from(OPERATIONS[field.kind]))
    made: dict[str, Any] = {"field": field.name, "op": op, "value": draw(values(field, op))}
    if field.group == "Did":
        made |= {"event": draw(st.sampled_from(EVENTS)), "of": draw(st.sampled_from(["person", "account"]))}
        made["window_days"] = draw(st.sampled_from([7, 30, 90, None]))
    if field.name == "event.sequence":
        made |= {"then": draw(st.sampled_from(EVENTS)), "within_days": draw(st.integers(1, 40))}
    if field.name == "consent":
        made |= {"topic": draw(st.sampled_from(["news", "tips"])), "channel": draw(st.sampled_from(["email", "line"]))}
    return made


trees = st.recursive(
    conditions(),
    lambda inner: st.builds(
        lambda join, nodes: {join: nodes}, st.sampled_from(["all", "any", "none"]), st.lists(inner, max_size=4)
    ),
    max_leaves=12,
)

# What people did, and something else of them or of their company: counted by ways of its own.
did = st.builds(
    lambda event, days, least: {"field": "event.count", "event": event, "of": "person", "window_days": days,
                                "op": "at_least", "value": least},
    st.sampled_from(EVENTS), st.sampled_from([7, 30, 90, None]), st.integers(1, 6),
)  # fmt: skip
mixed = st.builds(lambda first, rest: {"all": [first, *rest]}, did, st.lists(conditions() | did, max_size=3))


def a_world(seed: int) -> World:
    r = random.Random(seed)
    today = local_day(NOW)

    def days(low: int, high: int) -> Any:
        return today + timedelta(days=r.randint(low, high))

    accounts = [{"id": i, "name": r.choice(WORDS), "industry": r.choice(WORDS), "prefecture": r.choice(WORDS),
                 "employees": r.choice([None, 0, 30, 300]), "tier": r.choice(["high", "low", "tech"]),
                 "phase": r.choice(["onboarding", "renewal"]),
                 "phase_since": r.choice([None, NOW - timedelta(days=r.randint(0, 60), hours=1)]),
                 "state": r.choice(["active", "churned"]),
                 "health": r.choice([None, 0, 50, 51, 75, 76, 100]), "expected_ltv": r.choice([0, 10**7]),
                 "csm_id": r.choice([None, 1, 2]), "traits": r.choice([{}, {"size": "Sales"}, {"size": 3}])}
                for i in range(1, 6)]  # fmt: skip
    people = [{"id": i, "kind": r.choice(["customer"] * 5 + ["staff"]), "state": r.choice(["active"] * 5 + ["erased"]),
               "email": r.choice([None, f"p{i}@example.com", "SALES@x.jp"]), "family_name": r.choice(WORDS),
               "locale": r.choice(["ja", "en"]), "traits": r.choice([{}, {"role": "人事部長"}, {"role": None}]),
               "created_at": NOW - timedelta(days=r.randint(0, 400), hours=1),
               "last_seen_at": r.choice([None, NOW - timedelta(days=r.randint(0, 100), hours=1)])}
              for i in range(1, 13)]  # fmt: skip
    pairs = r.sample([(p["id"], a["id"]) for p in people for a in accounts], 14)
    members = [{"person_id": p, "account_id": a, "title": r.choice(WORDS), "department": r.choice(WORDS),
                "until": r.choice([None, None, today, today - timedelta(days=1)])} for p, a in pairs]  # fmt: skip
    contracts = [{"account_id": r.randint(1, 5), "product": r.choice(WORDS), "plan": r.choice(WORDS),
                  "amount": r.choice([0, 100, 300]), "starts_on": days(-400, 20),
                  "renews_on": r.choice([None, days(-30, 200)]), "ended_on": r.choice([None, None, days(-30, 30)])}
                 for _ in range(8)]  # fmt: skip

    def metrics(ids: Any) -> list[dict[str, Any]]:
        return [{"id": i, "metric": e, "d7": (a := r.randint(0, 2)), "d30": a + r.randint(0, 3), "d90": a + 5,
                 "total": a + 300, "last_at": NOW - timedelta(days=r.randint(0, 90), hours=2)}
                for i in ids for e in EVENTS if r.random() < 0.4]  # fmt: skip

    events = [{"name": r.choice(EVENTS), "person_id": r.choice([None, *range(1, 13)]),
               "at": NOW - timedelta(days=r.randint(0, 100), minutes=r.choice([0, 0, 10]))}
              for _ in range(60)]  # fmt: skip
    habits = [{"person_id": p, "hour": r.choice([None, 0, 9, 23]), "channel": r.choice(["", "line", "email", "slack"])}
              for p in range(1, 13) if r.random() < 0.7]  # fmt: skip
    touches = [{"kind": r.choice(EVENTS), "person_id": r.choice([None, *range(1, 13)]),
                "account_id": r.choice([None, *range(1, 6)]), "at": NOW - timedelta(days=r.randint(0, 120), hours=1)}
               for _ in range(25)]  # fmt: skip
    consents = [
        {"person_id": p, "topic": t, "channel": c, "state": r.choice(["given", "refused"])}
        for p in range(1, 13)
        for t in ("news", "tips")
        for c in ("email", "line")
        if r.random() < 0.4
    ]
    lists = [{"segment_id": s, "person_id": p} for s in (1, 2) for p in range(1, 13) if r.random() < 0.3]
    return World(NOW, today, accounts=accounts, people=people, memberships=members, contracts=contracts,
                 person_metrics=metrics(range(1, 13)), account_metrics=metrics(range(1, 6)), touches=touches,
                 events=events, habits=habits,
                 consents=consents, lists=lists)  # fmt: skip


async def put(table: str, found: list[dict[str, Any]], **more: Any) -> None:
    if not found:
        return
    names = [*found[0], *more]
    await write_many(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",
                     [[plainly(v) for v in (*row.values(), *more.values())] for row in found])  # fmt: skip


def plainly(value: Any) -> Any:
    return value if isinstance(value, datetime) else as_day(value) if hasattr(value, "isoformat") else value


async def store(world: World) -> None:
    t, moment = world.t, now()
    people = [
        {
            **p,
            "given_name": "",
            "family_kana": "",
            "given_kana": "",
            "handle": "",
            "honorific": "",
            "phone": "",
            "time_zone": "Asia/Tokyo",
            "sources": {},
            "version": 1,
            "updated_at": moment,
        }
        for p in t["people"]
    ]
    await put("person", people)
    await put(
        "account",
        t["accounts"],
        name_kana="",
        normal_name="",
        address="",
        phone="",
        website="",
        tier_source="rule",
        tier_reason="",
        health_coverage=0,
        health_reasons=[],
        sources={},
        version=1,
        created_at=moment,
        updated_at=moment,
    )
    await put("membership", t["memberships"], is_primary=True)
    await put("contract", t["contracts"], currency="JPY", end_reason="", source="", digest="", created_at=moment,
              updated_at=moment)  # fmt: skip
    for who in ("person", "account"):
        await put(
            f"{who}_metric", [{f"{who}_id" if k == "id" else k: v for k, v in m.items()} for m in t[f"{who}_metrics"]]
        )
    await put("touchpoint", t["touches"], channel="web", about_kind="", data={})
    await put("event", t["events"], message_id="m", kind="track", properties={}, received_at=moment, source="")
    await put("person_habit", t["habits"])
    await put("consent", t["consents"], changed_at=moment)
    for n in (1, 2):
        await write(
            "INSERT INTO segment (id, name, description, tree, is_static, state, version, created_at, updated_at)"
            " VALUES (?, 'x', '', '{}', ?, 'active', 1, ?, ?)",
            n,
            True,
            moment,
            moment,
        )
    await put("segment_member", t["lists"], since=moment)


@pytest.mark.parametrize("seed", range(3))
async def test_the_compiler_agrees_with_the_plain_evaluator(house: Any, seed: int) -> None:
    world = a_world(seed)
    await store(world)
    examples: list[Any] = []

    @settings(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(trees | mixed)
    def collect(tree: Any) -> None:
        examples.append(tree)

    collect()
    tried = 0
    for raw in examples:
        tree = parse(raw)
        sql, parameters = segments.members_sql(tree, NOW)
        found = {row[0] for row in await rows(sql, *parameters)}
        assert found == world.members(tree), plain(tree)
        sql, parameters = segments.members_sql(tree, NOW, first_ones=True)
        assert {row[0] for row in await rows(sql, *parameters)} == found, plain(tree)
        counted, more = count_sql(tree, NOW)
        assert (await rows(counted, *more))[0][0] == len(found), plain(tree)
        assert parse(plain(tree)) == tree
        tried += 1
    assert tried > 100
    asked = [count_sql(parse(raw), NOW)[0] for raw in examples]
    for way in (
        "IS NOT NULL) AS p WHERE",
        "headcount h JOIN account",
        "customer_place AS p JOIN account",
        "language_headcount p JOIN account",
        "language_headcount p WHERE (",
        "IS NOT NULL) AS p JOIN account",
        "JOIN person p ON p.id = w.id",
    ):
        assert seed or any(way in sql for sql in asked), way


async def test_a_wrong_tree_is_refused_with_a_sentence(house: Any) -> None:
    deep: Any = {"field": "person.email", "op": "is", "value": "x"}
    for _ in range(12):
        deep = {"all": [deep]}
    wrong = [
        None,
        7,
        [],
        {"all": 3},
        {"all": [], "any": []},
        {"field": "person.password", "op": "is", "value": "x"},
        {"field": "person.email", "op": "; DROP TABLE", "value": "x"},
        {"field": "person.email", "op": "is"},
        deep,
        {"field": "account.employees", "op": "at_least", "value": 10**30},
        {"field": "account.traits.x'y", "op": "is", "value": "1"},
        {"field": "event.count", "op": "at_least", "value": 1},
        {"field": "person.email", "op": "is", "value": "a\0b"},
        {"any": [{"field": "person.email", "op": "is", "value": "x"}] * 101},
    ]
    for tree in wrong:
        with pytest.raises(Refused) as refused:
            parse(tree)
        assert refused.value.sentence
