"""PostHog's capture API: `/batch/` and single events; `$set`, `$identify`, `$groupidentify`, `$create_alias`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from core.i18n import _
from customers.tracking.arrived import Arrived, new_message_id, right_time
from customers.tracking.wire import BadRequest, Body, Id, Reading, a_name, a_time, an_id, decoded, dwell, text_of

PAGES = {"$pageview": "page", "$screen": "screen"}
COMPANY = ("company", "account", "organization", "team")


class Captured(msgspec.Struct, gc=False):
    event: Any = None
    distinct_id: Id = None
    uuid: Id = None
    timestamp: Any = None
    properties: dict[str, Any] | None = None
    set: dict[str, Any] | None = msgspec.field(name="$set", default=None)


_captured = msgspec.json.Decoder(Captured)


def read(body: Body, received: datetime) -> Reading:
    sent = a_time(body.sent_at) or a_time(body.sentAt)
    found = Reading([], [])
    for at, raw in enumerate(body.batch or []):
        try:
            found.arrived.append(one(bytes(raw), received, sent))
        except BadRequest as wrong:
            found.mistakes.append((at, wrong.sentence))
    return found


def one(raw: bytes, received: datetime, sent: datetime | None) -> Arrived:
    """One captured event. Raises BadRequest."""
    event: Captured = decoded(raw, _captured, Captured)
    name, said = a_name(event.event), event.properties or {}
    who = an_id(event.distinct_id if event.distinct_id is not None else said.get("distinct_id"), "distinct_id")
    if not who:
        raise BadRequest(_("An event needs a distinct_id."))
    at = right_time(a_time(event.timestamp), sent, received)
    made = Arrived("track", name, an_id(event.uuid, "uuid") or new_message_id(), at)
    if said.get("$process_person_profile") is False:
        made.anonymous = who
    else:
        made.user = who
    made.group = _company(said.get("$groups"))
    made.traits = event.set or said.get("$set") or None
    if made.traits is not None and not isinstance(made.traits, dict):
        raise BadRequest(_("Properties are an object."))
    return _said(made, name, said)


def _said(made: Arrived, name: str, said: dict[str, Any]) -> Arrived:
    if name == "$groupidentify":
        made.kind, made.user, made.anonymous = "group", "", ""
        made.group, traits = an_id(said.get("$group_key"), "$group_key"), said.get("$group_set")
        made.traits = traits if isinstance(traits, dict) else {}
    elif name == "$create_alias":
        made.kind, made.previous = "alias", an_id(said.get("distinct_id"), "distinct_id")
        made.user = an_id(said.get("alias"), "alias")
        if not made.previous or not made.user:
            raise BadRequest(_("alias needs a previousId and a userId."))
    elif name in {"$identify", "$set"}:
        made.kind, made.anonymous = "identify", an_id(said.get("$anon_distinct_id"), "$anon_distinct_id")
    elif name in PAGES:
        made.kind = made.name = PAGES[name]
        made.properties, made.dwell_ms = text_of(said), dwell(said)
    else:
        made.properties = text_of(said)
    return made


def _company(groups: Any) -> str:
    """Of several kinds of group the one that is the company."""
    if not isinstance(groups, dict) or not groups:
        return ""
    kind = next((one for one in COMPANY if one in groups), next(iter(groups)))
    value = groups[kind]
    return an_id(value, "$groups") if isinstance(value, str | int | float) else ""
