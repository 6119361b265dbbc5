"""Segment's calls (https://segment.com/docs/connections/spec/): identify, group, track, page, screen, alias."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from core.i18n import _
from customers.tracking.arrived import Arrived, new_message_id, right_time
from customers.tracking.wire import BadRequest, Body, Id, Reading, a_name, a_time, an_id, decoded, dwell, text_of

CALLS = ("identify", "group", "track", "page", "screen", "alias")


class Context(msgspec.Struct, gc=False):
    traits: dict[str, Any] | None = None
    groupId: Id = None


class Call(msgspec.Struct, gc=False):
    """One call as it is sent; what we do not use is not read."""

    type: str = ""
    event: Any = None
    name: Any = None
    userId: Id = None
    anonymousId: Id = None
    previousId: Id = None
    groupId: Id = None
    messageId: Id = None
    timestamp: Any = None
    originalTimestamp: Any = None
    sentAt: Any = None
    properties: dict[str, Any] | None = None
    traits: dict[str, Any] | None = None
    context: Context | None = None


_call = msgspec.json.Decoder(Call)


def read(body: Body, received: datetime) -> Reading:
    """A batch: what is right is kept, what is wrong is named."""
    sent = a_time(body.sentAt)
    found = Reading([], [])
    for at, raw in enumerate(body.batch or []):
        try:
            found.arrived.append(one(bytes(raw), "", received, sent))
        except BadRequest as wrong:
            found.mistakes.append((at, wrong.sentence))
    return found


def one(raw: bytes, kind: str, received: datetime, sent: datetime | None = None) -> Arrived:
    """One call; `kind` when the address said which, else its `type`. Raises BadRequest."""
    call: Call = decoded(raw, _call, Call)
    kind = kind or call.type
    if kind not in CALLS:
        raise BadRequest(_("The type of a call is one of: %(types)s.", types=", ".join(CALLS)))
    # What is not said is not looked at: this is every event's way.
    user = "" if call.userId is None else an_id(call.userId, "userId")
    anonymous = "" if call.anonymousId is None else an_id(call.anonymousId, "anonymousId")
    if not user and not anonymous:
        raise BadRequest(_("A call needs a userId or an anonymousId."))
    original = None if call.originalTimestamp is None else a_time(call.originalTimestamp)
    original = original or a_time(call.timestamp)
    at = right_time(original, (call.sentAt is not None and a_time(call.sentAt)) or sent, received)
    made = Arrived(kind, "", an_id(call.messageId, "messageId") or new_message_id(), at, user, anonymous)
    context = call.context
    if context is not None and context.groupId is not None:
        made.group = an_id(context.groupId, "groupId")
    return _SAID[kind](made, call, context)


def _track(made: Arrived, call: Call, context: Context | None) -> Arrived:
    made.name, made.properties = a_name(call.event), text_of(call.properties)
    return made


def _page(made: Arrived, call: Call, context: Context | None) -> Arrived:
    made.name = a_name(call.name) if call.name else made.kind
    made.properties, made.dwell_ms = text_of(call.properties), dwell(call.properties)
    return made


def _identify(made: Arrived, call: Call, context: Context | None) -> Arrived:
    made.traits = ((context.traits or {}) if context else {}) | (call.traits or {})
    return made


def _group(made: Arrived, call: Call, context: Context | None) -> Arrived:
    made.group, made.traits = an_id(call.groupId, "groupId"), call.traits or {}
    if not made.group:
        raise BadRequest(_("group needs a groupId."))
    return made


def _alias(made: Arrived, call: Call, context: Context | None) -> Arrived:
    made.previous = an_id(call.previousId, "previousId")
    if not made.previous or not made.user:
        raise BadRequest(_("alias needs a previousId and a userId."))
    return made


_SAID = {"track": _track, "page": _page, "screen": _page, "identify": _identify, "group": _group, "alias": _alias}
