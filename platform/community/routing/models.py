"""What was done so that a question finds its answer."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.fields import Moment

# Of `thread` t on `board` b: a question that has no reply yet, and may have one.
WAITING = (
    "t.status = 'new' AND t.visibility = 'visible' AND t.state = 'open' AND t.first_reply_at IS NULL"
    " AND b.kind = 'question' AND b.state = 'open' AND b.calls_after > 0"
)
STAGES = ("experts", "moderators", "staff")


class Call(Model):
    """A stage of the question's clock that has been reached; `told`: how many people heard of it."""

    id = fields.BigIntField(primary_key=True)
    thread: Any = fields.ForeignKeyField("community.Thread", related_name="calls", on_delete=fields.CASCADE)
    stage = fields.CharField(max_length=12)  # of STAGES
    told = fields.IntField(default=0)
    at = Moment()

    thread_id: int

    class Meta:
        table = "question_call"
        unique_together = (("thread", "stage"),)


class Invitation(Model):
    """Somebody who knows was asked to answer a question."""

    id = fields.BigIntField(primary_key=True)
    thread: Any = fields.ForeignKeyField("community.Thread", related_name="invitations", on_delete=fields.CASCADE)
    person: Any = fields.ForeignKeyField("customers.Person", related_name="community_invitations",
                                         on_delete=fields.RESTRICT)  # fmt: skip
    why: Any = fields.JSONField(default=dict)  # {"tags": ["請求"], "answers": 3}
    state = fields.CharField(max_length=10, default="asked")  # asked, answered, declined
    at = Moment()
    changed_at = Moment(null=True)

    thread_id: int
    person_id: int

    class Meta:
        table = "question_invitation"
        unique_together = (("thread", "person"),)
        indexes = [Index(fields=("person_id", "at"), name="question_invitation_person"),
                   Index(fields=("at",), name="question_invitation_at")]  # fmt: skip
