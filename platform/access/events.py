"""Facts told upward."""

from __future__ import annotations

from core.events import Event


class SignedIn(Event, frozen=True):
    person_id: int
    session_id: int


class RoleChanged(Event, frozen=True):
    """Roles of this person were given or taken."""

    person_id: int


class GrantChanged(Event, frozen=True):
    """A grant was given or revoked; `scope` is like `board:3`."""

    person_id: int
    grant_id: int
    scope: str
