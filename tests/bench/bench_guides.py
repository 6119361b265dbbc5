"""Guides: what the script weighs, what a decision costs, how fast a server of its own answers.

Goals: script ≤8 KB after gzip; ≥3,000 decisions a second on an idle core, p95 ≤10 ms. Fifty guides are live, each with
a segment; a thousand people ask, each with a signed identity. `per_core` is from the server's CPU for each decision,
so it says the same on a busy machine; the waits want a quiet one. Where Chromium is, each kind is shown on a page that
forbids everything but the script: no shift, and no long task.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bench.house import SECRET, answered, cpu_seconds, folder, free_port, is_quick, process, settings_in, spread

GUIDES, PEOPLE, CLIENTS = 50, 1_000, 4
SITE = "https://app.example.jp"


async def measure() -> dict[str, Any]:
    from guides import script

    people = 200 if is_quick() else PEOPLE
    settings = settings_in(Path(tempfile.mkdtemp(dir=folder())))
    bodies = await prepare(settings.database, people)
    weight = {"script_bytes_gz": len(script.current().zipped), "script_bytes": len(script.current().body)}
    found: dict[str, Any] = {"goal": {"script_bytes_gz": 8192, "decisions_per_core": 3000, "p95_ms": 10}, **weight}
    found["rules_us"] = rules_us()
    port = free_port()
    with process("serve", settings, ENGAWA_PORT=port, ENGAWA_SECRET_KEY=SECRET, ENGAWA_LOG="json") as web:
        await answered(port)
        await asyncio.gather(*(client(port, bodies[:100], []) for _ in range(2)))  # the caches
        await quiet(web.pid)
        waits: list[float] = []
        cpu, began = cpu_seconds(web.pid), time.perf_counter()
        size = len(bodies) // CLIENTS
        parts = [bodies[n * size : (n + 1) * size] for n in range(CLIENTS)]
        rounds = 1 if is_quick() else 10
        sizes = await asyncio.gather(*(client(port, part * rounds, waits) for part in parts))
        seconds, used = time.perf_counter() - began, cpu_seconds(web.pid) - cpu
    each = used / len(waits)
    found["host_page"] = await host_page()
    return found | {
        "decisions": len(waits), "guides_live": GUIDES, "answer_bytes": round(sum(sizes) / len(waits)),
        "per_second": round(len(waits) / seconds), "cpu_us_per_decision": round(each * 1e6),
        "per_core": round(1 / each), "connections": CLIENTS, **spread(waits, (0.5, 0.95, 0.99)),
    }  # fmt: skip


async def host_page() -> dict[str, Any]:
    """What each kind does to a page that embeds us: `cls`, and the longest tasks, of the page and of our script."""
    from browser import open_browser, served
    from guides.models import KINDS
    from guides_footprint import footprint
    from guides_host_page import HostPage, snippet

    if not shutil.which("chromium"):
        return {"skipped": "there is no Chromium here"}
    settings, port = settings_in(Path(tempfile.mkdtemp(dir=folder()))), free_port()
    page = HostPage(f"http://127.0.0.1:{port}")
    async with served(page) as site:
        key, signed = await every_kind(settings.database, site)
        with process("serve", settings, ENGAWA_PORT=port, ENGAWA_SECRET_KEY=SECRET, ENGAWA_LOG="json") as web:
            await answered(port)
            await quiet(web.pid)
            page.tag = snippet(page.base, key, signed)
            async with open_browser() as browser:
                found = {kind: await footprint(browser, site, kind) for kind in KINDS}
    return {"goal": {"cls": 0, "longest_task_ms": 50}} | {
        kind: {"cls": one.shift, "longest_task_ms": one.longest, "ours_ms": one.ours} for kind, one in found.items()
    }


async def every_kind(database: str, site: str) -> tuple[str, str]:
    """A guide of each kind; the product's key, and a user's token."""
    from guides_footprint import write_every_kind
    from guides_parts import a_product, a_user, an_author, token

    async with house(database):
        await an_author()
        made = await a_product(site, gap_hours=0)
        await a_user()
        await write_every_kind()
        return made.key, token(made)


@asynccontextmanager
async def house(database: str) -> AsyncIterator[None]:
    """An empty installation, open for verbs."""
    from app import rooms
    from core.context import Here, enter
    from core.database import close_database, open_database
    from core.migrating import migrate

    rooms.load()
    await open_database(database, rooms.with_models())
    try:
        await migrate(database, rooms.with_models())
        enter(Here())
        yield
    finally:
        await close_database()


async def prepare(database: str, people: int) -> list[bytes]:
    """Guides through their own verbs, and the request of each person."""
    from customers import segments
    from factories import a_person
    from guides import identity
    from guides.hosts import secrets_of
    from guides_parts import a_product, a_user, an_author, live

    async with house(database):
        await an_author()
        made = await a_product(SITE)
        ids = [(await a_user(f"u-{n}")).id for n in range(people)]
        await a_person()
        for n in range(GUIDES):
            chosen = await segments.save_list(f"list {n}", [id for id in ids if (id * 7 + n) % 10 == 0])
            await live(title=f"guide {n}", segment_id=chosen.id, urls=[f"/page-{n}*"])
        secret = secrets_of(made)[0]
        return [json.dumps({"key": made.key, "token": identity.sign(secret, f"u-{n}"), "lang": "ja"}).encode()
                for n in range(people)]  # fmt: skip


async def quiet(pid: int) -> None:
    """Until the server has warmed up (dictionaries, the search index): that is not the decisions' work."""
    for _ in range(60):
        before = cpu_seconds(pid)
        await asyncio.sleep(1)
        if cpu_seconds(pid) - before < 0.1:
            return


async def client(port: int, bodies: list[bytes], waits: list[float]) -> int:
    """One kept-alive connection that asks one after the other, as many browsers behind a proxy; bytes answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    size = 0
    for body in bodies:
        head = (f"POST /w/session HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\norigin: {SITE}\r\n"
                f"content-type: text/plain;charset=UTF-8\r\ncontent-length: {len(body)}\r\n\r\n")  # fmt: skip
        began = time.perf_counter()
        writer.write(head.encode() + body)
        answer = (await reader.readuntil(b"\r\n\r\n")).lower()
        assert answer.startswith(b"http/1.1 200"), answer
        length = int(answer.partition(b"content-length:")[2].split(b"\r\n")[0])
        await reader.readexactly(length)
        waits.append(time.perf_counter() - began)
        size += length
    writer.close()
    return size


def rules_us() -> float:
    """The rules alone: fifty guides for one person who is in all of their segments and saw three, and their list."""
    from guides.deciding import Been, Gaps, Live
    from guides.offering import offers_of

    guides = [Live(id=n, key=f"k{n}", kind="banner", state="live", locale="ja", revision="r", contents={"ja": "h"},
                   urls=[], trigger={}, frequency="once", every_days=30, most_views=3, priority=50, starts=None,
                   ends=None, segment_id=n) for n in range(GUIDES)]  # fmt: skip
    seen, gaps, now = {n: Been("banner", 1, 0.0, 1.0) for n in range(3)}, Gaps(24, 90), time.time()
    offers, segments = offers_of(guides, now), list(range(GUIDES))
    count, began = 2_000, time.process_time()
    for _ in range(count):
        offers.listed(offers.places(7, segments, seen, gaps, now), "ja")
    return round((time.process_time() - began) / count * 1e6, 1)
