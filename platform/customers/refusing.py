"""The fact that somebody refused, of its own, because `consent` tells it and the other facts stand above."""

from __future__ import annotations

from core.events import Event


class ConsentRefused(Event, frozen=True):
    """Told only of people for whom something waits on that channel."""

    person_id: int
    topic: str
    channel: str


class Blocked(Event, frozen=True):
    """Somebody known blocked one of our channels, or is not there any more."""

    person_id: int
    channel: str
    connection_id: int
