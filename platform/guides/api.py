"""`/w/…`: what the embedded script asks, from other sites, without cookies. The signed identity is the only gate.

Bodies come as text/plain, so that browsers ask no leave first (CORS preflight); answers name the one listed origin.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Any

import msgspec
from litestar import Request, Response, get, post

from core.context import here
from core.database import rows
from core.entrance import shortcuts
from core.errors import NotFound, Refused
from core.i18n import LANGUAGES, _
from core.principal import NOBODY
from guides import chat_api, script, serving, showing
from guides.answering import JSON, OPEN, PROBLEM, allowed
from guides.hosts import host_of
from helpcenter import finding

YEAR = 31_536_000
FOR_A_MINUTE = {"Cache-Control": "private, max-age=60"}
FOR_EVER = f"public, max-age={YEAR}, immutable"
Answer = tuple[int, dict[str, str], bytes]
Verb = Callable[[bytes, str | None], Awaitable[Answer]]


async def session(raw: bytes, origin: str | None) -> Answer:
    found = await serving.decide(raw, origin)
    return (200 if found.body else 304), {"ETag": f'"{found.etag}"', **FOR_A_MINUTE}, found.body


async def views(raw: bytes, origin: str | None) -> Answer:
    return 200, {}, msgspec.json.encode(await showing.claim(raw, origin))


async def happenings(raw: bytes, origin: str | None) -> Answer:
    await showing.happened(raw, origin)
    return 204, {}, b""


async def misses(raw: bytes, origin: str | None) -> Answer:
    await showing.missed(raw, origin)
    return 204, {}, b""


async def answered(verb: Verb, raw: bytes, origin: str | None) -> Answer:
    """The verb's answer or its refusal, readable by the page that asked."""
    try:
        status, headers, body = await verb(raw, origin)
    except Refused as refused:
        return _refusal(refused, origin)
    return status, {"Content-Type": JSON} | allowed(origin, status) | headers, body


def _refusal(refused: Refused, origin: str | None) -> Answer:
    said = {"type": "about:blank", "title": refused.sentence, "status": refused.status}
    if isinstance(refused, showing.NotNow):
        said["reason"] = refused.reason
    headers = {"Content-Type": PROBLEM} | allowed(origin, refused.status)
    return refused.status, headers, msgspec.json.encode(said)


async def _asked(verb: Verb, request: Request[Any, Any, Any]) -> Response[bytes]:
    status, headers, body = await answered(verb, await request.body(), request.headers.get("origin"))
    kind = headers.pop("Content-Type")
    return Response(body if status not in (204, 304) else None, status_code=status, headers=headers, media_type=kind)  # type: ignore[arg-type]


@post("/w/session", **OPEN)
async def session_route(request: Request[Any, Any, Any]) -> Response[bytes]:
    """For the table of routes; in service the shortcut below answers first, by the same verb."""
    return await _asked(session, request)


@post("/w/views", **OPEN)
async def views_route(request: Request[Any, Any, Any]) -> Response[bytes]:
    return await _asked(views, request)


@post("/w/happenings", **OPEN)
async def happenings_route(request: Request[Any, Any, Any]) -> Response[bytes]:
    return await _asked(happenings, request)


@post("/w/misses", **OPEN)
async def misses_route(request: Request[Any, Any, Any]) -> Response[bytes]:
    return await _asked(misses, request)


Pairs = list[tuple[bytes, bytes]]


async def session_shortcut(scope: Any, raw: bytes) -> tuple[int, Pairs, bytes]:
    """`answered(session, …)` with what is the same for a site encoded once."""
    origin = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"), None)
    try:
        found = await serving.decide(raw, origin)
    except Refused as refused:
        status, headers, body = _refusal(refused, origin)
        return status, _encoded(headers), body
    return (200 if found.body else 304), [*_for_site(origin), (b"etag", f'"{found.etag}"'.encode())], found.body


@lru_cache(maxsize=64)  # of sites that a product lists: others are refused before this
def _for_site(origin: str | None) -> Pairs:
    return _encoded({"Content-Type": JSON} | allowed(origin) | FOR_A_MINUTE)


def _encoded(headers: dict[str, str]) -> Pairs:
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]


shortcuts["POST", "/w/session"] = session_shortcut

ANYWHERE = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}


@get("/w/content/{name:str}", may="anyone", include_in_schema=False)
async def content(name: str) -> Response[bytes]:
    """One language of a guide, for ever the same: its name is its hash."""
    found = await rows("SELECT body FROM guide_content WHERE hash = ?", name[:64].replace("\x00", ""))
    if not found:
        raise NotFound(_("There is no such content."))
    return Response(found[0][0].encode(), media_type=JSON, headers={"Cache-Control": FOR_EVER, **ANYWHERE})


@get(["/w/{name:str}/engawa.js", "/w/{name:str}/chat.js"], may="anyone", include_in_schema=False)
async def script_file(name: str, request: Request[Any, Any, Any]) -> Response[bytes]:
    """The script that pages embed, or the chat that it loads when somebody wants it."""
    found = await script.with_hash(name)
    if found is None:
        raise NotFound(_("There is no such script."))
    headers = {"Cache-Control": FOR_EVER, "Vary": "Accept-Encoding", **ANYWHERE}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(found.zipped, media_type="text/javascript", headers=headers | {"Content-Encoding": "gzip"})
    return Response(found.body, media_type="text/javascript", headers=headers)


@get("/w/search", may="help.read", include_in_schema=False)
async def search(request: Request[Any, Any, Any], key: str = "", q: str = "", lang: str = "") -> Response[bytes]:
    """The launcher's search while typing: public articles, as [title, path]; as in the help centre, not kept."""
    origin = request.headers.get("origin")

    async def found(_raw: bytes, _origin: str | None) -> Answer:
        host = await host_of(key, origin)
        if lang[:2] in LANGUAGES:
            here().language = lang[:2]
        words = finding.asked(q)
        reader = msgspec.structs.replace(NOBODY, brand=host.brand)
        hits = (await finding.suggestions(reader, words)).hits if words else []
        return 200, {}, msgspec.json.encode([[hit.title, hit.url] for hit in hits])

    status, headers, body = await answered(found, b"", origin)
    return Response(body, status_code=status, headers=headers, media_type=headers.pop("Content-Type"))


controllers = [
    session_route,
    views_route,
    happenings_route,
    misses_route,
    content,
    script_file,
    search,
    *chat_api.controllers,
]
