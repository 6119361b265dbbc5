"""Webhook events as the LINE Platform sends them, with the signature over their body.

Source: LINE Developers, "Messaging API reference", section Webhook event objects; field names as in LINE's
published OpenAPI description of webhooks.
"""

import base64
import hashlib
import hmac
import itertools
import os
import time
from dataclasses import dataclass, field
from typing import Any

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
message_numbers = itertools.count(int(time.time() * 1000) * 100_000)


def ulid() -> str:
    """A ULID as in `webhookEventId`: 48 bits of milliseconds, 80 random bits, Crockford base 32."""
    bits = (int(time.time() * 1000) << 80) | int.from_bytes(os.urandom(10), "big")
    return "".join(CROCKFORD[(bits >> shift) & 31] for shift in range(125, -1, -5))


def line_id(name: str, kind: str = "U") -> str:
    """The same id for the same name, of the published form: U (user), C (group) or R (room) and 32 hexadecimals."""
    return kind + hashlib.md5(name.encode()).hexdigest()


def line_signature(secret: str, body: bytes) -> str:
    """`X-Line-Signature`: base64 of HMAC-SHA256 of the raw body, keyed with the channel secret."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def message_id() -> str:
    return str(next(message_numbers))


@dataclass
class Media:
    """Content that a user sent. `polls` transcoding polls still answer `processing`."""

    content: bytes
    content_type: str
    polls: int = 0
    fails: bool = False
    is_gone: bool = False


@dataclass
class ReplyToken:
    """Spent once; alive for about a minute after it was handed out."""

    channel: str
    handed_out: float
    is_spent: bool = False
    chat: str = ""


@dataclass
class LineEvents:
    """Builders of events: `line.text(user, "…")`, `line.follow(user)`. Mixed into FakeLine, which keeps the state."""

    reply_tokens: dict[str, ReplyToken] = field(default_factory=dict)
    media: dict[str, Media] = field(default_factory=dict)
    friends: dict[str, dict[str, Any]] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)
    provider_of: dict[str, str] = field(default_factory=dict)  # of those ids whose provider a test says

    def event(self, kind: str, user: str | None = None, *, reply: bool = True, **more: Any) -> dict:
        """Any event. `group=` or `room=` moves it out of the 1:1 chat; `mode="standby"` and `at=` (ms) as published."""
        source = source_of(user, more.pop("group", None), more.pop("room", None))
        mode = more.pop("mode", "active")
        event = {
            "type": kind,
            "mode": mode,
            "timestamp": more.pop("at", None) or int(time.time() * 1000),
            "source": source,
            "webhookEventId": ulid(),
            "deliveryContext": {"isRedelivery": False},
        }
        if reply and mode == "active":
            event["replyToken"] = self.new_reply_token()
        self.know(user)
        return event | more

    def message(self, user: str, message: dict, **more: Any) -> dict:
        return self.event("message", user, message={"id": message_id(), **message}, **more)

    def text(
        self, user: str, text: str, *, quoted: str | None = None, mention: dict | None = None, **more: Any
    ) -> dict:
        message = {"type": "text", "quoteToken": quote_token(), "text": text}
        message |= {"quotedMessageId": quoted} if quoted else {}
        message |= {"mention": mention} if mention else {}
        return self.message(user, message, **more)

    def sticker(self, user: str, package: str = "446", sticker: str = "1988", **more: Any) -> dict:
        message = {"type": "sticker", "quoteToken": quote_token(), "packageId": package, "stickerId": sticker}
        return self.message(user, message | {"stickerResourceType": "STATIC", "keywords": ["hello"]}, **more)

    def image(self, user: str, content: bytes = b"", content_type: str = "image/jpeg", **more: Any) -> dict:
        message = {"type": "image", "quoteToken": quote_token(), "contentProvider": {"type": "line"}}
        return self._with_content(user, message, Media(content, content_type), more)

    def video(self, user: str, content: bytes, *, polls: int = 1, fails: bool = False, **more: Any) -> dict:
        message = {
            "type": "video",
            "duration": 60_000,
            "quoteToken": quote_token(),
            "contentProvider": {"type": "line"},
        }
        return self._with_content(user, message, Media(content, "video/mp4", polls, fails), more)

    def audio(self, user: str, content: bytes, *, polls: int = 1, fails: bool = False, **more: Any) -> dict:
        message = {"type": "audio", "duration": 60_000, "contentProvider": {"type": "line"}}
        return self._with_content(user, message, Media(content, "audio/m4a", polls, fails), more)

    def file(self, user: str, name: str, content: bytes, **more: Any) -> dict:
        message = {"type": "file", "fileName": name, "fileSize": len(content)}
        return self._with_content(user, message, Media(content, "application/octet-stream"), more)

    def location(self, user: str, title: str, latitude: float, longitude: float, **more: Any) -> dict:
        message = {"type": "location", "title": title, "address": title, "latitude": latitude, "longitude": longitude}
        return self.message(user, message, **more)

    def follow(self, user: str, *, unblocked: bool = False, **more: Any) -> dict:
        self.blocked.discard(user)
        return self.event("follow", user, follow={"isUnblocked": unblocked}, **more)

    def unfollow(self, user: str, **more: Any) -> dict:
        event = self.event("unfollow", user, reply=False, **more)
        self.blocked.add(user)
        return event

    def unsend(self, user: str, message: dict | str, **more: Any) -> dict:
        """The user took a message back; its content is gone."""
        unsent = message if isinstance(message, str) else message["message"]["id"]
        if unsent in self.media:
            self.media[unsent].is_gone = True
        return self.event("unsend", user, reply=False, unsend={"messageId": unsent}, **more)

    def edited(self, user: str, message: dict, text: str, **more: Any) -> dict:
        """`messageEdited`: sent in groups, possibly out of order; the largest timestamp wins."""
        kept = {"id": message["message"]["id"], "type": "text", "quoteToken": quote_token(), "text": text}
        return self.event("messageEdited", user, message=kept, **more)

    def postback(self, user: str, data: str, params: dict | None = None, **more: Any) -> dict:
        return self.event("postback", user, postback={"data": data} | ({"params": params} if params else {}), **more)

    def account_link(self, user: str, nonce: str, result: str = "ok", **more: Any) -> dict:
        reply = result == "ok"
        return self.event("accountLink", user, reply=reply, link={"result": result, "nonce": nonce}, **more)

    def join(self, group: str, **more: Any) -> dict:
        return self.event("join", group=group, **more)

    def leave(self, group: str, **more: Any) -> dict:
        return self.event("leave", group=group, reply=False, **more)

    def know(self, user: str | None, name: str | None = None) -> None:
        """From now on this user has a profile and is a friend."""
        if user and (name or user not in self.friends):
            self.friends[user] = {"userId": user, "displayName": name or f"User {user[1:5]}", "language": "ja"}

    def person(self, name: str, *, provider: str = "") -> str:
        """The id of a friend who is called `name`: another one for each provider that is named."""
        user = line_id(f"{provider} {name}" if provider else name)
        self.know(user, name)
        if provider:
            self.provider_of[user] = provider
        return user

    def new_reply_token(self) -> str:
        raise NotImplementedError

    def _with_content(self, user: str, message: dict, media: Media, more: dict) -> dict:
        event = self.message(user, message, **more)
        self.media[event["message"]["id"]] = media
        return event


def source_of(user: str | None, group: str | None, room: str | None) -> dict:
    by = {"userId": user} if user else {}
    if group:
        return {"type": "group", "groupId": group} | by
    if room:
        return {"type": "room", "roomId": room} | by
    return {"type": "user"} | by


def quote_token() -> str:
    return base64.urlsafe_b64encode(os.urandom(33)).decode()


def redelivered(event: dict) -> dict:
    """The same event once more: everything is equal but `deliveryContext.isRedelivery`."""
    return event | {"deliveryContext": {"isRedelivery": True}}
