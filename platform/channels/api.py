"""The webhooks: `/line/webhook` and `/slack/events`. The signature over the raw body is the only gate.

Nothing is sent and nothing is waited for but the database before the 200.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from typing import Any
from urllib.parse import parse_qs

from litestar import Request, Response, post

from channels.arrivals import Coming, key_of, parsed, store, without_nul
from channels.connections import Known, all_of, by_external_id
from channels.forwarding import forward, wanted_by
from channels.line import is_signed
from core.clock import now

log = logging.getLogger("engawa.webhooks")
MOST_EVENTS = 500
WEBHOOK: dict[str, Any] = {"may": "anyone", "exclude_from_csrf": True, "status_code": 200, "include_in_schema": False}


def said(status: int, words: str = "", headers: dict[str, str] | None = None) -> Response[bytes]:
    return Response(words.encode(), status_code=status, media_type="text/plain; charset=utf-8", headers=headers or {})


# LINE --------------------------------------------------------------------------------------------------------


@post("/line/webhook", **WEBHOOK)
async def line_webhook(request: Request[Any, Any, Any]) -> Response[bytes]:
    """One URL for every LINE channel; `destination` says which."""
    raw = await request.body()
    signature = request.headers.get("x-line-signature") or ""
    try:
        body = parsed(raw)
    except ValueError:
        body = None
    connection = await _line_connection(body, raw, signature)
    if connection is None:
        return said(401, "The signature is missing or wrong.")
    events = _line_events(body)
    if events is None:
        return said(400, "This is not a LINE webhook.")
    because = "" if connection.is_active else "the connection is paused"
    await store(connection.id, events, ignored_because=because)
    if events and wanted_by(connection):
        await forward.later(connection_id=connection.id, body=raw.decode(), signature=signature)
    return said(200)


async def _line_connection(body: Any, raw: bytes, signature: str) -> Known | None:
    """The channel whose secret signed this body; for a body that names none, any channel's secret will do."""
    if not signature:
        return None
    named = body.get("destination") if isinstance(body, dict) else None
    if isinstance(named, str) and named:
        connection = await by_external_id("line", named)
        return connection if connection and is_signed(connection.secrets["channel_secret"], raw, signature) else None
    for connection in await all_of("line"):
        if is_signed(connection.secrets["channel_secret"], raw, signature):
            return connection
    return None


def _line_events(body: Any) -> list[Coming] | None:
    """None for a body that is no LINE webhook at all."""
    events = body.get("events") if isinstance(body, dict) else None
    if not isinstance(events, list) or len(events) > MOST_EVENTS or not isinstance(body.get("destination"), str):
        return None
    if not all(isinstance(event, dict) and isinstance(event.get("type"), str) for event in events):
        return None
    return [_line_event(event) for event in events]


def _line_event(event: dict[str, Any]) -> Coming:
    key = event.get("webhookEventId")
    at = event.get("timestamp")
    seconds = at / 1000 if isinstance(at, int | float) else None
    return Coming(key if isinstance(key, str) and key else key_of(event), event["type"], event, seconds)


# Slack -------------------------------------------------------------------------------------------------------


@post("/slack/events", **WEBHOOK)
async def slack_events(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Events, interactions and slash commands, all at one URL."""
    raw = await request.body()
    secret = await _slack_secret(request, raw)
    if secret is None:
        return said(401, "The signature is missing or wrong.")
    text = _slack_text(raw, request.headers.get("content-type", ""))
    if text is None:
        return said(400, "This is not a Slack request.")
    return await _bolted(secret, text, request)


async def _bolted(secret: str, text: str, request: Request[Any, Any, Any]) -> Response[bytes]:
    from slack_bolt.request.async_request import AsyncBoltRequest

    from channels.slack_app import bolt_app

    answer = await bolt_app(secret).async_dispatch(AsyncBoltRequest(body=text, headers=dict(request.headers)))
    if answer.status == 404:  # no listener: Slack would count it against us and send it three times more
        log.info("a Slack request without a listener")
        return said(200)
    headers = {name: values[0] for name, values in answer.headers.items() if name != "content-length"}
    return Response((answer.body or "").encode(), status_code=answer.status,
                    media_type=headers.pop("content-type", "text/plain"), headers=headers)  # fmt: skip


async def _slack_secret(request: Request[Any, Any, Any], raw: bytes) -> str | None:
    """The signing secret that this request was signed with, five minutes ago at most."""
    signature = request.headers.get("x-slack-signature", "")
    timestamp = request.headers.get("x-slack-request-timestamp", "")
    if not signature.isascii() or not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
        return None
    if abs(now().timestamp() - int(timestamp)) > 300:
        return None
    signed = b"v0:" + timestamp.encode() + b":" + raw
    for secret in {connection.secrets["signing_secret"] for connection in await all_of("slack")}:
        # By hand, because Slack's verifier breaks on bytes that are not UTF-8; Bolt's verifies the rest once more.
        if hmac.compare_digest("v0=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest(), signature):
            return secret
    return None


def _slack_text(raw: bytes, content_type: str) -> str | None:
    """The body as Bolt wants it: UTF-8 and an object inside, else None."""
    try:
        text = raw.decode()
        if content_type.startswith("application/x-www-form-urlencoded"):
            return _form_text(text)
        found = parsed(raw)
    except ValueError:
        return None
    if not isinstance(found, dict) or not _is_sane(found):
        return None
    return json.dumps(found, ensure_ascii=False) if b"\\u0000" in raw else text


def _form_text(text: str) -> str | None:
    fields = parse_qs(text, keep_blank_values=True)
    if "payload" in fields:
        payload = parsed(fields["payload"][0].encode())
        return text if isinstance(payload, dict) and _is_sane(payload) else None
    return text.replace("%00", "") if fields else None


def _is_sane(body: dict[str, Any]) -> bool:
    """Bolt trusts these to be what they should be, and breaks on anything else."""
    for name in ("event", "user", "view", "channel", "container", "message"):
        if name in body and body[name] is not None and not isinstance(body[name], dict | str):
            return False
    listed = body.get("authorizations")
    return listed is None or (isinstance(listed, list) and all(isinstance(item, dict) for item in listed))


controllers = [line_webhook, slack_events]

__all__ = ["controllers", "without_nul"]
