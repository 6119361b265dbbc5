"""Journeys, their frozen versions, and where each person stands: one row per person × journey × entry."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.fields import Moment


class Journey(Model):
    """What staff build. `steps` is the tree that is being written; who is inside goes through a Version of it."""

    id = fields.BigIntField(primary_key=True)
    brand = fields.CharField(max_length=40, default="default")
    name = fields.CharField(max_length=120)
    topic = fields.CharField(max_length=40)
    locale = fields.CharField(max_length=8, default="ja")
    state = fields.CharField(max_length=8, default="draft")  # draft, live, paused, stopped
    segment: Any = fields.ForeignKeyField("customers.Segment", related_name="journeys", null=True,
                                          on_delete=fields.SET_NULL)  # fmt: skip
    takes_present = fields.BooleanField(default=False)  # at the start also everybody who is in the segment already
    again_after = fields.IntField(null=True)  # days after which the same person may enter again; empty: never
    goal_event = fields.CharField(max_length=120, default="")
    goal_segment_id = fields.BigIntField(null=True)
    leaves_with_segment = fields.BooleanField(default=False)
    steps: Any = fields.JSONField(default=list)  # journeys.tree.Stage, nested
    last_step = fields.IntField(default=0)  # the number that the newest step got: none is given twice
    change = fields.IntField(default=0)  # counts the changes: nobody overwrites what they have not seen
    version_id = fields.BigIntField(null=True)  # the one that people enter
    since = Moment(null=True)  # who came into the segment from then on enters
    created_by: Any = fields.ForeignKeyField("customers.Person", related_name="journeys", null=True,
                                             on_delete=fields.SET_NULL)  # fmt: skip
    created_at = Moment()
    updated_at = Moment()

    segment_id: int | None
    created_by_id: int | None

    class Meta:
        table = "journey"
        indexes = [
            Index(fields=("state", "id"), name="journey_state"),
            Index(fields=("updated_at", "id"), name="journey_updated"),
        ]

    @property
    def can_change(self) -> bool:
        return self.state != "stopped"


class Version(Model):
    """A journey as it was tried: steps, contents and rules under one hash. It never changes."""

    id = fields.BigIntField(primary_key=True)
    journey: Any = fields.ForeignKeyField("campaigns.Journey", related_name="versions", on_delete=fields.CASCADE)
    number = fields.IntField()
    hash = fields.CharField(max_length=64)
    plan: Any = fields.JSONField()  # journeys.plan.Plan
    created_by_id = fields.BigIntField(null=True)
    created_at = Moment()

    journey_id: int

    class Meta:
        table = "journey_version"
        unique_together = (("journey", "hash"), ("journey", "number"))


class Sending(Model):
    """The open-ended step of the ledger for one mail of a version: one for each time around, and for the pilot."""

    id = fields.BigIntField(primary_key=True)
    version: Any = fields.ForeignKeyField("campaigns.Version", related_name="sendings", on_delete=fields.CASCADE)
    node = fields.CharField(max_length=20)
    entry = fields.IntField()
    is_pilot = fields.BooleanField()
    step: Any = fields.ForeignKeyField("campaigns.Step", related_name="sendings", on_delete=fields.CASCADE)

    version_id: int
    step_id: int

    class Meta:
        table = "journey_sending"
        unique_together = (("version", "node", "entry", "is_pilot"),)
        indexes = [Index(fields=("step_id",), name="journey_sending_step")]


class Run(Model):
    """A person on their way. `number` counts their moves: whoever moves them says which one it is, and is first."""

    id = fields.BigIntField(primary_key=True)
    journey: Any = fields.ForeignKeyField("campaigns.Journey", related_name="runs", on_delete=fields.CASCADE)
    version: Any = fields.ForeignKeyField("campaigns.Version", related_name="runs", on_delete=fields.CASCADE)
    person: Any = fields.ForeignKeyField("customers.Person", related_name="journey_runs", on_delete=fields.CASCADE)
    account_id = fields.BigIntField(null=True)
    entry = fields.IntField()  # the how-manieth time
    is_pilot = fields.BooleanField(default=False)
    is_fast = fields.BooleanField(default=False)  # a pilot whose days are minutes
    state = fields.CharField(max_length=8, default="active")  # active, done, goal, left, stopped
    reason = fields.CharField(max_length=40, default="")
    node = fields.CharField(max_length=20, default="")  # where they stand; at the end, where they stood
    number = fields.IntField(default=1)
    since = Moment()
    due_at = Moment(null=True)
    sent_step_id = fields.BigIntField(null=True)  # the step of the ledger that the last mail belongs to
    entered_at = Moment()
    ended_at = Moment(null=True)

    journey_id: int
    version_id: int
    person_id: int

    class Meta:
        table = "journey_run"
        unique_together = (("journey", "person", "entry"),)
        indexes = [
            Index(fields=("person_id", "id"), name="journey_run_person"),
            Index(fields=("version_id", "state", "node"), name="journey_run_place"),
            Index(fields=("journey_id", "entered_at", "id"), name="journey_run_entered"),
        ]


class Move(Model):
    """What happened to a person at one step: the answer to 'why did I get this, or not'. One for each number."""

    id = fields.BigIntField(primary_key=True)
    run_id = fields.BigIntField()  # no foreign key: a merge that is undone finds its moves again
    version_id = fields.BigIntField()
    person_id = fields.BigIntField()
    number = fields.IntField()
    at = Moment()
    node = fields.CharField(max_length=20, default="")
    what = fields.CharField(max_length=12)  # entered, sent, waited, yes, no, task, no_task, leave, ended
    reason = fields.CharField(max_length=40, default="")
    step_id = fields.BigIntField(null=True)  # of the ledger, where a mail was due

    class Meta:
        table = "journey_move"
        unique_together = (("run_id", "number"),)
        indexes = [
            Index(fields=("version_id", "node", "what"), name="journey_move_node"),
            Index(fields=("person_id", "id"), name="journey_move_person"),
        ]
