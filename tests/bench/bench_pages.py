"""CPU per request of the pages people read most, over ASGI, and what a page weighs.

Goal: a thread costs ≤2 ms for a guest and ≤5 ms for a member. Beside it, in the same run, a bare Litestar + Tortoise +
Jinja page of the same rows.
"""

from __future__ import annotations

import gzip
import re
import time
from statistics import median
from typing import Any

from bench.house import demo, is_quick
from core import logs
from core.database import close_database, open_database, rows

READER = "satsuki.miwa@aobawatari.example"
BARE = """<!doctype html><html><head><title>{{ thread.title }}</title></head><body><h1>{{ thread.title }}</h1>
{% for post in posts %}<article><p>{{ post.created_at }}</p>{{ post.body }}</article>{% endfor %}</body></html>"""


async def measure() -> dict[str, Any]:
    from access.sessions import cookie_name, open_session
    from app import rooms
    from app.web import make_app

    place = demo()
    logs.set_up("json")  # as in production: every request is a line
    application = make_app(with_runner=False)
    await open_database(place.database, rooms.with_models())
    # Opened here, in this context; the application must not open it again.
    application.app.on_startup.clear()
    application.app.on_shutdown.clear()
    try:
        thread, posts = await a_thread()
        [reader] = await rows("SELECT id FROM person WHERE email = ?", READER)
        cookie = f"{cookie_name()}={await open_session(reader[0])}"
        count = 30 if is_quick() else 300
        bare = await cpu_ms(bare_application(thread), "/bare", count)
        found: dict[str, Any] = {"goal": {"thread_guest_ms": 2, "thread_member_ms": 5}, "posts": posts,
                                 "bare_ms": bare}  # fmt: skip
        found["thread_guest_ms"] = await cpu_ms(application, f"/community/{thread}", count)
        found["thread_member_ms"] = await cpu_ms(application, f"/community/{thread}", count, cookie)
        for name, path in {"front": "/", "help": "/help", "community": "/community"}.items():
            found[f"{name}_guest_ms"] = await cpu_ms(application, path, count)
        found |= {f"{who}_to_bare": round(found[f"thread_{who}_ms"] / bare, 1) for who in ("guest", "member")}
        found["weights_kb"] = {path: await weight(application, path) for path in
                               ("/", "/help", "/community", f"/community/{thread}")}  # fmt: skip
        return found
    finally:
        await close_database()


async def a_thread() -> tuple[int, int]:
    """The longest thread that a guest may read; (id, posts)."""
    found = await rows(
        "SELECT p.thread_id, COUNT(*) AS posts FROM post p JOIN thread t ON t.id = p.thread_id"
        " JOIN board b ON b.id = t.board_id WHERE t.visibility = 'visible' AND b.audience = 'public'"
        " GROUP BY p.thread_id ORDER BY posts DESC LIMIT 1"
    )
    return int(found[0][0]), int(found[0][1])


def bare_application(thread_id: int) -> Any:
    """What the stack itself costs for the same rows."""
    from jinja2 import Environment
    from litestar import Litestar, MediaType, get

    from community.models import Post, Thread

    template = Environment(autoescape=True, enable_async=False).from_string(BARE)

    @get("/bare", media_type=MediaType.HTML)
    async def bare() -> str:
        thread = await Thread.get(id=thread_id)
        posts = await Post.filter(thread_id=thread_id).order_by("id").limit(20)
        return template.render(thread=thread, posts=posts)

    # Without this Litestar puts its own handlers, and their thread, in the place of the house's for both.
    return Litestar([bare], openapi_config=None, logging_config=None)


async def cpu_ms(application: Any, path: str, count: int, cookie: str = "") -> float:
    """Process CPU (all threads) per request: the median of five batches, after some requests that fill the caches."""
    batches = []
    for _ in range(20):
        status, _ = await ask(application, path, cookie)
        assert status == 200, (path, status)
    for _ in range(5):
        began = time.process_time()
        for _ in range(count // 5):
            await ask(application, path, cookie)
        batches.append((time.process_time() - began) / (count // 5) * 1000)
    return round(median(batches), 2)


async def ask(application: Any, path: str, cookie: str = "", query: str = "") -> tuple[int, bytes]:
    """One GET straight over ASGI, without the cost of a client."""
    headers = [(b"host", b"127.0.0.1:8000"), (b"accept", b"text/html"), (b"accept-language", b"ja")]
    headers += [(b"cookie", cookie.encode())] if cookie else []
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
             "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
             "headers": headers, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8000), "extensions": {},
             "state": {}}  # fmt: skip
    status, parts = 0, []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        else:
            parts.append(message.get("body", b""))

    await application(scope, receive, send)
    return status, b"".join(parts)


async def weight(application: Any, path: str) -> dict[str, float]:
    """KB after gzip: the page, its style sheets and scripts (kept by the browser afterwards)."""
    _, body = await ask(application, path)
    assets = set(re.findall(rb'(?:href|src)="(/static/[^"]+\.(?:css|js))', body))
    kept = [(await ask(application, asset.decode().partition("?")[0]))[1] for asset in assets]
    return {"page": _kb(body), "assets": round(sum(map(_kb, kept)), 1), "files": len(kept)}


def _kb(body: bytes) -> float:
    return round(len(gzip.compress(body, 6)) / 1024, 1)
