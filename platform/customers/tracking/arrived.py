"""One thing that arrived, in our own words, whichever protocol it came by."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

LARGEST = 32_768  # bytes of one event, as in the Segment specification
LARGEST_BATCH = 500_000
MOST_IN_BATCH = 10_000  # more do not fit into so many bytes if they say anything
LONGEST_NAME = 120
LONGEST_ID = 250
AHEAD = timedelta(minutes=5)
EARLIEST = 2000  # a clock that says an earlier year is not set


class Arrived(msgspec.Struct, gc=False):  # thousands at once, and none leads back to itself
    """An event, or something said about a person or company.

    `user` and `anonymous` are the sender's own ids; `person_id` and `account_id` ours, once they are known.
    `properties` is JSON text. `source` and `is_trusted` are the write key's: records change only for a trusted one.
    """

    kind: str  # track, page, screen, identify, group, alias
    name: str
    message_id: str
    at: datetime
    user: str = ""
    anonymous: str = ""
    previous: str = ""
    group: str = ""
    properties: str = "{}"
    traits: dict[str, Any] | None = None
    dwell_ms: int | None = None
    source: str = ""
    is_trusted: bool = False
    person_id: int | None = None
    account_id: int | None = None

    @property
    def visitor(self) -> str | None:
        """By what an event without a person is found again: the anonymous id, else the unknown user's."""
        return self.anonymous or (f"user:{self.user}" if self.user else None)


class Tracked(msgspec.Struct, frozen=True, kw_only=True):
    """One thing somebody did, as our own rooms say it. Without `message_id` it counts each time it is said."""

    name: str
    person_id: int | None = None
    account_id: int | None = None
    anonymous_id: str | None = None
    at: datetime | None = None
    message_id: str = ""
    kind: str = "track"
    properties: dict[str, Any] = {}


def new_message_id() -> str:
    return secrets.token_hex(16)


def right_time(original: datetime | None, sent: datetime | None, received: datetime) -> datetime:
    """timestamp = receivedAt − (sentAt − originalTimestamp), so that a wrong clock does not matter.

    Never in the future, nor before the year 2000: then it is when we heard of it.
    """
    if original is None:
        return received
    try:
        at = received - (sent - original) if sent is not None else original.astimezone(UTC)
    except OverflowError:
        return received
    return at if at.year >= EARLIEST and at <= received else received
