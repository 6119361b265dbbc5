"""Asks every route as every role, for an own and a foreign object, and writes down the statuses."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import io
import re
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import objects_of_reviews  # noqa: F401  registers what the rooms make
import objects_of_rooms  # noqa: F401
from objects import FRESH, Objects, People, factory_for, make_people

from access.sessions import cookie_name, open_session
from core.database import write
from core.web import routes_of

EXPECTED = Path(__file__).with_name("expected.csv")
ROLES = ("visitor", "member", "other_member", "ambassador", "agent", "csm", "admin")
HEAD = ("method", "path", "may", "object", *ROLES)
NOWHERE = "999999"
SECONDS = 10.0
Line = tuple[str, ...]


async def ask(
    app: Any, method: str, path: str, cookies: dict[str, str], body: bytes = b"",
    more: list[tuple[bytes, bytes]] | None = None,
) -> tuple[int, str]:  # fmt: skip
    """Status and Set-Cookie of one request; a stream is left as soon as it has begun."""
    headers = [(b"host", b"127.0.0.1:8000"), (b"origin", b"http://127.0.0.1:8000"), (b"accept", b"text/html"),
               (b"content-length", str(len(body)).encode()),
               (b"cookie", "; ".join(f"{k}={v}" for k, v in cookies.items()).encode()),
               *(more or [(b"content-type", b"application/x-www-form-urlencoded")])]  # fmt: skip
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
             "path": path, "raw_path": quote(path).encode(), "query_string": b"", "root_path": "", "headers": headers,
             "client": ("127.0.0.1", 1234), "server": ("127.0.0.1", 8000), "state": {}}  # fmt: skip
    sent, said = False, {"status": 0, "cookie": ""}

    async def receive() -> dict[str, Any]:
        nonlocal sent
        if sent:
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            said["status"] = message["status"]
            found = [value.decode() for name, value in message.get("headers", []) if name.lower() == b"set-cookie"]
            said["cookie"] = "\n".join(found)

    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(app(scope, receive, send), SECONDS)
    return int(said["status"]), str(said["cookie"])


async def csrf_of(app: Any) -> tuple[str, str]:
    _status, cookie = await ask(app, "GET", "/healthz", {})
    for line in cookie.splitlines():
        for name, morsel in SimpleCookie(line).items():
            if name.endswith("csrf"):
                return name, morsel.value
    raise LookupError("the application sets no CSRF cookie")


def filled(template: str, values: dict[str, object]) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: str(values.get(found.group(1), NOWHERE)), template)


async def status(app: Any, csrf: tuple[str, str], people: People, role: str, method: str, path: str) -> int:
    for statement in FRESH:
        await write(statement)
    cookies = dict([csrf])
    if role != "visitor":
        cookies[cookie_name()] = await open_session(getattr(people, role).id)
    body = b"" if method == "GET" else urlencode({"_csrf_token": csrf[1]}).encode()
    return (await ask(app, method, path, cookies, body))[0]


async def line(app: Any, csrf: tuple[str, str], people: People, route: tuple[str, str, str], whose: str) -> Line:
    method, template, may = route
    make = factory_for(template)
    found = []
    for role in ROLES:
        made = await make(people) if make and whose != "-" else Objects({}, {})
        path = filled(template, made.own if whose == "own" else made.foreign)
        found.append(str(await status(app, csrf, people, role, method, path)))
    return (method, template, may, whose, *found)


async def table(app: Any) -> list[Line]:
    """A line for each route; two (own, foreign) where objects.py knows how to make some."""
    people, csrf = await make_people(), await csrf_of(app)
    lines = []
    for route in routes_of(app):
        for whose in ("own", "foreign") if factory_for(route[1]) else ("-",):
            lines.append(await line(app, csrf, people, route, whose))
    return lines


def expected(file: Path = EXPECTED) -> list[Line]:
    return [tuple(row) for row in csv.reader(file.read_text().splitlines())][1:] if file.exists() else []


def written(lines: list[Line], head: tuple[str, ...] = HEAD) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(sorted(lines, key=lambda one: (one[1], one[0], one[3])))
    return text.getvalue()
