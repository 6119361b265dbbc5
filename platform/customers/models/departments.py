"""Slack channels of the company's departments, and what was posted there."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.fields import Moment


class Department(Model):
    """A channel that is told of some kinds of happenings, of companies of some tiers (none chosen: of all)."""

    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=80)
    connection: Any = fields.ForeignKeyField("channels.Connection", related_name="departments",
                                             on_delete=fields.CASCADE)  # fmt: skip
    channel = fields.CharField(max_length=40)  # as Slack calls it: C0123456789
    kinds: Any = fields.JSONField(default=list)  # of customers.departments.KINDS
    tiers: Any = fields.JSONField(default=list)
    language = fields.CharField(max_length=8, default="ja")
    state = fields.CharField(max_length=8, default="active")  # active, paused, ended
    version = fields.IntField(
        default=1, db_default=1
    )  # of what the form holds: of two who save at once the later is told
    created_at = Moment()
    updated_at = Moment()

    connection_id: int

    class Meta:
        table = "department"


class DepartmentPost(Model):
    """The ledger: one happening told to one channel once, with its final state and the reason."""

    id = fields.BigIntField(primary_key=True)
    department: Any = fields.ForeignKeyField("customers.Department", related_name="posts", on_delete=fields.CASCADE)
    kind = fields.CharField(max_length=24)
    key = fields.CharField(max_length=120)
    account: Any = fields.ForeignKeyField("customers.Account", related_name="department_posts", null=True,
                                          on_delete=fields.CASCADE)  # fmt: skip
    url = fields.CharField(max_length=300, default="")
    data: Any = fields.JSONField(default=dict)
    # waiting, attempting, then sent, failed, uncertain, skipped or lapsed (it was not true any more)
    state = fields.CharField(max_length=12, default="waiting")
    reason = fields.CharField(max_length=300, default="")
    created_at = Moment()
    settled_at = Moment(null=True)

    department_id: int
    account_id: int | None

    class Meta:
        table = "department_post"
        unique_together = (("department", "key"),)
        indexes = [Index(fields=("department_id", "id"), name="department_post_department"),
                   Index(fields=("account_id",), name="department_post_account")]  # fmt: skip
