"""Product events: what clients of Segment and PostHog send, and what our own rooms say; stored once and counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from core.clock import now
from core.database import rows
from core.errors import Refused
from core.i18n import _
from customers.tracking.arrived import AHEAD, LARGEST, LONGEST_NAME, Arrived, Tracked, new_message_id
from customers.tracking.recounting import age
from customers.tracking.storing import forget_seen, store

__all__ = ["Tracked", "age", "event_names", "forget_seen", "track", "track_many"]


async def track(name: str, **said: Any) -> bool:
    """Store one event (fields of Tracked); False when its `message_id` was seen before."""
    return await track_many([Tracked(name=name, **said)]) == 1


async def track_many(events: Sequence[Tracked]) -> int:
    """Store events and count them; returns how many were new. Raises Refused, then nothing is stored."""
    return await store([_arrived(event) for event in events])


def _arrived(event: Tracked) -> Arrived:
    if not event.name or len(event.name) > LONGEST_NAME or event.name.startswith("@@"):
        raise Refused(_("An event needs a name of at most 120 characters."))
    if len(event.message_id) > 100:
        raise Refused(_("A message id has at most 100 characters."))
    properties = msgspec.json.encode(event.properties).decode()
    if len(properties) > LARGEST:
        raise Refused(_("An event has at most 32 KB."))
    moment = now()
    at = min(event.at or moment, moment + AHEAD)  # a clock that runs ahead must not count in the future
    return Arrived(event.kind, event.name, event.message_id or new_message_id(), at, properties=properties,
                   anonymous=event.anonymous_id or "", person_id=event.person_id,
                   account_id=event.account_id)  # fmt: skip


async def event_names(account_id: int | None = None) -> list[str]:
    """Names of events that came, for the browser to offer: of everybody, or of one company. Not our own counts (@@)."""
    of_one, parameters = ("AND account_id = ?", [account_id]) if account_id else ("", [])
    return [str(row[0]) for row in await rows(
        f"SELECT DISTINCT metric FROM account_metric WHERE metric NOT LIKE '@@%' {of_one} ORDER BY metric LIMIT 300",
        *parameters)]  # fmt: skip
