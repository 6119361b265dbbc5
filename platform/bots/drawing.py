"""The same answer as LINE messages and as Slack blocks."""

from __future__ import annotations

from typing import Any

from channels import line_messages as lm
from channels import slack


def for_line(words: str, content: dict[str, Any]) -> list[dict[str, Any]]:
    """Texts with quick replies; the button of a late answer is a template, because quick replies vanish."""
    buttons = [(label, data) for label, data in content.get("buttons", [])][: lm.MOST_QUICK_REPLIES]
    if content.get("type") == "later":
        return [lm.buttons(words, [lm.postback(label, data) for label, data in buttons[:4]])]
    texts = lm.split(words)
    messages = [lm.text(text, sender=str(content.get("sender", ""))) for text in texts[:-1]]
    return [*messages, lm.text(texts[-1] if texts else "…", quick=buttons, sender=str(content.get("sender", "")))]


def for_slack(words: str, content: dict[str, Any]) -> tuple[str, list[dict[str, Any]]]:
    """Plain text for notifications, blocks to look at."""
    shown = slack.plain(words)
    url, title = content.get("url"), content.get("title")
    if url and title:
        shown = shown.replace(slack.plain(url), slack.link(url, title))
    text = shown[: slack.TEXT]
    if len(shown) > slack.SECTION:
        return text, []
    blocks = [slack.section(shown)]
    buttons = content.get("buttons", [])
    if buttons:
        blocks.append(slack.actions([(f"engawa_{n}", label, data) for n, (label, data) in enumerate(buttons)]))
    return text, blocks
