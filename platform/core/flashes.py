"""One sentence after an act, shown on the next page: a signed, short-lived cookie, so it needs no session.

`flash(_("Saved."))` in a handler; `before_send` (app-level hook of Litestar) writes and clears the cookie.
"""

from __future__ import annotations

from http.cookies import SimpleCookie
from typing import Any

import msgspec
from itsdangerous import BadData, URLSafeTimedSerializer

from core.context import here
from core.settings import settings

LIFE = 300
MOST = 4
LONGEST = 300
_PENDING = "engawa.flashes"
_TAKEN = "engawa.flashes.taken"


class Flash(msgspec.Struct, frozen=True):
    """`undo` is a path that a button posts to (`undo_method` DELETE goes as `_method`)."""

    sentence: str
    tone: str = "good"
    undo: str = ""
    undo_method: str = "POST"


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings().secret_key, salt="flash")


def cookie_name() -> str:
    return "__Host-flash" if settings().is_secure else "flash"


def _scope() -> dict[str, Any] | None:
    request = here().request
    return None if request is None else request.scope


def flash(sentence: str, tone: str = "good", undo: str | None = None, undo_method: str = "POST") -> None:
    """Say `sentence` on the next page this person sees, or on this one when it is still to be made."""
    scope = _scope()
    if scope is not None:
        said = Flash(str(sentence)[:LONGEST], tone, undo or "", undo_method)
        scope[_PENDING] = [*scope.get(_PENDING, []), said][-MOST:]


def take_flashes() -> list[Flash]:
    """What is to be said now; it is not said again."""
    scope = _scope()
    if scope is None:
        return []
    waiting = [] if scope.get(_TAKEN) else _unsealed(here().request.cookies.get(cookie_name(), ""))
    scope[_TAKEN] = True
    pending: list[Flash] = scope.pop(_PENDING, [])
    return waiting + pending


def to_be_said() -> list[Flash]:
    """What this request has said so far for the next page."""
    scope = _scope()
    return [] if scope is None else list(scope.get(_PENDING, []))


def say_again(flashes: list[Flash]) -> None:
    """Of a request that is answered as another was."""
    scope = _scope()
    if scope is not None and flashes:
        scope[_PENDING] = flashes[-MOST:]


def something_waits() -> bool:
    """A flash may have to be said on the page of this request."""
    scope = _scope()
    return scope is not None and (_PENDING in scope or cookie_name() in here().request.cookies)


def _sealed(flashes: list[Flash]) -> str:
    return str(_signer().dumps([msgspec.to_builtins(one) for one in flashes]))


def _unsealed(text: str) -> list[Flash]:
    if not text:
        return []
    try:
        found: list[Flash] = msgspec.convert(_signer().loads(text, max_age=LIFE), list[Flash])
        return found
    except (BadData, msgspec.ValidationError):
        return []


async def before_send(message: Any, scope: Any) -> None:
    """For `Litestar(before_send=[…])`: keeps what was not shown for the next page, drops what was."""
    if message["type"] != "http.response.start":
        return
    pending, taken = scope.get(_PENDING), scope.get(_TAKEN)
    if pending:
        _set_cookie(message, _sealed(pending), LIFE)
    elif taken and cookie_name().encode() in dict(scope["headers"]).get(b"cookie", b""):
        _set_cookie(message, "", 0)


def _set_cookie(message: Any, value: str, age: int) -> None:
    jar: SimpleCookie = SimpleCookie({cookie_name(): value})
    morsel = jar[cookie_name()]
    values: dict[str, Any] = {"path": "/", "max-age": age, "httponly": True, "samesite": "Lax"}
    morsel.update(values)
    if settings().is_secure:
        morsel["secure"] = True
    message["headers"] = [*message.get("headers", []), (b"set-cookie", morsel.OutputString().encode())]
