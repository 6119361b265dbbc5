"""Facts of the index."""

from __future__ import annotations

from core.events import Event


class DocumentOutdated(Event, frozen=True):
    """An older release analysed it: whoever owns the thing puts it again."""

    kind: str
    id: int
