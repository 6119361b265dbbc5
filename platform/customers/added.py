"""The fact that somebody was added: of its own, because `people` tells it and the other facts stand above."""

from __future__ import annotations

from core.events import Event


class PersonAdded(Event, frozen=True):
    """Somebody was added by themselves, by staff, by a program or by a product; an import tells of itself instead."""

    person_id: int
