"""A form is sent once: whoever presses twice, or sends again what got no answer, is shown the first result.

`ui.csrf()` gives each form of somebody who is signed in a key of its own. The first to come with it takes a row of
`api_outcome` before the handler runs; when that ends in a redirect, whoever comes with the same key and the same words
gets the same redirect. What was refused, or answered with a page (a mistake, a preview), gives the row back.
Routes with `shows_secret=True` answer with what is shown once and kept nowhere: who comes second is told so.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from datetime import timedelta
from typing import Any

import msgspec

from core.clock import now
from core.context import here
from core.database import rows, write
from core.errors import Conflict
from core.flashes import Flash, say_again, to_be_said
from core.i18n import _
from core.tasks import in_thread

FIELD = "_once"
AGAIN = timedelta(minutes=10)  # a page that was left open must not answer with what was true an hour ago
FORMS = (b"application/x-www-form-urlencoded", b"multipart/form-data")  # product events may hold the word too
PATIENCE = 30  # seconds that the second waits for the first
_MARK = "engawa.sent_once"
_LARGE = 256 * 1024  # bytes; hashing fewer takes less than a millisecond


class Outcome(msgspec.Struct):
    location: str = ""
    flashes: list[Flash] = []


def form_key() -> str:
    """For a form of the page that is being made; nothing for guests, and where HTML is made for many."""
    at = here()
    is_own = at.principal.is_signed_in and at.request is not None and at.token is None
    return secrets.token_urlsafe(12) if is_own else ""


async def mark(scope: Any, content_type: bytes, body: bytes) -> None:
    """Keep in the scope what tells this form, with these words, from every other."""
    if not content_type.startswith(FORMS) or FIELD.encode() not in body:
        return
    boundary = content_type.partition(b"boundary=")[2].strip(b'" ')  # browsers make a new one each time
    about = f"{scope['method']} {scope['path']}\n".encode()
    parts = (about, boundary, body)
    scope[_MARK] = await in_thread(_digest, *parts) if len(body) > _LARGE else _digest(*parts)


def _digest(about: bytes, boundary: bytes, body: bytes) -> str:
    return hashlib.sha256(about + (body.replace(boundary, b"") if boundary else body)).hexdigest()


class SentOnce:
    """ASGI middleware of Litestar's: the route is known, and what handlers raise is an answer already."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        digest, person_id = scope.get(_MARK), here().principal.person_id
        if digest is None or person_id is None:
            await self.app(scope, receive, send)
            return
        owner = f"person:{person_id}"
        if (before := await _before(owner, digest)) is not None:
            await _answer_again(before, send)
            return
        said = False

        async def noted(message: Any) -> None:
            nonlocal said
            if message["type"] == "http.response.start":
                said = True
                await _note(owner, digest, _status(scope, message), _location(message))
            await send(message)

        try:
            await self.app(scope, receive, noted)
        finally:
            if not said:
                await _note(owner, digest, 0, "")


async def _before(owner: str, digest: str) -> Outcome | None:
    """What became of the first, once it has ended; None for whoever is the first, also because all before were refused.

    Raises Conflict where it is not known how the first ended.
    """
    if await _is_first(owner, digest):
        return None
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = await rows("SELECT status, body FROM api_outcome WHERE owner = ? AND key = ?", owner, f"form:{digest}")
        if found and found[0][0]:
            return msgspec.json.decode(found[0][1], type=Outcome)
        if not found and await _is_first(owner, digest):
            return None
        await asyncio.sleep(0.05)
    raise Conflict(_("You sent this before, and how it ended is not known. Open the page anew and look."))


async def _is_first(owner: str, digest: str) -> bool:
    taken = await write(
        "INSERT INTO api_outcome (owner, key, mark, status, body, created_at) VALUES (?, ?, ?, 0, '', ?)"
        " ON CONFLICT (owner, key) DO UPDATE SET status = 0, body = '', created_at = EXCLUDED.created_at"
        " WHERE api_outcome.status <> 0 AND api_outcome.created_at < ? RETURNING id",
        owner, f"form:{digest}", digest, now(), now() - AGAIN,
    )  # fmt: skip
    return bool(taken)


def _status(scope: Any, message: Any) -> int:
    """What counts as done; 0 for all else. A redirect that sets a cookie opens a session: it is nobody else's."""
    status = int(message["status"])
    if status == 303 and not any(name.lower() == b"set-cookie" for name, _value in message.get("headers", ())):
        return status
    return status if status == 200 and scope["route_handler"].opt.get("shows_secret") else 0


def _location(message: Any) -> str:
    return str(dict(message.get("headers", ())).get(b"location", b"").decode())


async def _note(owner: str, digest: str, status: int, location: str) -> None:
    key = f"form:{digest}"
    if not status:
        await write("DELETE FROM api_outcome WHERE owner = ? AND key = ? AND status = 0", owner, key)
        return
    body = msgspec.json.encode(Outcome(location, to_be_said())).decode()
    await write("UPDATE api_outcome SET status = ?, body = ? WHERE owner = ? AND key = ?", status, body, owner, key)


async def _answer_again(outcome: Outcome, send: Any) -> None:
    if not outcome.location:
        raise Conflict(_("This was sent twice and done once. What is shown only once was shown the first time: if you"
                         " did not see it, take it back and make it anew."))  # fmt: skip
    say_again(outcome.flashes)
    headers = [(b"location", outcome.location.encode()), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 303, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
