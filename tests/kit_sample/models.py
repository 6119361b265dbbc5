"""Tables for testing lists."""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model

from core.fields import Moment


class Owner(Model):
    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=100, null=True)

    class Meta:
        table = "kit_owner"


class Account(Model):
    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=100)
    tier = fields.CharField(max_length=10, default="tech")
    seats = fields.IntField(null=True)
    created_at = Moment()
    archived_at = Moment(null=True)
    owner: fields.ForeignKeyNullableRelation[Owner] = fields.ForeignKeyField("kit_sample.Owner", null=True)

    class Meta:
        table = "kit_account"
