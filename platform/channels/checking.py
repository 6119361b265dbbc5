"""Asking a platform who we are: before a connection is kept, and whenever an administrator wants to know."""

from __future__ import annotations

from typing import Any

from channels import connections, line, slack
from channels.models import Connection
from channels.outcomes import SendingFailed
from core.clock import now
from core.errors import Refused
from core.i18n import _


async def connect(kind: str, name: str, secrets: dict[str, str]) -> Connection:
    """Store a connection once the platform accepted its token; its own id comes from the platform."""
    draft = connections.Known(0, kind, name, "", "active", {}, {key: value.strip() for key, value in secrets.items()})
    try:
        external_id, settings = await _ask(draft)
    except SendingFailed as failed:
        raise Refused(_("The platform did not accept this: %(reason)s", reason=failed.reason)) from failed
    return await connections.add(kind, name, external_id, secrets, settings)


async def check(connection_id: int) -> dict[str, Any]:
    """Ask again; the answer is kept beside the connection. Raises Refused with the platform's reason."""
    connection = await connections.by_id(connection_id)
    try:
        _external, settings = await _ask(connection)
        if connection.kind == "line":
            settings["quota"] = await line.quota(connection_id)
    except SendingFailed as failed:
        await connections.note_error(connection_id, failed.reason)
        raise Refused(failed.reason) from failed
    await connections.change_settings(connection_id, **settings, checked_at=now().isoformat())
    await connections.note_error(connection_id, "")
    return settings


async def _ask(connection: connections.Known) -> tuple[str, dict[str, Any]]:
    if connection.kind == "line":
        me = await line.bot_info(connection)
        return me["user_id"], {"account_name": me["name"]}
    found = await slack.who_are_we(connection)
    return found["team_id"], {"team_name": found["team"], "bot_user_id": found["user_id"], "bot_id": found["bot_id"]}
