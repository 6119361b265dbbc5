"""What customers ask of the product: requests, the voices behind them, what was decided, and who was told of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.fields import Moment

STATUSES = ("open", "reviewing", "planned", "shipped", "declined")


class ProductRequest(Model):
    """One thing that customers want of the product. `terms` are the words by which similar ones are found.

    Merged into another it keeps a list of the voices that went along, so that the merge can be undone.
    """

    id = fields.BigIntField(primary_key=True)
    title = fields.CharField(max_length=120)
    description = fields.CharField(max_length=2000, default="")
    terms = fields.TextField(default="")
    status = fields.CharField(max_length=12, default="open")  # of STATUSES
    area = fields.CharField(max_length=60, default="")
    owner: Any = fields.ForeignKeyField("customers.Person", related_name="requests_owned", null=True,
                                        on_delete=fields.SET_NULL)  # fmt: skip
    message = fields.CharField(max_length=500, default="")  # of the last decision: what customers read
    shipped_at: datetime | None = Moment(null=True)
    merged_into: Any = fields.ForeignKeyField("customers.ProductRequest", related_name="merged", null=True,
                                              on_delete=fields.SET_NULL)  # fmt: skip
    merged_voices: Any = fields.JSONField(default=list)
    merged_at: datetime | None = Moment(null=True)
    version = fields.IntField(default=1)
    created_by: Any = fields.ForeignKeyField("customers.Person", related_name="requests_opened", null=True,
                                             on_delete=fields.SET_NULL)  # fmt: skip
    created_at: datetime = Moment()
    updated_at: datetime = Moment()

    owner_id: int | None
    merged_into_id: int | None
    created_by_id: int | None

    class Meta:
        table = "product_request"
        indexes = [
            Index(fields=("status", "id"), name="product_request_status"),
            Index(fields=("merged_into_id",), name="product_request_merged"),
        ]


class Voice(Model):
    """What one customer said. `source_kind` and `source_id` lead to where it was said (`post`, 7), once for a request;
    without them somebody wrote it down by hand."""

    id = fields.BigIntField(primary_key=True)
    request: Any = fields.ForeignKeyField("customers.ProductRequest", related_name="voices", on_delete=fields.CASCADE)
    source_kind = fields.CharField(max_length=24, default="")
    source_id = fields.BigIntField(null=True)
    account: Any = fields.ForeignKeyField("customers.Account", related_name="voices", null=True,
                                          on_delete=fields.SET_NULL)  # fmt: skip
    person: Any = fields.ForeignKeyField("customers.Person", related_name="voices", null=True,
                                         on_delete=fields.SET_NULL)  # fmt: skip
    quote = fields.CharField(max_length=1000, default="")
    said_at: datetime = Moment()
    added_by: Any = fields.ForeignKeyField("customers.Person", related_name="voices_added", null=True,
                                           on_delete=fields.SET_NULL)  # fmt: skip
    created_at: datetime = Moment()

    request_id: int
    account_id: int | None
    person_id: int | None
    added_by_id: int | None

    class Meta:
        table = "voice"
        unique_together = (("request", "source_kind", "source_id"),)
        indexes = [
            Index(fields=("request_id", "said_at", "id"), name="voice_request"),
            Index(fields=("account_id", "request_id"), name="voice_account"),
            Index(fields=("person_id",), name="voice_person"),
            Index(fields=("source_kind", "source_id"), name="voice_source"),
        ]


class Decision(Model):
    """What was decided about a request, why (for staff), and the sentence that those who asked are told."""

    id = fields.BigIntField(primary_key=True)
    request: Any = fields.ForeignKeyField("customers.ProductRequest", related_name="decisions",
                                          on_delete=fields.CASCADE)  # fmt: skip
    before = fields.CharField(max_length=12)
    status = fields.CharField(max_length=12)
    reason = fields.CharField(max_length=500, default="")
    message = fields.CharField(max_length=500, default="")
    tells = fields.BooleanField(default=False)
    in_conversations = fields.CharField(max_length=8, default="notice")  # notice, reply, none
    by: Any = fields.ForeignKeyField("customers.Person", related_name="requests_decided", null=True,
                                     on_delete=fields.SET_NULL)  # fmt: skip
    at: datetime = Moment()

    request_id: int
    by_id: int | None

    class Meta:
        table = "request_decision"
        indexes = [Index(fields=("request_id", "id"), name="request_decision_request")]


class Telling(Model):
    """The ledger of a decision: a person, or the conversation of somebody not known yet, is told once, one way."""

    id = fields.BigIntField(primary_key=True)
    decision: Any = fields.ForeignKeyField("customers.Decision", related_name="tellings", on_delete=fields.CASCADE)
    person: Any = fields.ForeignKeyField("customers.Person", related_name="told_of_requests", null=True,
                                         on_delete=fields.CASCADE)  # fmt: skip
    conversation_id = fields.BigIntField(null=True)  # only where no person is known
    way = fields.CharField(max_length=8)  # notice, idea, reply, failed
    at: datetime = Moment()

    decision_id: int
    person_id: int | None

    class Meta:
        table = "request_telling"
        unique_together = (("decision", "person"), ("decision", "conversation_id"))
        indexes = [Index(fields=("person_id", "id"), name="request_telling_person")]
