"""What we watch in an account: what its CSM senses, and when its health fell."""

from __future__ import annotations

from datetime import date
from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.fields import Moment


class Pulse(Model):
    """How a CSM judges the relationship, with why: what no measure sees. It fades with a half-life."""

    id = fields.BigIntField(primary_key=True)
    account: Any = fields.ForeignKeyField("customers.Account", related_name="pulses", on_delete=fields.CASCADE)
    state = fields.CharField(max_length=8)  # good, watch, risk
    note = fields.CharField(max_length=500)
    by: Any = fields.ForeignKeyField("customers.Person", related_name="pulses_given", null=True,
                                     on_delete=fields.SET_NULL)  # fmt: skip
    at = Moment()

    account_id: int
    by_id: int | None

    class Meta:
        table = "pulse"
        indexes = [Index(fields=("account_id", "at"), name="pulse_account")]


class Goal(Model):
    """What an account wants to reach with the product, in its own words. Reached by an event, or as staff say."""

    id = fields.BigIntField(primary_key=True)
    account: Any = fields.ForeignKeyField("customers.Account", related_name="goals", on_delete=fields.CASCADE)
    title = fields.CharField(max_length=200)
    event = fields.CharField(max_length=120, default="")  # counted over 28 days; empty: `progress` says
    target = fields.IntField(default=1)  # so many of them
    progress = fields.IntField(default=0)  # 0 to 100 %, by staff
    starts_on: date = fields.DateField()
    due_on: date | None = fields.DateField(null=True)
    state = fields.CharField(max_length=8, default="open")  # open, reached, dropped
    note = fields.CharField(max_length=500, default="")
    created_by: Any = fields.ForeignKeyField("customers.Person", related_name="goals_set", null=True,
                                             on_delete=fields.SET_NULL)  # fmt: skip
    created_at = Moment()
    updated_at = Moment()
    closed_on: date | None = fields.DateField(null=True)

    account_id: int
    created_by_id: int | None

    class Meta:
        table = "account_goal"
        indexes = [Index(fields=("account_id", "state", "id"), name="account_goal_account")]


class HealthAlert(Model):
    """One fall of an account's health, told once. `lost`: [{measure, from, to}] in points of that measure."""

    id = fields.BigIntField(primary_key=True)
    account: Any = fields.ForeignKeyField("customers.Account", related_name="health_alerts", on_delete=fields.CASCADE)
    day: date = fields.DateField()
    before = fields.IntField()
    after = fields.IntField()
    lost: Any = fields.JSONField(default=list)
    state = fields.CharField(max_length=12, default="open")  # open, seen, recovered, deeper
    raised_at = Moment()
    seen_by: Any = fields.ForeignKeyField("customers.Person", related_name="alerts_seen", null=True,
                                          on_delete=fields.SET_NULL)  # fmt: skip
    seen_at = Moment(null=True)
    note = fields.CharField(max_length=500, default="")

    account_id: int
    seen_by_id: int | None

    class Meta:
        table = "health_alert"
        indexes = [
            Index(fields=("account_id", "id"), name="health_alert_account"),
            Index(fields=("state", "id"), name="health_alert_state"),
        ]
