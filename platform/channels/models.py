"""Connections, what arrived, and the mailbox for installations without SMTP."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from channels.webhook_models import WebhookDelivery, WebhookTarget
from core.fields import Moment

__all__ = ["Arrival", "Connection", "IncomingMail", "Mail", "OutgoingMail", "Pace", "WebhookDelivery", "WebhookTarget"]


class Connection(Model):
    """A Slack team, a LINE channel, a mail account. `secrets` is encrypted (core.vault)."""

    id = fields.BigIntField(primary_key=True)
    kind = fields.CharField(max_length=12)  # slack, line, smtp
    name = fields.CharField(max_length=120)
    external_id = fields.CharField(max_length=120)  # Slack team, LINE bot user id (`destination`)
    brand = fields.CharField(max_length=40, default="default")
    settings: Any = fields.JSONField(default=dict)  # forward_to, team account id, limits …
    secrets = fields.TextField(default="")
    state = fields.CharField(max_length=12, default="active")  # active, paused, revoked
    last_error = fields.CharField(max_length=300, default="")
    created_at = Moment()
    updated_at = Moment()

    class Meta:
        table = "connection"
        unique_together = (("kind", "external_id"),)


class Arrival(Model):
    """A webhook event, stored under its unique key before it is acknowledged, then worked on."""

    id = fields.BigIntField(primary_key=True)
    connection: Any = fields.ForeignKeyField("channels.Connection", related_name="arrivals", on_delete=fields.CASCADE)
    key = fields.CharField(max_length=120)  # Slack event_id, LINE webhookEventId
    kind = fields.CharField(max_length=60)
    body: Any = fields.JSONField()
    at = Moment()  # the platform's timestamp: order is by it
    received_at = Moment()
    state = fields.CharField(max_length=12, default="waiting")  # waiting, done, ignored, failed
    outcome = fields.CharField(max_length=300, default="")

    connection_id: int

    class Meta:
        table = "arrival"
        unique_together = (("connection", "key"),)
        indexes = [
            Index(fields=("state", "id"), name="arrival_state"),
            Index(fields=("received_at",), name="arrival_received"),
        ]


class Mail(Model):
    """A mail kept for the staff's mailbox page: what was sent while no SMTP server is set."""

    id = fields.BigIntField(primary_key=True)
    message_id = fields.CharField(max_length=200, unique=True)
    sender = fields.CharField(max_length=320)
    recipient = fields.CharField(max_length=320)
    subject = fields.CharField(max_length=500, default="")
    content = fields.BinaryField()  # RFC 5322 bytes as they would have left
    created_at = Moment()

    class Meta:
        table = "mail"
        indexes = [Index(fields=("recipient", "id"), name="mail_recipient")]


class Pace(Model):
    """When the next message of one queue (a Slack channel) may leave: one a second, over all processes."""

    id = fields.BigIntField(primary_key=True)
    key = fields.CharField(max_length=160, unique=True)
    next_at = Moment()

    class Meta:
        table = "pace"


class OutgoingMail(Model):
    """The ledger of single mails (sign-in links, notices): one row, one final state, a reason."""

    id = fields.BigIntField(primary_key=True)
    key = fields.CharField(max_length=160, unique=True)
    brand = fields.CharField(max_length=40, default="default")
    recipient = fields.CharField(max_length=320)
    subject = fields.CharField(max_length=500)
    text = fields.TextField()
    html = fields.TextField(default="")
    unsubscribe = fields.CharField(max_length=300, default="", db_default="")  # the address of one click (RFC 8058)
    message_id = fields.CharField(max_length=200)
    state = fields.CharField(max_length=12, default="waiting")  # waiting, attempting, sent, failed, uncertain
    attempt = fields.IntField(default=0)
    reason = fields.CharField(max_length=300, default="")
    created_at = Moment()
    attempted_at = Moment(null=True)
    sent_at = Moment(null=True)

    class Meta:
        table = "outgoing_mail"
        indexes = [Index(fields=("state", "id"), name="outgoing_mail_state")]


class IncomingMail(Model):
    """A mail that came in, kept under a key of its bytes before it is acknowledged; its bytes go once it is done."""

    id = fields.BigIntField(primary_key=True)
    key = fields.CharField(max_length=64, unique=True)
    sender = fields.CharField(max_length=320)  # the envelope's; empty for a bounce
    recipient = fields.CharField(max_length=320)
    content = fields.BinaryField()
    way = fields.CharField(max_length=8)  # smtp, imap
    state = fields.CharField(max_length=12, default="waiting")  # waiting, done, ignored, failed
    outcome = fields.CharField(max_length=300, default="")
    received_at = Moment()

    class Meta:
        table = "incoming_mail"
        indexes = [
            Index(fields=("state", "id"), name="incoming_mail_state"),
            Index(fields=("received_at",), name="incoming_mail_received"),
        ]
