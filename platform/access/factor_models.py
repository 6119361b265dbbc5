"""The second factor of a person: a device that makes codes, and codes on paper for when it is lost."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.fields import Moment


class SecondFactor(Model):
    """A TOTP device (RFC 6238). It counts once confirmed; `last_step` is the newest step whose code was used."""

    id = fields.BigIntField(primary_key=True)
    person: Any = fields.OneToOneField("customers.Person", related_name="second_factor", on_delete=fields.CASCADE)
    sealed = fields.TextField()  # the secret, encrypted (core.vault)
    confirmed_at: datetime | None = Moment(null=True)
    last_step = fields.BigIntField(default=0)
    created_at = Moment()

    person_id: int

    class Meta:
        table = "second_factor"


class RecoveryCode(Model):
    """One code on paper; a keyed hash, used once."""

    id = fields.BigIntField(primary_key=True)
    person: Any = fields.ForeignKeyField("customers.Person", related_name="recovery_codes", on_delete=fields.CASCADE)
    code_hash = fields.CharField(max_length=64)
    used_at: datetime | None = Moment(null=True)
    created_at = Moment()

    person_id: int

    class Meta:
        table = "recovery_code"
        indexes = [Index(fields=("person_id",), name="recovery_code_person")]
