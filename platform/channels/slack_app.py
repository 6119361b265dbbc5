"""What Slack sends us, through slack-bolt: signature, authorisation and parsing are Bolt's, the listeners only INSERT.

One Bolt app per signing secret (per Slack app), made at its first request. Facts behind each choice: Bolt's default
answers 200 before the listener ran, so `process_before_response`; `token=` would call auth.test on the way, so
`authorize=` from our table; an unknown workspace would be answered at its response_url, so `before_authorize`
stops it; an event without a listener would be a 404, so every kind has one.
"""

from __future__ import annotations

import logging
import re
from typing import Any

from channels.arrivals import Coming, key_of, store
from channels.connections import Known, by_external_id

log = logging.getLogger("engawa.slack")
ANYTHING = re.compile(r"")
_apps: dict[str, Any] = {}


def bolt_app(signing_secret: str) -> Any:
    if signing_secret not in _apps:
        if len(_apps) >= 16:
            _apps.clear()
        _apps[signing_secret] = _made(signing_secret)
    return _apps[signing_secret]


def _made(signing_secret: str) -> Any:
    from slack_bolt.async_app import AsyncApp

    bolt = AsyncApp(
        signing_secret=signing_secret,
        authorize=_authorize,
        before_authorize=_only_known_workspaces,
        process_before_response=True,
    )
    bolt.event(ANYTHING)(_keep)
    bolt.command(ANYTHING)(_keep)
    for kind in ("action", "shortcut", "view_submission", "view_closed", "options"):
        getattr(bolt, kind)(ANYTHING)(_keep)
    return bolt


async def _authorize(team_id: str | None) -> Any:
    from slack_bolt.authorization import AuthorizeResult

    connection = await by_external_id("slack", team_id or "")
    if connection is None:
        return None
    return AuthorizeResult(
        enterprise_id=None,
        team_id=connection.external_id,
        bot_token=connection.secrets["bot_token"],
        bot_id=connection.settings.get("bot_id") or None,
        bot_user_id=connection.settings.get("bot_user_id") or None,
    )


async def _only_known_workspaces(context: Any, body: Any, next: Any) -> Any:
    """Stop here, with a 200, for a workspace that is not connected: nothing would be sent, nothing kept."""
    from slack_bolt.response import BoltResponse

    if body.get("type") in ("url_verification", "app_rate_limited") or body.get("ssl_check"):
        return await next()
    connection = await by_external_id("slack", context.team_id or "")
    if connection is None:
        log.warning("an event of Slack workspace %s, which is not connected", context.team_id)
        return BoltResponse(status=200, body="")
    context["connection"] = connection
    return await next()


async def _keep(body: dict[str, Any], context: Any, ack: Any) -> None:
    await keep(context["connection"], body)
    await ack()


async def keep(connection: Known, body: dict[str, Any]) -> None:
    """Store an event, an interaction or a command under the key that Slack gives it."""
    event = body.get("event") if isinstance(body.get("event"), dict) else None
    if event is not None:
        kind, key, at = str(event.get("type", "event")), str(body.get("event_id") or ""), _event_time(event, body)
    else:
        kind = str(body.get("type") or ("command" if body.get("command") else "interaction"))
        key, at = str(body.get("trigger_id") or ""), None
    because = "" if connection.is_active else "the connection is paused"
    await store(connection.id, [Coming(key or key_of(body), kind, body, at)], ignored_because=because)


def _event_time(event: dict[str, Any], body: dict[str, Any]) -> Any:
    return event.get("event_ts") or event.get("ts") or body.get("event_time")
