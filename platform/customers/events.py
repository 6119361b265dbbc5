"""Facts told upward, and `track`: what people do in the customer's product."""

from __future__ import annotations

from core.events import Event
from customers.added import PeopleAdded, PersonAdded
from customers.refusing import Blocked, ConsentRefused
from customers.requests.events import RequestShipped
from customers.tracking import Tracked, track, track_many


class TierChanged(Event, frozen=True):
    """`at` tells one change from the next."""

    account_id: int
    tier: str = ""
    at: str = ""


class HealthChanged(Event, frozen=True):
    """The account's health moved to another band (good, watch, risk)."""

    account_id: int


class HealthFell(Event, frozen=True):
    """An alert was raised: the score lost as much as the rule says. Once for one fall."""

    account_id: int
    alert_id: int


class PhaseChanged(Event, frozen=True):
    """`at` tells one change from the next."""

    account_id: int
    phase: str
    at: str = ""


class AccountsMerged(Event, frozen=True):
    """`gone_id` lives on as `kept_id`: rooms move what they keep about it."""

    kept_id: int
    gone_id: int


class PeopleMerged(Event, frozen=True):
    """`gone_id` lives on as `kept_id`."""

    kept_id: int
    gone_id: int


class PersonErased(Event, frozen=True):
    """Nothing of the person is left but a row without a name; rooms with copies elsewhere drop them."""

    person_id: int


class MergeUndone(Event, frozen=True):
    """`back_id` is a record of its own again. `kind`: account or person."""

    kind: str
    kept_id: int
    back_id: int


class SegmentChanged(Event, frozen=True):
    """People entered or left a segment (at most 500 in one fact)."""

    segment_id: int
    entered: tuple[int, ...] = ()
    left: tuple[int, ...] = ()


class ImportApplied(Event, frozen=True):
    batch_id: int


__all__ = [
    "AccountsMerged",
    "Blocked",
    "ConsentRefused",
    "HealthChanged",
    "HealthFell",
    "ImportApplied",
    "MergeUndone",
    "PeopleAdded",
    "PeopleMerged",
    "PersonAdded",
    "PersonErased",
    "PhaseChanged",
    "RequestShipped",
    "SegmentChanged",
    "TierChanged",
    "Tracked",
    "track",
    "track_many",
]
