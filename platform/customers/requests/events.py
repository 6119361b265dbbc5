"""What of requests is told upward."""

from __future__ import annotations

from core.events import Event


class RequestShipped(Event, frozen=True):
    """Once for each time that it was decided."""

    request_id: int
    decision_id: int
