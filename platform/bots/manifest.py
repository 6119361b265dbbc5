"""The Slack app's manifest: everything that is otherwise clicked together on api.slack.com."""

from __future__ import annotations

import json
from typing import Any

from core.pages import absolute

SCOPES = [
    "app_mentions:read", "assistant:write", "channels:history", "chat:write", "commands",
    "files:read", "files:write", "groups:history", "im:history", "im:read", "im:write",
    "users:read", "users:read.email",
]  # fmt: skip
EVENTS = [
    "app_mention", "app_uninstalled", "assistant_thread_started", "message.channels",
    "message.groups", "message.im", "tokens_revoked",
]  # fmt: skip


def manifest(name: str = "Engawa", *, socket_mode: bool = False) -> dict[str, Any]:
    address = absolute("/slack/events")
    return {
        "display_information": {
            "name": name,
            "description": "Answers questions and hands over to a person",
            "background_color": "#2c4a8c",
        },
        "features": {
            "app_home": {"home_tab_enabled": False, "messages_tab_enabled": True,
                         "messages_tab_read_only_enabled": False},
            "bot_user": {"display_name": name, "always_online": True},
            "slash_commands": [
                {"command": "/engawa", "url": address, "description": "Ask a question", "usage_hint": "your question",
                 "should_escape": False}
            ],
        },
        "oauth_config": {"scopes": {"bot": SCOPES}},
        "settings": {
            "event_subscriptions": {"request_url": address, "bot_events": EVENTS},
            "interactivity": {"is_enabled": True, "request_url": address},
            "org_deploy_enabled": False,
            "socket_mode_enabled": socket_mode,
            "token_rotation_enabled": False,
        },
    }  # fmt: skip


def as_yaml(value: Any, depth: int = 0) -> str:
    """YAML of dicts, lists and scalars; every text is quoted as JSON, which YAML reads."""
    indent = "  " * depth
    lines = []
    if isinstance(value, dict):
        for key, inner in value.items():
            nested = isinstance(inner, dict | list)
            lines.append(f"{indent}{key}:" + ("\n" + as_yaml(inner, depth + 1) if nested else f" {json.dumps(inner)}"))
    else:
        for inner in value:
            if isinstance(inner, dict):
                text = as_yaml(inner, depth + 1)
                lines.append(f"{indent}- " + text.lstrip())
            else:
                lines.append(f"{indent}- {json.dumps(inner)}")
    return "\n".join(lines)
