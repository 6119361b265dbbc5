"""What a human needs to know on taking over: why, who, and what was said and shown."""

from __future__ import annotations

from typing import Any

from customers.models import Account
from inbox.models import Conversation, Message

TURNS = 12


async def summary_of(conversation: Conversation) -> dict[str, Any]:
    """Reason, the last turns, the articles already shown, attachments, and the account as it is now."""
    last = await Message.filter(conversation_id=conversation.id, sender__in=("person", "bot", "staff"))\
        .order_by("-at", "-id").limit(TURNS)  # fmt: skip
    turns = list(reversed(last))
    return {
        "reason": conversation.waiting_reason,
        "question": next((m.body[:300] for m in reversed(turns) if m.sender == "person" and m.body), ""),
        "turns": [{"sender": m.sender, "body": m.body[:200], "at": m.at.isoformat()} for m in turns],
        "shown": _shown(turns),
        "attachments": [item for m in turns for item in m.data.get("attachments", [])],
        "account": await _account(conversation.account_id),
    }


def _shown(turns: list[Message]) -> list[dict[str, str]]:
    found = {item["url"]: item["title"] for m in turns for item in m.data.get("sources", [])}
    return [{"url": url, "title": title} for url, title in found.items()]


async def _account(account_id: int | None) -> dict[str, Any]:
    account = await Account.get_or_none(id=account_id) if account_id else None
    if account is None:
        return {}
    return {
        "name": account.name, "tier": account.tier, "health": account.health, "phase": account.phase,
        "renews_on": account.renews_on.isoformat() if account.renews_on else None,
    }  # fmt: skip
