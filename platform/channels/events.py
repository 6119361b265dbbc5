"""Facts of the ways in and out."""

from __future__ import annotations

from core.events import Event


class ArrivalStored(Event, frozen=True):
    """A webhook event was stored; whoever understands it may work on it now."""

    arrival_id: int
