"""What happened: the timeline, product events, and the numbers derived from them."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.fields import Moment


class Touchpoint(Model):
    """One thing that happened between us and a customer, on any channel: the timeline."""

    id = fields.BigIntField(primary_key=True)
    at = Moment()
    kind = fields.CharField(max_length=60)  # room.past_tense: community.asked
    person: Any = fields.ForeignKeyField("customers.Person", related_name="touchpoints", null=True,
                                         on_delete=fields.CASCADE)  # fmt: skip
    account: Any = fields.ForeignKeyField("customers.Account", related_name="touchpoints", null=True,
                                          on_delete=fields.CASCADE)  # fmt: skip
    channel = fields.CharField(max_length=16, default="web")
    about_kind = fields.CharField(max_length=40, default="")
    about_id = fields.BigIntField(null=True)
    data: Any = fields.JSONField(default=dict)
    key = fields.CharField(max_length=120, null=True, unique=True)

    person_id: int | None
    account_id: int | None

    class Meta:
        table = "touchpoint"
        indexes = [
            Index(fields=("person_id", "at", "id"), name="touchpoint_person"),
            Index(fields=("account_id", "at", "id"), name="touchpoint_account"),
            Index(fields=("kind", "at"), name="touchpoint_kind"),
        ]


class ProductEvent(Model):
    """What people did in the customer's product (Segment's `track`, `page`, `screen`); append-only.

    Whose it is may be known later: until then `person_id` is empty and `anonymous_id` says which visitor it was.
    """

    id = fields.BigIntField(primary_key=True)
    message_id = fields.CharField(max_length=100)
    name = fields.CharField(max_length=120)
    kind = fields.CharField(max_length=12, default="track")
    person_id = fields.BigIntField(null=True)
    account_id = fields.BigIntField(null=True)
    anonymous_id = fields.CharField(max_length=254, null=True)
    source = fields.CharField(max_length=60, db_default="")  # of the write key
    dwell_ms = fields.IntField(null=True)  # how long a page was looked at
    properties: Any = fields.JSONField(default=dict)
    at = Moment()
    received_at = Moment()

    class Meta:
        table = "event"
        indexes = [Index(fields=("person_id", "name", "at"), name="event_person")]


class EventSeen(Model):
    """Deduplication of events, unpartitioned, pruned after 30 days."""

    id = fields.BigIntField(primary_key=True)
    message_id = fields.CharField(max_length=100, unique=True)
    received_on = fields.DateField()

    class Meta:
        table = "event_seen"
        indexes = [Index(fields=("received_on",), name="event_seen_received")]


class UsageDay(Model):
    """Events of one name by one person for one account (0: none) on one local day: what windows are aged from."""

    id = fields.BigIntField(primary_key=True)
    person_id = fields.BigIntField()
    account_id = fields.BigIntField(db_default=0)
    name = fields.CharField(max_length=120)
    day = fields.DateField()
    count = fields.BigIntField(default=0)

    class Meta:
        table = "usage_day"
        unique_together = (("person_id", "name", "day", "account_id"),)
        indexes = [
            Index(fields=("account_id", "name", "day"), name="usage_day_account_name"),
            Index(fields=("day",), name="usage_day_day"),
        ]


class PersonMetric(Model):
    """Rolled-up counts per person and event name: last 7, 30, 90 days, ever, and when last."""

    id = fields.BigIntField(primary_key=True)
    person_id = fields.BigIntField()
    metric = fields.CharField(max_length=120)
    d7 = fields.BigIntField(default=0)
    d30 = fields.BigIntField(default=0)
    d90 = fields.BigIntField(default=0)
    total = fields.BigIntField(default=0)
    last_at = Moment(null=True)
    place = fields.BigIntField(null=True)  # as `customer_place` has it, kept by triggers; None: no living customer

    class Meta:
        table = "person_metric"
        unique_together = (("person_id", "metric"),)
        indexes = [
            Index(
                fields=("metric", "d30", "person_id", "place", "d7", "d90", "total", "last_at"),
                name="person_metric_placed",
            )
        ]


class AccountMetric(Model):
    """The same per account."""

    id = fields.BigIntField(primary_key=True)
    account_id = fields.BigIntField()
    metric = fields.CharField(max_length=120)
    d7 = fields.BigIntField(default=0)
    d30 = fields.BigIntField(default=0)
    d90 = fields.BigIntField(default=0)
    total = fields.BigIntField(default=0)
    last_at = Moment(null=True)

    class Meta:
        table = "account_metric"
        unique_together = (("account_id", "metric"),)


class WriteKey(Model):
    """What a system sends product events with; only a hash of the key is kept.

    `source` is the system's name, as in imports: ids that it uses are looked up among those. `is_trusted` says that
    the key is kept secret, on a server: only then does what it says about somebody change records. The key of a web
    page is known to every visitor.
    """

    id = fields.BigIntField(primary_key=True)
    source = fields.CharField(max_length=60)
    name = fields.CharField(max_length=120)
    key_hash = fields.CharField(max_length=64, unique=True)
    hint = fields.CharField(max_length=8)
    is_trusted = fields.BooleanField(default=True)
    created_by: Any = fields.ForeignKeyField("customers.Person", related_name="write_keys", null=True,
                                             on_delete=fields.SET_NULL)  # fmt: skip
    created_at = Moment()
    revoked_at = Moment(null=True)
    used_at = Moment(null=True)
    accepted = fields.BigIntField(default=0)
    refused = fields.BigIntField(default=0)
    last_refusal = fields.CharField(max_length=300, default="")
    refused_at = Moment(null=True)

    created_by_id: int | None

    class Meta:
        table = "write_key"


class PersonHabit(Model):
    """Of the last 90 days: the local hour in which a person does most, and the channel they write on most. Nightly."""

    id = fields.BigIntField(primary_key=True)
    person: Any = fields.ForeignKeyField("customers.Person", related_name="habits", unique=True,
                                         on_delete=fields.CASCADE)  # fmt: skip
    hour = fields.IntField(null=True)
    channel = fields.CharField(max_length=16, default="")

    class Meta:
        table = "person_habit"


class HealthSnapshot(Model):
    """An account's score on one day, with what it was made of."""

    id = fields.BigIntField(primary_key=True)
    account: Any = fields.ForeignKeyField("customers.Account", related_name="health_history", on_delete=fields.CASCADE)
    day = fields.DateField()
    score = fields.IntField(null=True)
    coverage = fields.IntField(default=0)
    reasons: Any = fields.JSONField(default=list)

    account_id: int

    class Meta:
        table = "health_snapshot"
        unique_together = (("account", "day"),)


class AccountNote(Model):
    """What staff wrote about an account or a person, for staff only."""

    id = fields.BigIntField(primary_key=True)
    account: Any = fields.ForeignKeyField("customers.Account", related_name="staff_notes", null=True,
                                          on_delete=fields.CASCADE)  # fmt: skip
    person: Any = fields.ForeignKeyField("customers.Person", related_name="staff_notes", null=True,
                                         on_delete=fields.CASCADE)  # fmt: skip
    author: Any = fields.ForeignKeyField("customers.Person", related_name="notes_written", null=True,
                                         on_delete=fields.SET_NULL)  # fmt: skip
    body = fields.TextField()
    created_at = Moment()

    account_id: int | None
    person_id: int | None
    author_id: int | None

    class Meta:
        table = "account_note"
        indexes = [Index(fields=("account_id", "id"), name="account_note_account"),
                   Index(fields=("person_id", "id"), name="account_note_person")]  # fmt: skip
