"""Doors that other systems hold the key of: tokens of the company's own product."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.fields import Moment


class SignOn(Model):
    """A product that vouches for people by signed tokens (JWT). `key` is its public name in addresses.

    `algorithm` is the only one that counts. With HS256 the secret is sealed; else `public_key` is PEM.
    `source` is what imports and product events call the same system: its ids of companies are looked up there.
    """

    id = fields.BigIntField(primary_key=True)
    key = fields.CharField(max_length=40, unique=True)
    name = fields.CharField(max_length=80)
    source = fields.CharField(max_length=60)
    algorithm = fields.CharField(max_length=8)  # HS256, RS256, EdDSA
    sealed = fields.TextField(default="")
    public_key = fields.TextField(default="")
    issuer = fields.CharField(max_length=300, default="")
    trusts_email = fields.BooleanField(default=False)  # the product verified the addresses it names
    ended_at: datetime | None = Moment(null=True)
    used_at: datetime | None = Moment(null=True)
    problem = fields.CharField(max_length=200, default="")  # why the last token was refused
    problem_at: datetime | None = Moment(null=True)
    made_by_id = fields.BigIntField(null=True)
    created_at = Moment()

    class Meta:
        table = "sign_on"


class UsedToken(Model):
    """A token that signed somebody in: it does so once. Kept until it would be too old anyway."""

    id = fields.BigIntField(primary_key=True)
    sign_on: Any = fields.ForeignKeyField("access.SignOn", related_name="used_tokens", on_delete=fields.CASCADE)
    mark = fields.CharField(max_length=64)  # SHA-256 of its jti
    expires_at = Moment()

    sign_on_id: int

    class Meta:
        table = "used_token"
        unique_together = (("sign_on", "mark"),)
        indexes = [Index(fields=("expires_at",), name="used_token_expires")]
