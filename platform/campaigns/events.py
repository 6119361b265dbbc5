"""Facts that campaigns tell upward."""

from __future__ import annotations

from core.events import Event


class StepFinished(Event, frozen=True):
    """Every delivery of a step has its final state."""

    step_id: int


class LinkFollowed(Event, frozen=True):
    """Somebody who allowed to be seen followed a link of a journey's mail, for the first time."""

    delivery_id: int


class Unsubscribed(Event, frozen=True):
    """A person refused a topic by the link or the header of a mail."""

    delivery_id: int
