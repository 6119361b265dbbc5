"""What this room keeps per process."""

from __future__ import annotations

from channels import connections, line, slack_app


def forget_all() -> None:
    connections._opened.clear()
    connections.forget()
    slack_app._apps.clear()
    line._clients.clear()
