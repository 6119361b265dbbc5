"""Incoming webhooks: where other systems send to, and what they sent."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.fields import Moment


class IncomingHook(Model):
    """An address that one system sends to; only a hash of its secret is kept. `mapping`: field → path in a record."""

    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=120)
    source = fields.CharField(max_length=60)
    kind = fields.CharField(max_length=20)  # accounts, people, contracts, purchases
    key_hash = fields.CharField(max_length=64, unique=True)
    signing_secret = fields.TextField(default="")  # sealed; empty: the address alone is the secret
    signature_header = fields.CharField(max_length=60, default="")
    id_path = fields.CharField(max_length=200, default="")  # where a body says its own id
    list_path = fields.CharField(max_length=200, default="")
    mapping: Any = fields.JSONField(default=dict)
    is_on = fields.BooleanField(default=False)  # off: bodies wait until the mapping was looked at
    created_by: Any = fields.ForeignKeyField("customers.Person", related_name="hooks_made", null=True,
                                             on_delete=fields.SET_NULL)  # fmt: skip
    created_at = Moment()
    revoked_at = Moment(null=True)

    created_by_id: int | None

    class Meta:
        table = "incoming_hook"


class IncomingBody(Model):
    """One body as it came. Kept for 30 days after it was worked on."""

    id = fields.BigIntField(primary_key=True)
    hook: Any = fields.ForeignKeyField("customers.IncomingHook", related_name="bodies", on_delete=fields.CASCADE)
    key = fields.CharField(max_length=100)  # the sender's id of it, else made from its content and place
    body = fields.TextField()
    content_type = fields.CharField(max_length=120, default="")
    state = fields.CharField(max_length=12, default="waiting")  # waiting, done, failed
    counts: Any = fields.JSONField(default=dict)
    outcomes: Any = fields.JSONField(default=list)  # [number, outcome, reason] of rows that were not simply taken
    error = fields.CharField(max_length=300, default="")
    received_at = Moment()
    worked_at = Moment(null=True)

    hook_id: int

    class Meta:
        table = "incoming_body"
        unique_together = (("hook", "key"),)
        indexes = [Index(fields=("hook_id", "state", "id"), name="incoming_body_state")]
