"""Importing the SDKs before they are needed: each takes about a second, and an acknowledgement has two in all."""

from __future__ import annotations

from channels.connections import all_of
from core.tasks import in_thread


async def warm_up() -> None:
    """Only what is connected; an installation without LINE never pays for its SDK."""
    if await all_of("slack"):
        await in_thread(_slack)
    if await all_of("line"):
        await in_thread(_line)


def _slack() -> None:
    import slack_bolt.async_app
    import slack_bolt.request.async_request  # noqa: F401


def _line() -> None:
    import linebot.v3.messaging  # noqa: F401
