"""Segments and pages over a million people and ten million events. Only with BENCH_BIG=1: making them takes minutes.

Goal: a count ≤300 ms on SQLite, ≤50 ms on PostgreSQL; a person's page ≤30 ms, pages of lists ≤100 ms.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.bench_tracking import postgres_seconds
from bench.big import fill
from bench.house import POSTGRES, Skipped, answered, cpu_seconds, folder, free_port, is_quick, process, settings_in
from core.clock import now
from core.database import close_database, open_database, write
from core.jobs import latest_tick, scheduled

USED = {"field": "event.count", "event": "report.made", "window_days": 30, "op": "at_least", "value": 8}
TREES: dict[str, Any] = {
    "did_x_often_in_30_days": {"all": [USED]},
    "low_touch_that_did": {"all": [{"field": "account.tier", "op": "is", "value": "low"}, USED]},
    "did_and_has_not": {"all": [USED, {"field": "event.count", "event": "export.done", "window_days": 90,
                                       "op": "at_most", "value": 0}]},
    "in_7_days": {"all": [USED | {"window_days": 7, "value": 2}]},
    "ever": {"all": [USED | {"window_days": None, "value": 19}]},
    "trait_and_did": {"all": [{"field": "person.traits.plan", "op": "is", "value": "pro"}, USED]},
    "health_and_tier": {"all": [{"field": "account.health_state", "op": "is", "value": "risk"},
                                {"field": "account.tier", "op": "is", "value": "high"}]},
    "has_not_in_30_days": {"all": [USED | {"op": "at_most", "value": 0}]},
    "tier": {"all": [{"field": "account.tier", "op": "is", "value": "low"}]},
    "industry_is_not": {"all": [{"field": "account.industry", "op": "is_not", "value": "食品"}]},
    "no_running_contract": {"all": [{"field": "contract.active", "op": "is", "value": False}]},
    "renews_soon": {"all": [{"field": "contract.renews_in_days", "op": "at_most", "value": 60}]},
    "tier_or_phase_but_healthy": {"all": [{"any": [{"field": "account.tier", "op": "is", "value": "high"},
                                                   {"field": "account.phase", "op": "is", "value": "onboarding"}]},
                                          {"field": "account.health", "op": "at_least", "value": 76}]},
    "language_and_tier": {"all": [{"field": "account.tier", "op": "is", "value": "low"},
                                  {"field": "person.locale", "op": "is", "value": "ja"}]},
}  # fmt: skip
PEOPLE, COMPANIES = "/staff/customers/people", "/staff/customers"
PAGES = {
    "person": f"{PEOPLE}/777", "account": f"{COMPANIES}/777", "people": PEOPLE, "companies": COMPANIES,
    "segments": f"{COMPANIES}/segments",
    # Of the people: by a name that 20,000 bear, by both names, by the reading, by a given name of 100,000, by address.
    "people_by_name": f"{PEOPLE}?q=田中", "people_by_names": f"{PEOPLE}?q=田中+花子",
    "people_by_kana": f"{PEOPLE}?q=たなか",
    "people_by_given_name": f"{PEOPLE}?q=花子", "people_by_address": f"{PEOPLE}?q=p777",
    "people_by_domain": f"{PEOPLE}?q=c123.example.jp", "people_by_nothing": f"{PEOPLE}?q=zzz",
    "people_of_tier": f"{PEOPLE}?tier=high", "people_of_language": f"{PEOPLE}?locale=en",
    "people_seen_last": f"{PEOPLE}?sort=-last_seen_at",
    "companies_by_word": f"{COMPANIES}?q=商事", "companies_by_nothing": f"{COMPANIES}?q=zzz",
    "companies_at_risk": f"{COMPANIES}?health=risk", "companies_by_health": f"{COMPANIES}?sort=-health",
    "companies_by_renewal": f"{COMPANIES}?sort=renews_on",
}  # fmt: skip


async def measure() -> dict[str, Any]:
    if not os.environ.get("BENCH_BIG") and not is_quick():
        raise Skipped("a million people take minutes to make: ask with BENCH_BIG=1")
    found: dict[str, Any] = {"goal": {"sqlite_ms": 300, "postgresql_ms": 50, "person_ms": 30, "lists_ms": 100}}
    only = os.environ.get("BENCH_ENGINE", "")
    if only in {"", "sqlite"}:
        found["sqlite"] = await of("")
    if POSTGRES and only in {"", "postgresql"}:
        found["postgresql"] = await of(POSTGRES)
    return found


async def of(database: str) -> dict[str, Any]:
    from app import rooms
    from core.context import Here, enter
    from core.migrating import migrate
    from core.principal import SYSTEM

    settings = settings_in(Path(tempfile.mkdtemp(dir=folder())), database_url=database)
    rooms.load()
    await open_database(settings.database, rooms.with_models())
    if database:
        await write("DROP SCHEMA public CASCADE")
        await write("CREATE SCHEMA public")
        await close_database()
        await open_database(settings.database, rooms.with_models())
    await migrate(settings.database, rooms.with_models())
    await fill(*((20_000, 1000, 100_000) if is_quick() else ()))
    await nights_are_done(settings)
    enter(Here(principal=SYSTEM))
    found = {"counts_ms": await counts(), "pages_ms": await pages(settings)}
    await close_database()
    return found


async def nights_are_done(settings: Any) -> None:
    """A settled house: what every night brings is behind it, else all of it begins when the first process starts."""
    moment = now().astimezone(settings.zone)
    for found in scheduled():
        assert found.schedule is not None
        await write("INSERT INTO tick (job, tick) VALUES (?, ?) ON CONFLICT DO NOTHING", found.name,
                    latest_tick(found.schedule, moment))  # fmt: skip


async def counts() -> dict[str, Any]:
    from customers import segments

    found = {}
    for name, tree in TREES.items():
        took, cpu = [], time.process_time() + postgres_seconds()
        for _ in range(5):
            began = time.perf_counter()
            people = await segments.count(tree)
            took.append(1000 * (time.perf_counter() - began))
        cpu = time.process_time() + postgres_seconds() - cpu  # of this machine's PostgreSQL, whoever asked it
        found[name] = {"ms": round(min(took), 1), "cpu_ms": round(1000 * cpu / 5, 1), "people": people}
    return found


async def pages(settings: Any) -> dict[str, dict[str, float]]:
    """The middle of ten, as signed-in staff ask for them; and the processor time of one, PostgreSQL's with it."""
    import httpx

    from access.sessions import cookie_name, open_session
    from factories import staff

    session, port = await open_session((await staff("admin")).id), free_port()
    found = {}
    with process("serve", settings, ENGAWA_PORT=port) as web:
        await answered(port)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", cookies={cookie_name(): session},
                                     headers={"accept": "text/html"}, timeout=60) as client:  # fmt: skip
            for name, path in PAGES.items():
                took = []
                for turn in range(12):
                    if turn == 2:
                        cpu = cpu_seconds(web.pid) + postgres_seconds()
                    began = time.perf_counter()
                    answer = await client.get(path)
                    took.append(1000 * (time.perf_counter() - began))
                    assert answer.status_code == 200, (path, answer.status_code)
                    await asyncio.sleep(0)
                cpu = cpu_seconds(web.pid) + postgres_seconds() - cpu
                found[name] = {"ms": round(statistics.median(took[2:]), 1), "cpu_ms": round(100 * cpu, 1)}
    return found
