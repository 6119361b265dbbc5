"""What is to be done about an account."""

from __future__ import annotations

from datetime import date
from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.fields import Moment


class Task(Model):
    """Who does what about an account, by when and why.

    Of one cause (`kind` and what it is about) there is at most one open task: the partial index `account_task_open`. Of
    one occasion (`key`) there is never a second one.
    """

    id = fields.BigIntField(primary_key=True)
    account: Any = fields.ForeignKeyField("customers.Account", related_name="tasks", on_delete=fields.CASCADE)
    person: Any = fields.ForeignKeyField("customers.Person", related_name="tasks_about", null=True,
                                         on_delete=fields.SET_NULL)  # fmt: skip
    title = fields.CharField(max_length=200, default="")  # empty: `kind` and `facts` say it, in the reader's language
    facts: Any = fields.JSONField(default=dict)
    due_on: date = fields.DateField()
    owner: Any = fields.ForeignKeyField("customers.Person", related_name="tasks_owned", null=True,
                                        on_delete=fields.SET_NULL)  # fmt: skip
    kind = fields.CharField(max_length=12, default="by_hand")  # by_hand, or of task_words.CAUSES
    about_kind = fields.CharField(max_length=24, default="")
    about_id = fields.BigIntField(null=True)
    key = fields.CharField(max_length=80, null=True, unique=True)
    state = fields.CharField(max_length=8, default="open")  # open, done, dropped
    note = fields.CharField(max_length=500, default="")  # what came of it
    created_by: Any = fields.ForeignKeyField("customers.Person", related_name="tasks_set", null=True,
                                             on_delete=fields.SET_NULL)  # fmt: skip
    created_at = Moment()
    updated_at = Moment()
    closed_by: Any = fields.ForeignKeyField("customers.Person", related_name="tasks_closed", null=True,
                                            on_delete=fields.SET_NULL)  # fmt: skip
    closed_at = Moment(null=True)

    account_id: int
    person_id: int | None
    owner_id: int | None
    created_by_id: int | None
    closed_by_id: int | None

    class Meta:
        table = "account_task"
        indexes = [
            Index(fields=("account_id", "state", "due_on", "id"), name="account_task_account"),
            Index(fields=("owner_id", "state", "due_on", "id"), name="account_task_owner"),
            Index(fields=("state", "due_on", "id"), name="account_task_state"),
            Index(fields=("person_id",), name="account_task_person"),
        ]
