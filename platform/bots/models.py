"""What linking an address to a person needs to remember."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.fields import Moment


class LinkNonce(Model):
    """A single-use nonce of the LINE account link, bound to the person who was signed in."""

    id = fields.BigIntField(primary_key=True)
    nonce = fields.CharField(max_length=64, unique=True)
    person: Any = fields.ForeignKeyField("customers.Person", related_name="link_nonces", on_delete=fields.CASCADE)
    expires_at = Moment()
    used_at = Moment(null=True)

    person_id: int

    class Meta:
        table = "link_nonce"
        indexes = [Index(fields=("expires_at",), name="link_nonce_expires")]
