"""The entrance: what every request passes before a handler sees it, matched or not.

Request id, language, who asks, body limits, the method a form meant (`_method`), security headers, one log line.
It wraps the whole application, because Litestar's middleware is skipped for URLs that no route matches.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import parse_qsl

from litestar.connection import Request

from core import sent_once
from core.context import Here, enter
from core.i18n import LANGUAGES
from core.metrics import count_request
from core.navigation import navigation
from core.principal import NOBODY, Principal
from core.settings import settings

log = logging.getLogger("engawa.web")
BODY_SECONDS = 30
MOST_FIELDS = 2000
METHODS = {"PUT", "PATCH", "DELETE"}
_boundary = re.compile(rb'boundary="?([^";\s]+)')
Identify = Callable[[Any], Awaitable[Principal]]


async def _nobody(_: Any) -> Principal:
    return NOBODY


_identify: Identify = _nobody


def use_identify(find: Identify) -> None:
    """How the principal of a request is found: `access` sets it, from the session's cookie or an API key."""
    global _identify
    _identify = find


# (method, path) → what answers it before anything else of the house: for the one address that every page view of a
# customer's product asks. It gets no principal and no cookie, and makes its own limits; errors alone are logged.
Shortcut = Callable[[Any, bytes], Awaitable[tuple[int, list[tuple[bytes, bytes]], bytes]]]
shortcuts: dict[tuple[str, str], Shortcut] = {}


class TooMuch(Exception):
    """The body is over a limit; `status` says which answer it gets."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Entrance:
    """ASGI: `Entrance(litestar_app)`."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if (shortcut := shortcuts.get((scope["method"], scope["path"]))) is not None:
            await _by_shortcut(shortcut, scope, receive, send)
            return
        began = time.perf_counter()
        # Litestar's routing needs these before its own entry point has run.
        scope.setdefault("state", {})
        request: Request[Any, Any, Any] = Request(scope, receive=receive)
        here = enter(Here(request=request, path=scope["path"], request_id=secrets.token_hex(8)))
        here.time_zone = settings().time_zone
        here.language = language_of(request, NOBODY)
        said: dict[str, int] = {}
        guarded = _with_headers(send, here, said)
        try:
            receive = await _limited_body(scope, receive)
            here.principal = await _identify(request)
            here.language = language_of(request, here.principal)
            if here.principal.is_signed_in:
                here.time_zone = here.principal.time_zone or here.time_zone
                if scope["method"] == "GET" and "text/html" in request.headers.get("accept", ""):
                    await navigation.prepare()
            await self.app(scope, receive, guarded)
        except TooMuch as refused:
            await _refuse(guarded, refused)
        finally:
            seconds = time.perf_counter() - began
            status = said.get("status", 0)
            count_request(scope["method"], status, None if said.get("is_stream") else seconds)
            level = logging.ERROR if status >= 500 else logging.INFO
            log.log(level, "%s %s %s", scope["method"], scope["path"], status, extra={
                "request_id": here.request_id, "status": status, "milliseconds": round(seconds * 1000, 1),
                "person": here.principal.person_id, "client": client_ip(scope),
            })  # fmt: skip


