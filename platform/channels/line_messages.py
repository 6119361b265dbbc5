"""LINE message objects: making them, and refusing here what LINE would refuse.

Limits: LINE Developers, "Messaging API reference" (message objects, quick reply, rate limits). LINE counts
UTF-16 code units, so an emoji is two.
"""

from __future__ import annotations

import json
from typing import Any

from channels.outcomes import NotAccepted

MOST_MESSAGES, MOST_QUICK_REPLIES, MOST_RECIPIENTS = 5, 13, 500
TEXT, LABEL, DATA, SENDER, BUTTONS_TEXT = 5000, 20, 300, 20, 160
ALT, CARD_TEXT, URI, BUBBLE_BYTES = 400, 2000, 1000, 30 * 1024
INK, ACCENT = "#333333", "#2B4A8B"


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def cut(text: str, most: int) -> str:
    """The beginning of `text` in at most `most` UTF-16 code units, never half a character."""
    if units(text) <= most:
        return text
    kept = text.encode("utf-16-le")[: (most - 1) * 2].decode("utf-16-le", "ignore")
    return kept + "…"


def text(body: str, quick: list[tuple[str, str]] | None = None, sender: str = "") -> dict[str, Any]:
    """A text with quick replies [(label, postback data), …] and the name it is sent under."""
    made: dict[str, Any] = {"type": "text", "text": body}
    if quick:
        made["quickReply"] = {"items": [{"type": "action", "action": postback(*item)} for item in quick]}
    if sender:
        made["sender"] = {"name": cut(sender, SENDER)}
    return made


def postback(label: str, data: str) -> dict[str, Any]:
    short = cut(label, LABEL)
    return {"type": "postback", "label": short, "data": data, "displayText": cut(label, DATA)}


def buttons(body: str, actions: list[dict[str, Any]]) -> dict[str, Any]:
    short = cut(body, BUTTONS_TEXT)
    return {"type": "template", "altText": short, "template": {"type": "buttons", "text": short, "actions": actions}}


def card(title: str, body: str, picture: str, links: list[tuple[str, str]]) -> dict[str, Any]:
    """A Flex bubble: picture, title, text, a button for each (label, address); what is empty is left out."""
    contents = [
        {"type": "text", "text": words, "wrap": True, "color": INK} | look
        for words, look in ((title, {"weight": "bold", "size": "lg"}), (body, {"size": "sm", "lineSpacing": "6px"}))
        if words
    ]
    bubble: dict[str, Any] = {"type": "bubble"}
    if picture:
        bubble["hero"] = {"type": "image", "url": picture, "size": "full", "aspectRatio": "20:13",
                          "aspectMode": "cover"}  # fmt: skip
        if links:
            bubble["hero"]["action"] = link(*links[0])
    if contents:
        bubble["body"] = {"type": "box", "layout": "vertical", "spacing": "md", "contents": contents}
    if links:
        styles: list[dict[str, Any]] = [{"style": "primary", "color": ACCENT}, {"style": "link"}]
        made = [{"type": "button", "action": link(*one), "height": "sm"} | styles[min(n, 1)]
                for n, one in enumerate(links)]  # fmt: skip
        bubble["footer"] = {"type": "box", "layout": "vertical", "spacing": "sm", "contents": made}
    return {"type": "flex", "altText": cut(title or body, ALT), "contents": bubble}


def link(label: str, uri: str) -> dict[str, Any]:
    return {"type": "uri", "label": cut(label, LABEL), "uri": uri}


def split(body: str) -> list[str]:
    """A long answer as texts that LINE takes, at line ends where there are some; at most five."""
    parts: list[str] = []
    rest = body.strip()
    while rest and len(parts) < MOST_MESSAGES:
        if units(rest) <= TEXT:
            parts.append(rest)
            break
        piece = rest.encode("utf-16-le")[: TEXT * 2].decode("utf-16-le", "ignore")
        at = piece.rfind("\n")
        piece = piece[:at] if at > TEXT // 2 else piece
        parts.append(piece)
        rest = rest[len(piece) :].lstrip("\n")
    else:
        if rest and parts:
            parts[-1] = cut(parts[-1], TEXT - 1) + "…"
    return parts


def check(messages: list[dict[str, Any]]) -> None:
    """Raises NotAccepted for what LINE would refuse, before anything leaves."""
    if not 1 <= len(messages) <= MOST_MESSAGES:
        raise NotAccepted(f"LINE takes 1 to {MOST_MESSAGES} messages at once, not {len(messages)}.")
    for message in messages:
        _check_text(message)
        _check_card(message)
        items = message.get("quickReply", {}).get("items")
        if items is not None and not 1 <= len(items) <= MOST_QUICK_REPLIES:
            raise NotAccepted(f"LINE takes 1 to {MOST_QUICK_REPLIES} quick replies, not {len(items)}.")
        sender = message.get("sender", {}).get("name", "")
        if units(sender) > SENDER:
            raise NotAccepted(f"A LINE sender's name has at most {SENDER} characters.")


def _check_card(message: dict[str, Any]) -> None:
    if message.get("type") != "flex":
        return
    if not 1 <= units(str(message.get("altText", ""))) <= ALT:
        raise NotAccepted(f"A LINE card needs words for the notification, {ALT} characters at most.")
    bubble = message.get("contents", {})
    for part in bubble.get("body", {}).get("contents", []):
        if units(str(part.get("text", ""))) > CARD_TEXT:
            raise NotAccepted(f"A text in a LINE card has at most {CARD_TEXT} characters.")
    if len(json.dumps(bubble, ensure_ascii=False).encode()) > BUBBLE_BYTES:
        raise NotAccepted(f"A LINE card has at most {BUBBLE_BYTES // 1024} KB.")


def _check_text(message: dict[str, Any]) -> None:
    if message.get("type") == "text" and not 1 <= units(str(message.get("text", ""))) <= TEXT:
        raise NotAccepted(f"A LINE text has 1 to {TEXT} characters.")
