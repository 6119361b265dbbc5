"""How notices reach those who do not look at the bell: what each person chose, and what left for them."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.fields import Moment


class NoticeChoice(Model):
    """The way of one group of notices for one person, where they chose one; else the house's default holds."""

    id = fields.BigIntField(primary_key=True)
    person: Any = fields.ForeignKeyField("customers.Person", related_name="notice_choices", on_delete=fields.CASCADE)
    group_name = fields.CharField(max_length=20)  # customers.noticing.groups.GROUPS
    way = fields.CharField(max_length=8)  # customers.noticing.groups.WAYS
    before = fields.CharField(max_length=8, default="")  # the way that a mail's link to stop took away
    changed_at = Moment()

    person_id: int

    class Meta:
        table = "notice_choice"
        unique_together = (("person", "group_name"),)


class NoticeLetter(Model):
    """One mail or message about notices: the ledger of what left, and of what did not and why.

    A mail goes on in the ledger of single mails, under the key `notices:{id}`. The token leads from it to the things
    and stops its groups; it opens nothing.
    """

    id = fields.BigIntField(primary_key=True)
    person: Any = fields.ForeignKeyField("customers.Person", related_name="notice_letters", on_delete=fields.CASCADE)
    token = fields.CharField(max_length=64, unique=True)
    way = fields.CharField(max_length=8)  # email, slack
    brand = fields.CharField(max_length=40, default="default")
    group_names: Any = fields.JSONField(default=list)
    notices = fields.IntField()  # how many it tells of
    state = fields.CharField(max_length=12)  # waiting, attempting, sent, failed, uncertain, skipped
    reason = fields.CharField(max_length=300, default="")
    created_at = Moment()
    settled_at = Moment(null=True)

    person_id: int

    class Meta:
        table = "notice_letter"
        indexes = [Index(fields=("person_id", "created_at", "id"), name="notice_letter_person")]
