"""Acknowledging LINE webhooks, 50 a second: idle, and during a newsletter of 10,000 in the same process.

Goal: p99 ≤100 ms in both. Each event is new text of one of a hundred people, so the bot works behind it, too. The first
seconds after the start stand alone: SDKs are imported, and what a night would do (duplicates among 10,000 people) is
made up for. Idle begins when that is over.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from bench.house import SECRET, answered, cpu_seconds, folder, free_port, is_quick, process, settings_in, spread
from bench.sending import a_sink, a_step, fill, newsletter
from fakes.line import FakeLine
from fakes.line_events import line_id, line_signature
from fakes.process import fake_process

RATE = 50
TOKEN, CHANNEL_SECRET = "bench-line-token", "bench-line-secret-0123456789"


async def measure() -> dict[str, Any]:
    place = Path(tempfile.mkdtemp(dir=folder()))
    seconds, mails = (4, 200) if is_quick() else (20, 10_000)
    async with AsyncExitStack() as stack:
        sink = await stack.enter_async_context(a_sink())
        line = await stack.enter_async_context(
            fake_process("line", "--token", TOKEN, "--secret", CHANNEL_SECRET, ledger=place / "line.jsonl")
        )
        await line.control("know", users=[line_id(f"person {number}") for number in range(100)])
        outside = {"smtp_url": f"smtp://127.0.0.1:{sink}", "line_api_url": line.origin}
        settings = settings_in(place, **outside)
        step = await prepare(settings.database, mails)
        port = free_port()
        known = {f"ENGAWA_{name.upper()}": value for name, value in outside.items()}
        web = stack.enter_context(process("serve", settings, ENGAWA_PORT=port, ENGAWA_SECRET_KEY=SECRET, **known))
        await answered(port)
        found: dict[str, Any] = {"goal": {"p99_ms": 100}, "per_second": RATE}
        found["first_3_s"] = await acknowledged(port, 3, web.pid)  # what is imported and built at the first question
        await at_rest(settings.database)
        found["idle"] = await acknowledged(port, seconds, web.pid)
        await promise(settings.database, step)
        await asyncio.sleep(2)
        found["during_a_send"] = await acknowledged(port, seconds, web.pid)
        found["during_a_send"]["mails_sent_by_then"] = await sent(settings.database)
        assert web.popen.poll() is None, web.log.read_text()[-2000:]
        return found


async def prepare(database: str, mails: int) -> int:
    """A LINE channel, an article to answer from, and a frozen newsletter; the step's id."""
    from app import rooms
    from campaigns.actions import Settings, keep_content, open_campaign
    from channels import connections
    from core.context import Here, enter
    from core.database import close_database, open_database
    from core.migrating import migrate
    from core.principal import SYSTEM
    from wires import an_article, trusted

    rooms.load()
    await open_database(database, rooms.with_models())
    try:
        await migrate(database, rooms.with_models())
        enter(Here(principal=SYSTEM))
        made = await connections.add("line", "LINE", line_id("bot Engawa"),
                                     {"channel_secret": CHANNEL_SECRET, "access_token": TOKEN})  # fmt: skip
        await trusted(made.id)
        await an_article(
            "パスワードを忘れたとき", "ログイン画面の「パスワードを忘れた方」から再設定のメールを送れます。"
        )
        people = await fill(mails)
        campaign = await open_campaign(Settings(name="bench", topic="usage"))
        await keep_content(campaign, newsletter())
        return int((await a_step(campaign, people)).id)
    finally:
        await close_database()


async def promise(database: str, step: int) -> None:
    from campaigns.jobs import deliver_step
    from core.database import close_database, open_database

    await open_database(database, ["core"])
    await deliver_step.later(step_id=step)
    await close_database()


async def at_rest(database: str) -> None:
    """Until no job is running or due; two minutes at most."""
    from core.database import close_database, later_by, open_database, rows, the_time

    await open_database(database, ["core"])
    for _ in range(240):
        left = await rows("SELECT COUNT(*) FROM promise WHERE state = 'running'"
                          f" OR (state = 'waiting' AND due_at <= {the_time()})", later_by())  # fmt: skip
        if not left[0][0]:
            break
        await asyncio.sleep(0.5)
    await close_database()


async def sent(database: str) -> int:
    from core.database import close_database, open_database, rows

    await open_database(database, ["core"])
    found = await rows("SELECT COUNT(*) FROM delivery WHERE state = 'sent'")
    await close_database()
    return int(found[0][0])


async def acknowledged(port: int, seconds: int, pid: int) -> dict[str, Any]:
    """Every webhook on its own schedule, whether or not the one before it was answered. `cpu_share`: of one core."""
    line, waits, statuses = FakeLine(secret=CHANNEL_SECRET), [], []
    cpu = cpu_seconds(pid)

    async def call(number: int) -> None:
        event = line.text(line_id(f"person {number % 100}"), f"パスワードを忘れました {number}")
        body = json.dumps({"destination": line.bot_user_id, "events": [event]}, ensure_ascii=False).encode()
        began = time.perf_counter()
        statuses.append(await post(port, body))
        waits.append(time.perf_counter() - began)

    tasks, began = [], time.perf_counter()
    for number in range(RATE * seconds):
        await asyncio.sleep(max(0.0, began + number / RATE - time.perf_counter()))
        tasks.append(asyncio.ensure_future(call(number)))
    await asyncio.gather(*tasks)
    refused = sum(status != 200 for status in statuses)
    print(f"  {len(statuses)} webhooks, {refused} refused", file=sys.stderr, flush=True)
    share = (cpu_seconds(pid) - cpu) / (time.perf_counter() - began)
    return spread(waits, (0.5, 0.99)) | {"count": len(waits), "refused": refused, "cpu_share": round(share, 2)}


async def post(port: int, body: bytes) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = (f"POST /line/webhook HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/json\r\n"
            f"x-line-signature: {line_signature(CHANNEL_SECRET, body)}\r\ncontent-length: {len(body)}\r\n"
            "connection: close\r\n\r\n")  # fmt: skip
    writer.write(head.encode() + body)
    status = await reader.readline()
    await reader.read()
    writer.close()
    return int(status.split()[1])
