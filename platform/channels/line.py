"""LINE: the signature on what comes in, the SDK's client for what goes out.

The SDK costs about one second and 60 MB to import, so it is imported with the first request that leaves; what comes in
is checked and parsed here, because the acknowledgement has two seconds in all.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import uuid
from datetime import datetime
from typing import Any

from channels import sessions
from channels.connections import Known, by_id, note_error
from channels.line_messages import check
from channels.outcomes import TIMEOUT, Delivered, MonthlyLimit, NotAccepted, SendingFailed, TryLater, Unclear
from core.clock import now
from core.settings import settings
from core.tasks import in_thread

REPLY_WITHIN = 50.0  # seconds: a reply token lives about a minute
KEYS = uuid.UUID("6b1c7a52-3f0e-5d8e-9a4c-9f2f5f0a7d11")
DEFAULT_HOST, DEFAULT_DATA_HOST = "https://api.line.me", "https://api-data.line.me"
UNREACHABLE = "LINE cannot be reached."
_clients: dict[tuple[int, str], Any] = {}


def is_signed(secret: str, raw: bytes, signature: str) -> bool:
    """base64 of HMAC-SHA256 over the raw body, keyed with the channel secret; a missing header is an empty one."""
    try:
        given = signature.encode("ascii")
    except UnicodeEncodeError:
        return False
    wanted = base64.b64encode(hmac.new(secret.encode(), raw, hashlib.sha256).digest())
    return hmac.compare_digest(wanted, given)


def retry_key(key: str) -> str:
    """The X-Line-Retry-Key of one of our own keys: the same on every attempt."""
    return str(uuid.uuid5(KEYS, key))


def is_fresh(given_at: datetime | None) -> bool:
    """Whether a reply token handed out then may still be spent."""
    return given_at is not None and (now() - given_at).total_seconds() < REPLY_WITHIN


# Sending -----------------------------------------------------------------------------------------------------


async def reply(connection_id: int, token: str, messages: list[dict[str, Any]]) -> Delivered:
    """Spend a reply token: free, once, within a minute."""
    check(messages)
    from linebot.v3.messaging import ReplyMessageRequest

    request = await in_thread(ReplyMessageRequest.from_dict, {"replyToken": token, "messages": messages})
    return await _sent(connection_id, "reply_message", request)


async def push(connection_id: int, to: str, messages: list[dict[str, Any]], *, key: str) -> Delivered:
    """Send to a chat; counts against the month. `key` makes a repeat harmless for 24 hours."""
    check(messages)
    from linebot.v3.messaging import PushMessageRequest

    request = await in_thread(PushMessageRequest.from_dict, {"to": to, "messages": messages})
    return await _sent(connection_id, "push_message", request, x_line_retry_key=retry_key(key))


async def _sent(connection_id: int, verb: str, request: Any, **more: Any) -> Delivered:
    try:
        answer = await _call(connection_id, verb, request, **more)
    except Repeated as repeat:
        return Delivered(repeat.external_id, was_repeat=True)
    except SendingFailed as failed:
        await note_error(connection_id, failed.reason)
        raise
    await note_error(connection_id, "")
    sent = answer.sent_messages or []
    return Delivered(str(sent[0].id) if sent else "")


# Asking ------------------------------------------------------------------------------------------------------


async def quota(connection_id: int) -> dict[str, int | None]:
    """`limit` of this month (None: unlimited) and `used`."""
    most = await _call(connection_id, "get_message_quota")
    used = await _call(connection_id, "get_message_quota_consumption")
    return {"limit": most.value if most.type == "limited" else None, "used": used.total_usage}


async def profile_of(connection_id: int, user: str) -> dict[str, str]:
    """Name and language of a friend; empty when the user blocked us or never was one."""
    try:
        found = await _call(connection_id, "get_profile", user)
    except NotAccepted:
        return {}
    return {"name": found.display_name or "", "language": found.language or ""}


async def bot_info(connection_id: int | Known) -> dict[str, str]:
    """Who we are: the test of a connection."""
    found = await _call(connection_id, "get_bot_info")
    return {"user_id": found.user_id, "name": found.display_name}


async def link_token(connection_id: int, user: str) -> str:
    """A token of ten minutes for the account link dialog."""
    return str((await _call(connection_id, "issue_link_token", user)).link_token)


async def content_of(connection_id: int, message_id: str) -> bytes:
    """What a user sent. TryLater while LINE still prepares it; NotAccepted when it is gone."""
    answer = await _call(connection_id, "get_message_content_with_http_info", message_id, is_blob=True)
    if answer.status_code == 202:
        raise TryLater("LINE still prepares this file.", 5)
    return bytes(answer.data or b"")


# The client --------------------------------------------------------------------------------------------------


class Repeated(Exception):
    """409: this retry key was accepted before."""

    def __init__(self, external_id: str) -> None:
        super().__init__(external_id)
        self.external_id = external_id


async def _call(connection_id: int | Known, verb: str, *arguments: Any, is_blob: bool = False, **more: Any) -> Any:
    connection = connection_id if isinstance(connection_id, Known) else await by_id(connection_id)
    client = await _client(connection, is_blob)
    import aiohttp
    from linebot.v3.messaging import ApiException

    try:
        return await getattr(client, verb)(*arguments, _request_timeout=TIMEOUT, **more)
    except ApiException as refused:
        raise _meaning(refused) from refused
    except aiohttp.ClientConnectorError as away:
        raise TryLater(UNREACHABLE, 10) from away
    except (aiohttp.ClientError, TimeoutError) as lost:
        raise Unclear("LINE did not answer in time.") from lost


def _meaning(refused: Any) -> Exception:
    """429 is the rate or the month: LINE says which in words only."""
    said = _said(refused.body)
    if refused.status == 409:
        return Repeated((said.get("sentMessages") or [{}])[0].get("id", ""))
    message = str(said.get("message", ""))
    if refused.status == 429 and "monthly limit" in message.lower():
        return MonthlyLimit("LINE: this month's messages are used up.", "monthly_limit")
    if refused.status == 429:
        return TryLater("LINE: too many requests at the moment.", _seconds(refused.headers))
    if refused.status >= 500:
        return Unclear(f"LINE had an error of its own ({refused.status}).")
    if "reply token" in message.lower():
        return NotAccepted("LINE: the reply token is spent or too old.", "reply_token")
    return NotAccepted(f"LINE refused: {message or refused.status}", str(refused.status))


def _said(body: Any) -> dict[str, Any]:
    try:
        found = json.loads(body or b"{}")
    except (ValueError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def _seconds(headers: Any) -> float:
    text = (headers or {}).get("Retry-After", "")
    return float(text) if text.isdigit() else 30.0


async def _client(connection: Known, is_blob: bool) -> Any:
    """One client per channel, kept: making one blocks the loop for ~76 ms (it loads the certificates)."""
    key = (id(asyncio.get_running_loop()), f"{connection.id} {connection.secrets['access_token']} {is_blob}")
    if key not in _clients:
        await in_thread(_import)
        from linebot.v3.messaging import AsyncApiClient, AsyncMessagingApi, AsyncMessagingApiBlob, Configuration

        host = _data_host() if is_blob else settings().line_api_url
        client = AsyncApiClient(Configuration(host=host, access_token=connection.secrets["access_token"]))
        _clients[key] = (AsyncMessagingApiBlob if is_blob else AsyncMessagingApi)(client)
    return _clients[key]


def _data_host() -> str:
    """Files come from a host of their own, unless ENGAWA_LINE_API_URL points both elsewhere."""
    moved = settings().line_api_url != DEFAULT_HOST
    return (
        settings().line_api_url
        if moved and settings().line_data_api_url == DEFAULT_DATA_HOST
        else (settings().line_data_api_url)
    )


def _import() -> None:
    import linebot.v3.messaging  # noqa: F401


async def close() -> None:
    """Close every channel's client (at shutdown, in the loop that made them)."""
    here = id(asyncio.get_running_loop())
    for key in [key for key in _clients if key[0] == here]:
        await _clients.pop(key).api_client.close()
    for key in list(_clients):
        _clients.pop(key)


sessions.on_close(close)
