"""Campaigns, their contents by revision, and the ledger: one delivery per step × person × channel."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.fields import Moment

STATES = ("draft", "scheduled", "sending", "paused", "done", "cancelled")
OPEN = ("frozen", "claimed", "attempting")
OPEN_ENDED = ("journey", "rehearsal")  # steps of a journey and of its pilot: somebody may always come
TRIED = ("pilot", "rehearsal")  # steps that are a trial


class Campaign(Model):
    """A newsletter or an announcement. Its content is the revision that `revision_id` names."""

    id = fields.BigIntField(primary_key=True)
    brand = fields.CharField(max_length=40, default="default")
    name = fields.CharField(max_length=120)
    kind = fields.CharField(max_length=12, default="newsletter")  # newsletter, announcement, journey
    topic = fields.CharField(max_length=40)
    locale = fields.CharField(max_length=8, default="ja")
    from_name = fields.CharField(max_length=120, default="")
    channels = fields.CharField(max_length=12, default="email", db_default="email")  # campaigns.channels.CHOICES
    state = fields.CharField(max_length=12, default="draft")
    segment: Any = fields.ForeignKeyField("customers.Segment", related_name="campaigns", null=True,
                                          on_delete=fields.SET_NULL)  # fmt: skip
    revision_id = fields.BigIntField(null=True)  # no foreign key: revisions point at their campaign already
    tracking = fields.CharField(max_length=12, default="aggregate")  # off, aggregate, individual
    is_public = fields.BooleanField(default=False)
    when_uncertain = fields.CharField(max_length=8, default="leave")  # leave, resend
    checks: Any = fields.JSONField(default=dict)  # the last checks: of which revision and segment, and what they found
    created_by: Any = fields.ForeignKeyField("customers.Person", related_name="campaigns", null=True,
                                             on_delete=fields.SET_NULL)  # fmt: skip
    created_at = Moment()
    updated_at = Moment()
    published_at = Moment(null=True)
    journey_id = fields.BigIntField(null=True)  # whose mail it is: then the journey tries it, sends it and stops it

    segment_id: int | None
    created_by_id: int | None

    class Meta:
        table = "campaign"
        indexes = [
            Index(fields=("state", "updated_at", "id"), name="campaign_state"),
            Index(fields=("updated_at", "id"), name="campaign_updated"),
            Index(fields=("published_at", "id"), name="campaign_published"),
        ]

    @property
    def can_change(self) -> bool:
        return self.state == "draft"


class Revision(Model):
    """One content of a campaign, by its hash, as it was written and as it is rendered."""

    id = fields.BigIntField(primary_key=True)
    campaign: Any = fields.ForeignKeyField("campaigns.Campaign", related_name="revisions", on_delete=fields.CASCADE)
    hash = fields.CharField(max_length=64)
    subject = fields.CharField(max_length=300)
    preheader = fields.CharField(max_length=200, default="")
    mjml = fields.TextField()
    text = fields.TextField(default="")
    html = fields.TextField()  # compiled: Jinja in HTML
    plain = fields.TextField()  # compiled: Jinja in text, with the written or the generated text part
    line: Any = fields.JSONField(null=True)  # campaigns.line.content.Message, as written; nothing without LINE
    channels = fields.CharField(max_length=12, default="email", db_default="email")  # for which it was tried
    created_by_id = fields.BigIntField(null=True)
    created_at = Moment()

    campaign_id: int

    class Meta:
        table = "campaign_revision"
        unique_together = (("campaign", "hash"),)


class Step(Model):
    """One sending of a revision to a group: the pilot, the segment, or those who were missed."""

    id = fields.BigIntField(primary_key=True)
    campaign: Any = fields.ForeignKeyField("campaigns.Campaign", related_name="steps", on_delete=fields.CASCADE)
    revision: Any = fields.ForeignKeyField("campaigns.Revision", related_name="steps", on_delete=fields.CASCADE)
    kind = fields.CharField(max_length=10, default="main")  # pilot, main, resend; journey, rehearsal: OPEN_ENDED
    channel = fields.CharField(max_length=16, default="email")  # the revision's choice: campaigns.channels.CHOICES
    state = fields.CharField(max_length=12, default="waiting")  # waiting, freezing, sending, paused, done, cancelled
    people: Any = fields.JSONField(null=True)  # chosen people; else the campaign's segment
    segment_id = fields.BigIntField(null=True)
    due_at = Moment()
    frozen_at = Moment(null=True)
    finished_at = Moment(null=True)
    stop_reason = fields.CharField(max_length=300, default="")
    created_by_id = fields.BigIntField(null=True)
    created_at = Moment()

    campaign_id: int
    revision_id: int

    class Meta:
        table = "campaign_step"
        indexes = [
            Index(fields=("campaign_id", "id"), name="campaign_step_campaign"),
            Index(fields=("state", "due_at"), name="campaign_step_state"),
        ]


class Delivery(Model):
    """The ledger. Every person of a step has one row, one state and, unless it was sent, a reason."""

    id = fields.BigIntField(primary_key=True)
    step: Any = fields.ForeignKeyField("campaigns.Step", related_name="deliveries", on_delete=fields.CASCADE)
    person: Any = fields.ForeignKeyField("customers.Person", related_name="deliveries", on_delete=fields.CASCADE)
    account_id = fields.BigIntField(null=True)
    channel = fields.CharField(max_length=16)  # email, line
    connection_id = fields.BigIntField(null=True)  # the LINE channel on which the person is; mail has none
    address_hash = fields.CharField(max_length=64, null=True)
    state = fields.CharField(max_length=12)  # frozen, claimed, attempting, sent, failed, uncertain, skipped, cancelled
    reason = fields.CharField(max_length=300, default="")
    due_at = Moment()
    lease_until = Moment(null=True)
    worker = fields.CharField(max_length=40, null=True)
    attempt = fields.IntField(default=0)
    revision_id = fields.BigIntField()
    key = fields.CharField(max_length=64)  # idempotency key: of it Message-ID, envelope sender, LINE's retry key
    token = fields.CharField(max_length=64)  # what the unsubscribe link holds, 128 random bits or more
    provider_id = fields.CharField(max_length=200, default="")
    tried_at = Moment(null=True)  # since when it may have arrived: the first attempt that nobody answered for sure
    sent_at = Moment(null=True)
    clicked_at = Moment(null=True)
    opened_at = Moment(null=True)  # never written: only a pixel would tell, and there is none
    unsubscribed_at = Moment(null=True)
    changed_at = Moment()

    step_id: int
    person_id: int

    class Meta:
        table = "delivery"
        unique_together = (("step", "person", "channel"), ("step", "channel", "address_hash"))
        indexes = [
            Index(fields=("person_id", "id"), name="delivery_person"),
            Index(fields=("step_id", "state", "due_at", "id"), name="delivery_state"),
        ]


class TrackedLink(Model):
    """A link of a revision: its token stands in the mail, the address here, so that no redirect can be forged."""

    id = fields.BigIntField(primary_key=True)
    revision: Any = fields.ForeignKeyField("campaigns.Revision", related_name="links", on_delete=fields.CASCADE)
    url = fields.CharField(max_length=2000)
    token = fields.CharField(max_length=64, unique=True)
    clicks = fields.BigIntField(default=0)

    revision_id: int

    class Meta:
        table = "campaign_link"
        unique_together = (("revision", "url"),)


class Click(Model):
    """A link that a person who allowed it was seen to follow. Everybody else is only counted."""

    id = fields.BigIntField(primary_key=True)
    link: Any = fields.ForeignKeyField("campaigns.TrackedLink", related_name="seen", on_delete=fields.CASCADE)
    delivery: Any = fields.ForeignKeyField("campaigns.Delivery", related_name="clicks", on_delete=fields.CASCADE)
    at = Moment()

    class Meta:
        table = "campaign_click"
        indexes = [Index(fields=("delivery_id", "id"), name="campaign_click_delivery")]


from campaigns.journeys.models import Journey, Move, Run, Sending, Version  # noqa: E402

__all__ = ["OPEN", "OPEN_ENDED", "STATES", "TRIED", "Campaign", "Click", "Delivery", "Journey", "Move", "Revision",
           "Run", "Sending", "Step", "TrackedLink", "Version"]  # fmt: skip
