"""What they allow and what reaches them: segments, consent, suppression, notices, pilots, the budget."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.fields import Moment


class Segment(Model):
    """A saved question about people: an and/or tree. The same one serves mail, guides, community and the bot."""

    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=120)
    description = fields.CharField(max_length=300, default="")
    tree: Any = fields.JSONField()
    is_static = fields.BooleanField(default=False)
    state = fields.CharField(max_length=12, default="active")  # active, archived
    created_by: Any = fields.ForeignKeyField("customers.Person", related_name="segments", null=True,
                                             on_delete=fields.SET_NULL)  # fmt: skip
    version = fields.IntField(default=1)
    created_at = Moment()
    updated_at = Moment()

    people = fields.BigIntField(null=True)  # when it was last materialised
    refreshed_at = Moment(null=True)
    refresh_ms = fields.IntField(null=True)

    created_by_id: int | None

    class Meta:
        table = "segment"


class SegmentMember(Model):
    """A person in a segment: chosen by hand for static lists, materialised for the others."""

    id = fields.BigIntField(primary_key=True)
    segment: Any = fields.ForeignKeyField("customers.Segment", related_name="members", on_delete=fields.CASCADE)
    person: Any = fields.ForeignKeyField("customers.Person", related_name="segments_in", on_delete=fields.CASCADE)
    since = Moment()

    segment_id: int
    person_id: int

    class Meta:
        table = "segment_member"
        unique_together = (("segment", "person"),)
        indexes = [Index(fields=("person_id",), name="segment_member_person")]


class Topic(Model):
    """What a person may want to hear about: product news, seminars, maintenance."""

    id = fields.BigIntField(primary_key=True)
    slug = fields.CharField(max_length=40, unique=True)
    name_ja = fields.CharField(max_length=120)
    name_en = fields.CharField(max_length=120)
    is_transactional = fields.BooleanField(default=False)
    position = fields.IntField(default=0)

    class Meta:
        table = "topic"


class Consent(Model):
    """Whether a person wants a topic on a channel, now; how we know is in ConsentProof."""

    id = fields.BigIntField(primary_key=True)
    person: Any = fields.ForeignKeyField("customers.Person", related_name="consents", on_delete=fields.CASCADE)
    topic = fields.CharField(max_length=40)
    channel = fields.CharField(max_length=16)  # email, line, slack, in_app
    state = fields.CharField(max_length=12)  # given, refused
    changed_at = Moment()

    person_id: int

    class Meta:
        table = "consent"
        unique_together = (("person", "topic", "channel"),)
        indexes = [Index(fields=("topic", "channel", "state"), name="consent_topic")]


class ConsentProof(Model):
    """How a consent was given or withdrawn; append-only, kept 3 years after the last send (特定電子メール法)."""

    id = fields.BigIntField(primary_key=True)
    person: Any = fields.ForeignKeyField("customers.Person", related_name="consent_proofs", null=True,
                                         on_delete=fields.SET_NULL)  # fmt: skip
    topic = fields.CharField(max_length=40)
    channel = fields.CharField(max_length=16)
    state = fields.CharField(max_length=12)
    at = Moment()
    source = fields.CharField(max_length=60)  # form, import, one_click, bounce, complaint, staff
    evidence: Any = fields.JSONField(default=dict)  # the form's wording, IP, file and row …

    person_id: int | None

    class Meta:
        table = "consent_proof"
        indexes = [Index(fields=("person_id", "at"), name="consent_proof_person")]


class Suppression(Model):
    """An address nobody may write to again, as a keyed hash that survives erasure and re-import."""

    id = fields.BigIntField(primary_key=True)
    channel = fields.CharField(max_length=16)
    address_hash = fields.CharField(max_length=64)
    reason = fields.CharField(max_length=40)  # bounce, complaint, unsubscribe_all, erased, staff
    detail = fields.CharField(max_length=300, default="")
    created_at = Moment()

    class Meta:
        table = "suppression"
        unique_together = (("channel", "address_hash"),)


class Notice(Model):
    """Something for one person to see at the bell; a row is the notice's own ledger.

    `due_at`: when it goes out to them too, if it is not read until then (customers.noticing); empty where it does not,
    and once it did. Two partial indexes, `notice_due` and `notice_pending`, hold only what is still to go.
    """

    id = fields.BigIntField(primary_key=True)
    person: Any = fields.ForeignKeyField("customers.Person", related_name="notices", on_delete=fields.CASCADE)
    kind = fields.CharField(max_length=60)
    about_kind = fields.CharField(max_length=40)
    about_id = fields.BigIntField()
    key = fields.CharField(max_length=120)
    url = fields.CharField(max_length=300, default="/")
    data: Any = fields.JSONField(default=dict)
    created_at = Moment()
    read_at = Moment(null=True)
    due_at = Moment(null=True)
    letter_id = fields.BigIntField(null=True)  # the NoticeLetter that told of it

    person_id: int

    class Meta:
        table = "notice"
        unique_together = (("person", "key"),)
        indexes = [Index(fields=("person_id", "created_at", "id"), name="notice_person")]


class Pilot(Model):
    """People before automation: a small named group first, then a recorded human verdict on that revision."""

    id = fields.BigIntField(primary_key=True)
    about_kind = fields.CharField(max_length=40)  # campaign, guide, bot
    about_id = fields.BigIntField()
    revision = fields.CharField(max_length=64)
    group_name = fields.CharField(max_length=120)
    people: Any = fields.JSONField(default=list)
    state = fields.CharField(max_length=12, default="running")  # running, passed, failed, void
    started_by: Any = fields.ForeignKeyField("customers.Person", related_name="pilots_started", null=True,
                                             on_delete=fields.SET_NULL)  # fmt: skip
    started_at = Moment()
    verdict_by: Any = fields.ForeignKeyField("customers.Person", related_name="pilots_judged", null=True,
                                             on_delete=fields.SET_NULL)  # fmt: skip
    verdict_at = Moment(null=True)
    verdict_note = fields.TextField(default="")
    facts: Any = fields.JSONField(null=True)  # the numbers that the verdict was given on

    started_by_id: int | None
    verdict_by_id: int | None

    class Meta:
        table = "pilot"
        indexes = [Index(fields=("about_kind", "about_id"), name="pilot_about")]


class Touch(Model):
    """One reserved automatic touch against the person's budget of attention, over all channels.

    What passes whatever the budget says (a reply, transactional mail, a colleague's copy) is written down uncounted.
    """

    id = fields.BigIntField(primary_key=True)
    person: Any = fields.ForeignKeyField("customers.Person", related_name="touches", on_delete=fields.CASCADE)
    channel = fields.CharField(max_length=16)
    kind = fields.CharField(max_length=40)  # customers.attention.KINDS
    key = fields.CharField(max_length=120, unique=True)
    at = Moment()
    is_counted = fields.BooleanField(default=True, db_default=True)
    about_kind = fields.CharField(max_length=40, default="", db_default="")
    about_id = fields.BigIntField(default=0, db_default=0)

    person_id: int

    class Meta:
        table = "touch"
        indexes = [Index(fields=("person_id", "at"), name="touch_person")]


class TouchHold(Model):
    """A touch that was not granted when it was asked for: who was held back, why, and what became of it."""

    id = fields.BigIntField(primary_key=True)
    person: Any = fields.ForeignKeyField("customers.Person", related_name="touch_holds", on_delete=fields.CASCADE)
    channel = fields.CharField(max_length=16)
    kind = fields.CharField(max_length=40)
    key = fields.CharField(max_length=120, unique=True)
    about_kind = fields.CharField(max_length=40, default="")
    about_id = fields.BigIntField(default=0)
    priority = fields.IntField(default=0)
    state = fields.CharField(max_length=10)  # held, released, expired, refused, dropped
    reason = fields.CharField(max_length=20)  # customers.attention.REASONS
    times = fields.IntField(default=1)  # how often it was asked for and not granted
    held_at = Moment()  # the first time
    release_at = Moment(null=True)  # when it is asked for again; empty when it is not
    worth_until = Moment(null=True)  # after it, it is not worth sending any more
    changed_at = Moment()

    person_id: int

    class Meta:
        table = "touch_hold"
        indexes = [
            Index(fields=("person_id", "changed_at", "id"), name="touch_hold_person"),
            Index(fields=("state", "release_at", "id"), name="touch_hold_state"),
            Index(fields=("about_kind", "about_id", "state"), name="touch_hold_about"),
            Index(fields=("changed_at", "id"), name="touch_hold_changed"),
        ]
