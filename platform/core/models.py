"""Tables that every room stands on: promises, ticks, facts, the audit log, brands, media, workers."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.fields import Moment


class Promise(Model):
    """A job that will run if and only if the transaction that wrote it was committed."""

    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=120)
    arguments: Any = fields.JSONField(default=dict)
    lane = fields.CharField(max_length=16, default="default")
    key = fields.CharField(max_length=200, null=True)
    state = fields.CharField(max_length=12, default="waiting")  # waiting, running, done, dead
    due_at = Moment()
    lease_until = Moment(null=True)
    worker = fields.CharField(max_length=64, null=True)
    attempts = fields.IntField(default=0)
    last_error = fields.TextField(null=True)
    outcome = fields.TextField(null=True)
    created_at = Moment()
    started_at = Moment(null=True)
    finished_at = Moment(null=True)

    class Meta:
        table = "promise"
        indexes = [
            Index(fields=("state", "lane", "due_at"), name="promise_state_lane_due"),
            Index(fields=("finished_at",), name="promise_finished"),
        ]


class Tick(Model):
    """One occurrence of a schedule: UNIQUE(job, tick) is what keeps two schedulers from doubling it."""

    id = fields.BigIntField(primary_key=True)
    job = fields.CharField(max_length=120)
    tick = Moment()

    class Meta:
        table = "tick"
        unique_together = (("job", "tick"),)


class Fact(Model):
    """Something that happened, told upward; the runner turns it into one promise per listener."""

    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=120)
    body: Any = fields.JSONField()
    created_at = Moment()
    is_told = fields.BooleanField(default=False)

    class Meta:
        table = "fact"
        indexes = [Index(fields=("is_told", "id"), name="fact_told")]


class AuditEntry(Model):
    """Who did what to what, why, and what it was before. Append-only; written in the acting transaction."""

    id = fields.BigIntField(primary_key=True)
    at = Moment()
    actor_id = fields.BigIntField(null=True)
    actor_name = fields.CharField(max_length=200, default="")
    grant_id = fields.BigIntField(null=True)
    action = fields.CharField(max_length=80)
    target_kind = fields.CharField(max_length=40)
    target_id = fields.BigIntField()
    before: Any = fields.JSONField(null=True)
    after: Any = fields.JSONField(null=True)
    reason = fields.TextField(default="")
    note = fields.TextField(default="")
    request_id = fields.CharField(max_length=40, default="")

    class Meta:
        table = "audit_entry"
        indexes = [
            Index(fields=("target_kind", "target_id", "id"), name="audit_target"),
            Index(fields=("actor_id", "id"), name="audit_actor"),
            Index(fields=("at",), name="audit_at"),
        ]


class Brand(Model):
    """A face of the company: domain, name, sender. One default row."""

    id = fields.BigIntField(primary_key=True)
    slug = fields.CharField(max_length=40, unique=True)
    name = fields.CharField(max_length=120)
    domain = fields.CharField(max_length=253, default="")
    sender_name = fields.CharField(max_length=120, default="")
    sender_email = fields.CharField(max_length=254, default="")
    postal_address = fields.CharField(max_length=300, default="")
    complaints_contact = fields.CharField(max_length=254, default="")
    language = fields.CharField(max_length=8, default="ja")
    created_at = Moment()

    class Meta:
        table = "brand"


class Media(Model):
    """A file of ours on disk; `key` (≥128 random bits) is its public name."""

    id = fields.BigIntField(primary_key=True)
    key = fields.CharField(max_length=64, unique=True)
    kind = fields.CharField(max_length=40)
    name = fields.CharField(max_length=200, default="")
    size = fields.BigIntField()
    width = fields.IntField(null=True)
    height = fields.IntField(null=True)
    sha256 = fields.CharField(max_length=64)
    audience = fields.CharField(max_length=80, default="public")
    owner_id = fields.BigIntField(null=True)
    holder = fields.CharField(max_length=60, default="", db_default="")  # the text it stands in (post:7), or loose
    small_width = fields.IntField(null=True)  # pixels, where there is a second file for phones
    copy_of = fields.BigIntField(null=True)  # the picture that it was copied from, into another text
    created_at = Moment()

    class Meta:
        table = "media"
        indexes = [Index(fields=("holder", "created_at"), name="media_holder"),
                   Index(fields=("owner_id", "created_at"), name="media_owner"),
                   Index(fields=("copy_of",), name="media_copy_of")]  # fmt: skip


class Note(Model):
    """Small durable values of the house itself: `demo loaded`, `installed at`."""

    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=80, unique=True)
    value: Any = fields.JSONField()
    changed_at = Moment()

    class Meta:
        table = "note"


# Also what became of a form that was sent (core.sent_once), which no transaction holds together.
class ApiOutcome(Model):
    """What a request with an Idempotency-Key was answered: written in the transaction that did the work."""

    id = fields.BigIntField(primary_key=True)
    owner = fields.CharField(max_length=40)  # key:7, person:7
    key = fields.CharField(max_length=255)
    mark = fields.CharField(max_length=64)  # SHA-256 of method, path and body
    status = fields.IntField()
    body = fields.TextField()
    created_at = Moment()

    class Meta:
        table = "api_outcome"
        unique_together = (("owner", "key"),)
        indexes = [Index(fields=("created_at",), name="api_outcome_created")]
