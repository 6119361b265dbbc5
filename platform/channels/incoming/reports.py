"""What a mail server says about a mail of ours: bounces (RFC 3464) and complaints (ARF, RFC 5965)."""

from __future__ import annotations

import re
from email.message import Message

import msgspec

from channels.incoming.reading import parts, text_of

STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
VERP = re.compile(r"^bounce\+([\w-]{16,64})@", re.I)
DEAD = {("1", None), ("0", "0"), ("2", "1")}  # bad address, unspecified, mailbox disabled (RFC 3463)


class Report(msgspec.Struct, frozen=True):
    """`kind`: dead (never again), soft (for now), complaint, delayed. `references`: Message-IDs it may be about."""

    kind: str
    reason: str
    references: tuple[str, ...]


def key_in(address: str) -> str:
    """The delivery's key in a VERP envelope sender of ours; empty when there is none."""
    found = VERP.match(address.strip())
    return found.group(1) if found else ""


def report_of(message: Message) -> Report | None:
    """A delivery status notification or a complaint; None for any other mail."""
    if message.get_content_type() != "multipart/report":
        return None
    found = {part.get_content_type(): part for part in parts(message)}
    if "message/delivery-status" in found:
        return _bounce(found["message/delivery-status"], found)
    if "message/feedback-report" in found:
        fields = _fields(found["message/feedback-report"])
        kind = fields.get("feedback-type", "").lower()
        return Report("complaint" if kind != "not-spam" else "delayed", f"feedback: {kind}"[:200], _references(found))
    return None


def _bounce(part: Message, found: dict[str, Message]) -> Report:
    fields = _fields(part)
    action, status = fields.get("action", "").lower(), fields.get("status", "")
    said = fields.get("diagnostic-code", "") or status
    return Report(_kind(action, status), f"{status} {said}".strip()[:300], _references(found))


def _kind(action: str, status: str) -> str:
    code = STATUS.search(status)
    if action in ("delayed", "delivered", "relayed", "expanded"):
        return "delayed"
    if action != "failed" or code is None:
        return "soft"
    group, subject, detail = code.groups()
    is_dead = group == "5" and ((subject, None) in DEAD or (subject, detail) in DEAD)
    return "dead" if is_dead else "soft"


def _fields(part: Message) -> dict[str, str]:
    """The fields of all blocks; the parser makes each block a message of its own, or leaves the text."""
    payload = part.get_payload()
    blocks = payload if isinstance(payload, list) else []
    found = {name.lower(): " ".join(str(value).split()) for block in blocks[:20] for name, value in block.items()}
    if found:
        return found
    lines = re.findall(r"(?m)^([\w-]{2,40}):[ \t]*(.{0,500})$", str(payload)[:20_000])
    return {name.lower(): value.strip() for name, value in lines}


def _references(found: dict[str, Message]) -> tuple[str, ...]:
    """Message-IDs of the mail that came back, which is attached whole or by its headers."""
    text = ""
    for kind in ("message/rfc822", "text/rfc822-headers"):
        if (part := found.get(kind)) is not None:
            payload = part.get_payload()
            inner = payload[0] if isinstance(payload, list) and payload else None
            text += f"Message-ID: {inner.get('message-id', '')}\n" if isinstance(inner, Message) else text_of(part)
    return tuple(re.findall(r"(?im)^message-id:\s*<([^<>\s]{3,250})>", text)[:5])
