"""Outgoing webhooks: who is told, and the ledger of what was told."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.fields import Moment


class WebhookTarget(Model):
    """An address of another system that is told of facts. `sealed` holds the secrets, the newest first."""

    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=80)
    url = fields.CharField(max_length=2000)
    kinds: Any = fields.JSONField(default=list)
    sealed = fields.TextField()
    old_secret_until: datetime | None = Moment(null=True)  # until then both sign
    state = fields.CharField(max_length=8, default="active")  # active, paused, ended
    problem = fields.CharField(max_length=200, default="")
    told_at: datetime | None = Moment(null=True)
    created_at = Moment()

    class Meta:
        table = "webhook_target"


class WebhookDelivery(Model):
    """One fact for one address; `event` is the same in every try, so that the other side knows a repeat."""

    id = fields.BigIntField(primary_key=True)
    target: Any = fields.ForeignKeyField("channels.WebhookTarget", related_name="deliveries", on_delete=fields.CASCADE)
    event = fields.CharField(max_length=64)
    kind = fields.CharField(max_length=40)
    body = fields.TextField()
    state = fields.CharField(max_length=8, default="waiting")  # waiting, sent, dead
    tries = fields.IntField(default=0)
    status = fields.IntField(null=True)  # of the last answer
    problem = fields.CharField(max_length=200, default="")
    created_at = Moment()
    tried_at: datetime | None = Moment(null=True)
    next_at: datetime | None = Moment(null=True)

    target_id: int

    class Meta:
        table = "webhook_delivery"
        unique_together = (("target", "event"),)
        indexes = [
            Index(fields=("target_id", "id"), name="webhook_delivery_target"),
            Index(fields=("created_at",), name="webhook_delivery_created"),
        ]
