"""Business reviews: what a CSM shows an account in a meeting, with the figures as they were then."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.fields import Moment

SIDES = ("ours", "theirs")


class BusinessReview(Model):
    """One review of one account over one period: the words, and what of it is shown to whom.

    `shown` holds names of sections by audience: {"internal": […], "customer": […]}; `labels` what events of the product
    are called on the sheets; `revision` grows with each change of the words.
    """

    id = fields.BigIntField(primary_key=True)
    account: Any = fields.ForeignKeyField("customers.Account", related_name="business_reviews",
                                          on_delete=fields.CASCADE)  # fmt: skip
    title = fields.CharField(max_length=120, default="")
    language = fields.CharField(max_length=8, default="ja")
    first_day: date = fields.DateField()
    last_day: date = fields.DateField()
    before_first: date = fields.DateField()  # what it is compared with: up to the day before `first_day`
    summary = fields.TextField(default="")
    achievements = fields.TextField(default="")
    challenges = fields.TextField(default="")
    shown: Any = fields.JSONField(default=dict)
    labels: Any = fields.JSONField(default=dict)
    version = fields.IntField(default=1)  # of the figures: the latest
    revision = fields.IntField(default=1)
    made_by: Any = fields.ForeignKeyField("customers.Person", related_name="business_reviews_made", null=True,
                                          on_delete=fields.SET_NULL)  # fmt: skip
    created_at: datetime = Moment()
    updated_at: datetime = Moment()

    account_id: int
    made_by_id: int | None

    class Meta:
        table = "business_review"
        indexes = [
            Index(fields=("account_id", "id"), name="business_review_account"),
            Index(fields=("last_day", "id"), name="business_review_last"),
            Index(fields=("updated_at", "id"), name="business_review_updated"),
        ]


class ReviewVersion(Model):
    """The figures as they were at one moment, by section; never changed. They name nobody: that is in ReviewLine."""

    id = fields.BigIntField(primary_key=True)
    review: Any = fields.ForeignKeyField("insights.BusinessReview", related_name="versions", on_delete=fields.CASCADE)
    number = fields.IntField()
    figures: Any = fields.JSONField(default=dict)
    made_by: Any = fields.ForeignKeyField("customers.Person", related_name="review_versions_made", null=True,
                                          on_delete=fields.SET_NULL)  # fmt: skip
    made_at: datetime = Moment()

    review_id: int
    made_by_id: int | None

    class Meta:
        table = "business_review_version"
        unique_together = (("review", "number"),)


class ReviewLine(Model):
    """What a version shows of single people: their words, and tasks about them. Erasing a person takes their lines."""

    id = fields.BigIntField(primary_key=True)
    version: Any = fields.ForeignKeyField("insights.ReviewVersion", related_name="lines", on_delete=fields.CASCADE)
    section = fields.CharField(max_length=12)  # quotes, tasks
    kind = fields.CharField(max_length=12)  # nps, csat; of a task its cause
    person: Any = fields.ForeignKeyField("customers.Person", related_name="review_lines", null=True,
                                         on_delete=fields.CASCADE)  # fmt: skip
    owner: Any = fields.ForeignKeyField("customers.Person", related_name="review_lines_owned", null=True,
                                        on_delete=fields.SET_NULL)  # fmt: skip
    body = fields.TextField(default="")
    facts: Any = fields.JSONField(default=dict)
    state = fields.CharField(max_length=8, default="")  # of a task: open, done
    day: date = fields.DateField()

    version_id: int
    person_id: int | None
    owner_id: int | None

    class Meta:
        table = "business_review_line"
        indexes = [
            Index(fields=("version_id", "id"), name="business_review_line_version"),
            Index(fields=("person_id",), name="business_review_line_person"),
        ]


class ReviewAction(Model):
    """What both sides agreed to do next. `task_id`: the task that it became."""

    id = fields.BigIntField(primary_key=True)
    review: Any = fields.ForeignKeyField("insights.BusinessReview", related_name="actions", on_delete=fields.CASCADE)
    title = fields.CharField(max_length=200)
    side = fields.CharField(max_length=6, default="ours")  # SIDES
    owner: Any = fields.ForeignKeyField("customers.Person", related_name="review_actions", null=True,
                                        on_delete=fields.SET_NULL)  # fmt: skip
    due_on: date | None = fields.DateField(null=True)
    task_id = fields.BigIntField(null=True)
    created_at: datetime = Moment()

    review_id: int
    owner_id: int | None

    class Meta:
        table = "business_review_action"
        indexes = [Index(fields=("review_id", "id"), name="business_review_action_review")]