async def _by_shortcut(shortcut: Shortcut, scope: Any, receive: Any, send: Any) -> None:
    """Read the body within its limits, answer, count; what breaks is a 500 with nothing in it."""
    began = time.perf_counter()
    here = enter(Here(path=scope["path"], nonce="", request_id=""))
    try:
        status, headers, body = await shortcut(scope, await _read(receive, settings().max_body))
    except TooMuch as refused:
        status, headers, body = refused.status, [(b"connection", b"close")], str(refused).encode()
    except Exception:  # the same boundary that Litestar is for every other address
        here.request_id = secrets.token_hex(8)
        log.exception("%s %s broke", scope["method"], scope["path"], extra={"request_id": here.request_id})
        status, headers, body = 500, [], b""
    headers = [*headers, (b"content-length", str(len(body)).encode()), (b"x-content-type-options", b"nosniff")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
    count_request(scope["method"], status, time.perf_counter() - began)


def language_of(request: Any, principal: Principal) -> str:
    """The cookie's choice, else the person's, else the browser's, else the installation's."""
    chosen = request.cookies.get("language", "")
    if chosen in LANGUAGES:
        return str(chosen)
    if principal.is_signed_in and principal.language in LANGUAGES:
        return principal.language
    for part in request.headers.get("accept-language", "").split(",")[:10]:
        tag = part.split(";")[0].strip().lower()[:2]
        if tag in LANGUAGES:
            return str(tag)
    return settings().default_language


def client_ip(scope: Any) -> str:
    """The caller's address; a forwarded one counts only when it comes through ENGAWA_TRUSTED_PROXIES."""
    peer = (scope.get("client") or ("", 0))[0]
    trusted = [ip_network(net.strip(), strict=False) for net in settings().trusted_proxies.split(",") if net.strip()]
    if not trusted:
        return str(peer)
    forwarded = dict(scope["headers"]).get(b"x-forwarded-for", b"").decode("latin-1")
    for hop in [peer, *reversed([part.strip() for part in forwarded.split(",") if part.strip()])]:
        try:
            if not any(ip_address(hop) in net for net in trusted):
                return str(hop)
        except ValueError:
            break
    return str(peer)


def _is_upload(content_type: bytes) -> bool:
    return content_type.startswith(b"multipart/form-data")


async def _limited_body(scope: Any, receive: Any) -> Any:
    """Read the body whole, within its limits, and hand it on as one message; a form's `_method` becomes the method."""
    if scope["method"] in {"GET", "HEAD", "OPTIONS"}:
        return receive
    headers = dict(scope["headers"])
    content_type = headers.get(b"content-type", b"")
    most = settings().max_upload if _is_upload(content_type) else settings().max_body
    declared = headers.get(b"content-length", b"0")
    if not declared.isdigit() or int(declared) > most:
        raise TooMuch(413 if declared.isdigit() else 400, "The request is too large.")
    body = await _read(receive, most)
    if content_type.startswith(b"application/x-www-form-urlencoded"):
        if body.count(b"&") > MOST_FIELDS:
            raise TooMuch(413, "The form has too many fields.")
        if scope["method"] == "POST" and b"_method=" in body:
            _become(scope, dict(parse_qsl(body.decode("latin-1"))).get("_method", ""))
    elif _is_upload(content_type) and scope["method"] == "POST":
        _become(scope, _method_of_upload(content_type, body))

    await sent_once.mark(scope, content_type, body)
    sent = False

    async def again() -> Any:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _method_of_upload(content_type: bytes, body: bytes) -> str:
    """A field of its own, from one boundary to the next: what a text or a file holds may look like one."""
    found = _boundary.search(content_type)
    if found is None or b'name="_method"' not in body:
        return ""
    line = re.escape(b"--" + found.group(1))
    said = re.search(line + rb'\r\ncontent-disposition: form-data; name="_method"\r\n\r\n([A-Z]+)\r\n' + line, body,
                     re.IGNORECASE)  # fmt: skip
    return said.group(1).decode() if said else ""


async def _read(receive: Any, most: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise TooMuch(400, "The request ended half-way.")
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > most:
                    raise TooMuch(413, "The request is too large.")
                if not message.get("more_body"):
                    return b"".join(parts)
    except TimeoutError as late:
        raise TooMuch(408, "The request took too long to arrive.") from late


def _become(scope: Any, method: str) -> None:
    if method in METHODS:
        scope["method"] = method


async def _refuse(send: Any, refused: TooMuch) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": refused.status, "headers": headers})
    await send({"type": "http.response.body", "body": str(refused).encode()})


def _with_headers(send: Any, here: Here, said: dict[str, int]) -> Any:
    policy = (
        f"default-src 'self'; img-src 'self' data: blob:; style-src 'self'; script-src 'self' 'nonce-{here.nonce}'; "
        "object-src 'none'; base-uri 'none'; form-action 'self'%s; frame-ancestors 'none'"
    )
    always = {
        b"x-content-type-options": b"nosniff",
        b"referrer-policy": b"strict-origin-when-cross-origin",
        b"x-frame-options": b"DENY",
        b"cross-origin-opener-policy": b"same-origin",
        b"permissions-policy": b"camera=(), microphone=(), geolocation=()",
        b"cache-control": b"private, no-store",
        b"x-request-id": here.request_id.encode(),
    }
    if settings().is_secure:
        always[b"strict-transport-security"] = b"max-age=31536000; includeSubDomains"

    async def guarded(message: Any) -> None:
        if message["type"] == "http.response.start":
            said["status"] = message["status"]
            headers = list(message.get("headers", []))
            always[b"content-security-policy"] = (policy % (here.leads_to and f" {here.leads_to}")).encode()
            headers += [(name.lower().encode(), value.encode()) for name, value in here.headers.items()]
            present = {name.lower() for name, _ in headers}
            said["is_stream"] = any(value.startswith(b"text/event-stream") for _, value in headers)
            message["headers"] = headers + [(name, value) for name, value in always.items() if name not in present]
        await send(message)

    return guarded
