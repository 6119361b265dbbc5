"""Slack: messages that leave, one shared session, one place in the queue per channel and second.

What comes in is in channels/slack_app.py.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from channels import sessions
from channels.connections import Known, by_id, note_error
from channels.outcomes import TIMEOUT, Delivered, NotAccepted, SendingFailed, TryLater, Unclear
from core.clock import now, when
from core.database import lock, rows, write
from core.settings import settings

TEXT, SECTION, BLOCKS, BUTTON_TEXT, BUTTON_VALUE = 40_000, 3000, 50, 75, 2000
EVERY = timedelta(seconds=1)  # chat.postMessage: about one a second and channel
TEMPORARY = {"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}
SAFE_TEMPORARY = {"ratelimited", "rate_limited", "service_unavailable"}


def plain(text: str) -> str:
    """Slack's three control characters, escaped."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def link(url: str, label: str) -> str:
    return f"<{plain(url)}|{plain(label).replace('|', '｜')}>"


def section(text: str) -> dict[str, Any]:
    shown = text if len(text) <= SECTION else text[: SECTION - 1] + "…"
    return {"type": "section", "text": {"type": "mrkdwn", "text": shown}}


def actions(buttons: list[tuple[str, str, str]]) -> dict[str, Any]:
    """Buttons [(action id, label, value), …]."""
    made = [
        {"type": "button", "action_id": action_id, "value": value[:BUTTON_VALUE],
         "text": {"type": "plain_text", "text": label[:BUTTON_TEXT], "emoji": True}}
        for action_id, label, value in buttons
    ]  # fmt: skip
    return {"type": "actions", "elements": made}


def check(text: str, blocks: list[dict[str, Any]]) -> None:
    if not text.strip():
        raise NotAccepted("A Slack message needs a text.")
    if len(text) > TEXT:
        raise NotAccepted(f"A Slack message has at most {TEXT} characters.")
    if len(blocks) > BLOCKS:
        raise NotAccepted(f"A Slack message has at most {BLOCKS} blocks.")


async def take_turn(connection_id: int, channel: str) -> datetime | None:
    """Take this second of a channel, inside the transaction that claims the send; else when the next begins.

    The row is shared by all processes.
    """
    key = f"slack:{connection_id}:{channel}"
    await lock(key)
    held = await rows("SELECT next_at FROM pace WHERE key = ?", key)
    until = when(held[0][0]) if held else None
    if until and until > now():
        return until
    await write("INSERT INTO pace (key, next_at) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET"
                " next_at = excluded.next_at", key, now() + EVERY)  # fmt: skip
    return None


async def post(
    connection_id: int, channel: str, text: str, *, blocks: list[dict[str, Any]] | None = None, thread: str = "",
    key: str = "",
) -> Delivered:  # fmt: skip
    """chat.postMessage. Slack knows no retry key: after an unclear end the same message is not posted again."""
    check(text, blocks or [])
    more: dict[str, Any] = {"unfurl_links": False}
    if blocks:
        more["blocks"] = blocks
    if thread:
        more["thread_ts"] = thread
    if key:
        more["metadata"] = {"event_type": "engawa_message", "event_payload": {"key": key}}
    try:
        answer = await call(connection_id, "chat_postMessage", channel=channel, text=text, **more)
    except SendingFailed as failed:
        await note_error(connection_id, failed.reason)
        raise
    await note_error(connection_id, "")
    return Delivered(str(answer.get("ts", "")))


async def profile_of(connection_id: int, user: str) -> dict[str, Any]:
    """`name`, `email`, `is_email_confirmed`, `team` of a Slack user; empty when Slack does not say."""
    try:
        found = (await call(connection_id, "users_info", user=user)).get("user") or {}
    except NotAccepted:
        return {}
    profile = found.get("profile") or {}
    return {
        "name": profile.get("real_name") or found.get("real_name") or "",
        "email": profile.get("email") or "",
        "is_email_confirmed": found.get("is_email_confirmed", True),
        "is_guest": bool(found.get("is_restricted") or found.get("is_ultra_restricted") or found.get("is_stranger")),
        "team": found.get("team_id") or "",
    }


async def who_are_we(connection_id: int | Known) -> dict[str, str]:
    """auth.test: the test of a connection."""
    found = await call(connection_id, "auth_test")
    return {key: str(found.get(key) or "") for key in ("team_id", "team", "user_id", "bot_id")}


async def call(connection_id: int | Known, method: str, **arguments: Any) -> Any:
    """One method of the Web API through Slack's own client. Raises SendingFailed."""
    connection = connection_id if isinstance(connection_id, Known) else await by_id(connection_id)
    import aiohttp
    from slack_sdk.errors import SlackApiError
    from slack_sdk.web.async_client import AsyncWebClient

    client = AsyncWebClient(
        token=connection.secrets["bot_token"], base_url=settings().slack_api_url, session=await sessions.session(),
        timeout=int(TIMEOUT), retry_handlers=[],
    )  # fmt: skip
    try:
        return await getattr(client, method)(**arguments)
    except SlackApiError as refused:
        raise _meaning(refused.response) from refused
    except aiohttp.ClientConnectorError as away:
        raise TryLater("Slack cannot be reached.", 10) from away
    except (aiohttp.ClientError, TimeoutError) as lost:
        raise Unclear("Slack did not answer in time.") from lost


def _meaning(response: Any) -> SendingFailed:
    """A 429 comes back when Retry-After says; an error of theirs is unclear; the rest will not change."""
    status = int(getattr(response, "status_code", 200))
    data = response.data if isinstance(response.data, dict) else {}
    word = str(data.get("error", ""))
    if status == 429 or word in SAFE_TEMPORARY:
        wait = {k.lower(): v for k, v in (response.headers or {}).items()}.get("retry-after", "30")
        return TryLater("Slack: too many messages at the moment.", float(wait) if str(wait).isdigit() else 30.0)
    if status >= 500 or word in TEMPORARY:
        return Unclear(f"Slack had an error of its own ({word or status}).")
    return NotAccepted(f"Slack refused: {word or status}", word)
