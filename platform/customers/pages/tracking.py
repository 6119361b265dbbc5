"""The tracking API: the addresses that clients of Segment, RudderStack and PostHog call. See docs/tracking.md."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
from litestar import Controller, Request, Response, post

from core.clock import now
from core.errors import Refused, TooMany
from core.i18n import _
from customers.tracking import keys, posthog_api, segment_spec
from customers.tracking.arrived import Arrived
from customers.tracking.intake import intake
from customers.tracking.wire import BadRequest, Body, Reading, a_time, read_body, unpacked

Ask = Request[Any, Any, Any]
# A web page of another origin may send; it is not told anything, and no cookie goes with it.
OPEN = {"access-control-allow-origin": "*"}
AT_ONCE = 25  # calls read before others have a turn: well under a millisecond
BUSY_SQLSTATES = {"53300", "57P01", "57P03", "08006", "08003"}


class SegmentCalls(Controller):
    path = "/v1"
    include_in_schema = False

    @post("/{call:str}", may="anyone", exclude_from_csrf=True, status_code=200)
    async def one(self, call: str, request: Ask) -> Response[Any]:
        if call in {"batch", "import"}:
            return await answered(request, segment_spec.read, {"success": True})
        if call not in segment_spec.CALLS:
            return said(404, _("There is no such call. There are: %(calls)s.", calls=", ".join(segment_spec.CALLS)))
        return await answered(request, single(call), {"success": True})


class PostHogCalls(Controller):
    path = "/"
    include_in_schema = False

    @post(["/batch", "/capture", "/e", "/i/v0/e", "/i/v0/ai/batch"], may="anyone", exclude_from_csrf=True,
          status_code=200)  # fmt: skip
    async def captured(self, request: Ask) -> Response[Any]:
        return await answered(request, posthog_api.read, {"status": 1})

    @post(["/flags", "/decide"], may="anyone", exclude_from_csrf=True, status_code=200)
    async def flags(self, request: Ask) -> Response[Any]:
        """PostHog's clients ask for feature flags: there are none."""
        none = {"featureFlags": {}, "flags": {}, "featureFlagPayloads": {}, "errorsWhileComputingFlags": False}
        return Response(msgspec.json.encode(none), media_type="application/json", headers=OPEN)


Read = Callable[[Body, Any], Reading]


def single(call: str) -> Read:
    """One call that is the whole body."""

    def read(body: Body, received: Any) -> Reading:
        try:
            raw = bytes((body.batch or [msgspec.Raw(b"")])[0])
            return Reading([segment_spec.one(raw, call, received, a_time(body.sentAt))], [])
        except BadRequest as wrong:
            return Reading([], [(0, wrong.sentence)])

    return read


async def answered(request: Ask, read: Read, fine: dict[str, Any]) -> Response[Any]:
    """200 once everything is committed; 400 names what is wrong, after what is right was stored; 429 is overload."""
    try:
        return await _taken(request, read, fine)
    except Refused as refused:
        headers = {"retry-after": str(refused.retry_after)} if isinstance(refused, TooMany) else {}
        return said(refused.status, refused.sentence, headers)
    except Exception as error:
        if _is_busy(error):
            return said(429, _("The database is busy. Send it again a little later."), {"retry-after": "5"})
        raise


async def _taken(request: Ask, read: Read, fine: dict[str, Any]) -> Response[Any]:
    raw = unpacked(await request.body(), request.headers.get("content-encoding", ""))
    key = keys.key_in(request.headers.get("authorization", ""))
    body = read_body(raw)
    sender = await keys.sender_of(key or body.writeKey or body.api_key or body.token or "")
    if body.batch is None:
        body.batch = [msgspec.Raw(raw)]
    found = await _read_in_turns(read, body)
    _sign(found.arrived, sender)
    if found.arrived:
        await intake().take(found.arrived)
    await keys.note(sender, len(found.arrived), found.mistakes)
    if not found.mistakes:
        return Response(msgspec.json.encode(fine), media_type="application/json", headers=OPEN)
    at, sentence = found.mistakes[0]
    if found.arrived or len(found.mistakes) > 1:
        sentence = _("%(stored)s stored, %(refused)s refused; number %(at)s: %(why)s", stored=len(found.arrived),
                     refused=len(found.mistakes), at=at + 1, why=sentence)  # fmt: skip
    return said(400, sentence)


async def _read_in_turns(read: Read, body: Body) -> Reading:
    """A part at a time, and one request at a time: reading 10,000 calls takes the better part of a second, and others
    wait; among them the one who writes, whose next statement the database should not have to wait for.
    """
    calls, received, found, turn = body.batch or [], now(), Reading([], []), intake().turn
    for at in range(0, len(calls), AT_ONCE):
        async with turn:
            if at:
                await asyncio.sleep(0)
            part = read(msgspec.structs.replace(body, batch=calls[at : at + AT_ONCE]), received)
        found.arrived += part.arrived
        found.mistakes += [(at + place, sentence) for place, sentence in part.mistakes]
    return found


def _sign(arrived: list[Arrived], sender: keys.Sender) -> None:
    for one in arrived:
        one.source, one.is_trusted = sender.source, sender.is_trusted


def said(status: int, sentence: str, headers: dict[str, str] | None = None) -> Response[Any]:
    """A refusal, in the words that each kind of client looks for."""
    code = {400: "invalid_request", 401: "unauthorized", 404: "not_found", 413: "too_large", 429: "overloaded"}
    body = {"success": False, "status": status, "code": code.get(status, "refused"), "message": sentence,
            "detail": sentence}  # fmt: skip
    more = {"www-authenticate": 'Basic realm="write key"'} if status == 401 else {}
    return Response(msgspec.json.encode(body), status_code=status, media_type="application/json",
                    headers=OPEN | more | (headers or {}))  # fmt: skip


def _is_busy(error: Exception) -> bool:
    """The database is away or locked: clients keep what they have and come again."""
    return getattr(error, "sqlstate", "") in BUSY_SQLSTATES or "database is locked" in str(error) or isinstance(
        error, OSError)  # fmt: skip
