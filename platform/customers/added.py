"""The facts that people were added: of their own, because `people` and imports tell them and the others stand above."""

from __future__ import annotations

from core.events import Event


class PersonAdded(Event, frozen=True):
    """One person came: by themselves, by staff, by sign-on or by a program that adds them. `source` says which."""

    person_id: int
    source: str = ""


class PeopleAdded(Event, frozen=True):
    """People were brought in from another system, by a file, a webhook or an upsert (at most 500 in one fact).

    A fact apart: whoever greets a newcomer must not greet two hundred thousand because somebody imported a list.
    """

    person_ids: tuple[int, ...]
    source: str
