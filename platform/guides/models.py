"""Guides, what was frozen of them, and what each person saw and answered."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.fields import Moment

KINDS = ("banner", "modal", "tooltip", "checklist", "survey")
POINTING = ("tooltip",)  # at an element of the product
STATES = ("draft", "pilot", "live", "paused", "ended")
FREQUENCIES = ("once", "until_closed", "repeat")


class Product(Model):
    """The company's own product, which embeds the script. `secrets` is encrypted (core.vault): now, and before."""

    id = fields.BigIntField(primary_key=True)
    brand = fields.CharField(max_length=40, unique=True, default="default")
    key = fields.CharField(max_length=64, unique=True)  # public: says which product a page belongs to
    secrets = fields.TextField()
    origins: Any = fields.JSONField(default=list)  # https://app.example.co.jp
    has_launcher = fields.BooleanField(default=True)
    gap_hours = fields.IntField(default=24)  # between two guides, whatever they are
    survey_gap_days = fields.IntField(default=90)  # between two surveys
    # A guide pauses itself when in 24 hours, of so many visits or more, such a share (%) lacked its place; 0: never.
    miss_visits = fields.IntField(default=20, db_default=20)
    miss_share = fields.IntField(default=50, db_default=50)
    created_at = Moment()
    updated_at = Moment()

    class Meta:
        table = "guide_product"


class Guide(Model):
    """What is written (`steps`, `texts`) and, once tried or live, what was frozen of it (`revision`, `contents`)."""

    id = fields.BigIntField(primary_key=True)
    key = fields.CharField(max_length=64, unique=True)  # its name in browsers
    brand = fields.CharField(max_length=40, default="default")
    name = fields.CharField(max_length=120)
    kind = fields.CharField(max_length=12)
    state = fields.CharField(max_length=8, default="draft")
    locale = fields.CharField(max_length=8, default="ja")  # the language it is written in; others are translations
    steps: Any = fields.JSONField(default=list)  # [{id, selectors, placement, link, event}]
    texts: Any = fields.JSONField(default=dict)  # {locale: {step id: {title, text, button …}}}
    translated_from: Any = fields.JSONField(default=dict)  # {locale: digest of the source it was translated from}
    segment: Any = fields.ForeignKeyField("customers.Segment", related_name="guides", null=True,
                                          on_delete=fields.RESTRICT)  # fmt: skip
    urls: Any = fields.JSONField(default=list)
    trigger: Any = fields.JSONField(default=dict)  # {on: load | event, name, after}
    frequency = fields.CharField(max_length=12, default="once")
    every_days = fields.IntField(default=30)
    most_views = fields.IntField(default=3)
    priority = fields.IntField(default=50)
    starts_at = Moment(null=True)
    ends_at = Moment(null=True)
    # What it is for, and how many (%) of those who would see it never do, so that its effect can be told.
    goal = fields.CharField(max_length=120, db_default="", default="")  # an event of the product
    goal_days = fields.IntField(default=14, db_default=14)
    holdout = fields.IntField(default=0, db_default=0)
    held_since = Moment(null=True)  # when the share was last changed: what was before is not compared
    revision = fields.CharField(max_length=64, default="")
    contents: Any = fields.JSONField(default=dict)  # {locale: hash}
    broken: Any = fields.JSONField(null=True)  # why it paused itself: guides.sights.Broken
    version = fields.IntField(default=1)
    created_by: Any = fields.ForeignKeyField("customers.Person", related_name="guides", null=True,
                                             on_delete=fields.SET_NULL)  # fmt: skip
    created_at = Moment()
    updated_at = Moment()
    published_at = Moment(null=True)

    segment_id: int | None
    created_by_id: int | None

    class Meta:
        table = "guide"
        indexes = [
            Index(fields=("state", "brand"), name="guide_state"),
            Index(fields=("updated_at", "id"), name="guide_updated"),
        ]

    @property
    def can_change(self) -> bool:
        """What people are looking at stays as it is; pause it first."""
        return self.state in ("draft", "paused")


class Content(Model):
    """One language of one revision, as browsers get it, for ever under its own hash."""

    id = fields.BigIntField(primary_key=True)
    hash = fields.CharField(max_length=64, unique=True)
    guide: Any = fields.ForeignKeyField("guides.Guide", related_name="frozen", on_delete=fields.CASCADE)
    locale = fields.CharField(max_length=8)
    body = fields.TextField()
    created_at = Moment()

    guide_id: int

    class Meta:
        table = "guide_content"
        indexes = [Index(fields=("guide_id",), name="guide_content_guide")]


class Script(Model):
    """A script that was served once is served for ever: pages embed it by its hash."""

    id = fields.BigIntField(primary_key=True)
    hash = fields.CharField(max_length=64, unique=True)
    body = fields.TextField()
    created_at = Moment()

    class Meta:
        table = "guide_script"


class Seen(Model):
    """Where one person stands with one guide: the truth about views, dismissal and completion."""

    id = fields.BigIntField(primary_key=True)
    person: Any = fields.ForeignKeyField("customers.Person", related_name="guides_seen", on_delete=fields.CASCADE)
    guide: Any = fields.ForeignKeyField("guides.Guide", related_name="seen", on_delete=fields.CASCADE)
    kind = fields.CharField(max_length=12)
    views = fields.IntField(default=0)
    last_at = Moment()
    dismissed_at = Moment(null=True)
    completed_at = Moment(null=True)
    items: Any = fields.JSONField(default=list)  # of a checklist: ids of what is done
    held_out_at = Moment(null=True)  # when it would have been shown the first time to somebody of the holdout

    person_id: int
    guide_id: int

    class Meta:
        table = "guide_seen"
        unique_together = (("person", "guide"),)
        indexes = [Index(fields=("guide_id", "id"), name="guide_seen_guide")]


class View(Model):
    """The ledger: one showing to one person, and what became of it. `key` is what the browser knows it by."""

    id = fields.BigIntField(primary_key=True)
    key = fields.CharField(max_length=64, unique=True)
    guide: Any = fields.ForeignKeyField("guides.Guide", related_name="views", on_delete=fields.CASCADE)
    person: Any = fields.ForeignKeyField("customers.Person", related_name="guide_views", on_delete=fields.CASCADE)
    account_id = fields.BigIntField(null=True)
    revision = fields.CharField(max_length=64)
    is_pilot = fields.BooleanField(default=False)
    locale = fields.CharField(max_length=8, default="ja")
    started_at = Moment()
    step = fields.IntField(default=1)  # the furthest, counted from 1
    clicked_at = Moment(null=True)
    dismissed_at = Moment(null=True)
    completed_at = Moment(null=True)

    guide_id: int
    person_id: int

    class Meta:
        table = "guide_view"
        indexes = [
            Index(fields=("guide_id", "started_at", "id"), name="guide_view_guide"),
            Index(fields=("person_id", "guide_id", "id"), name="guide_view_person"),
        ]


class Answer(Model):
    """What somebody said in a survey: 0 to 10, and perhaps why. One per view."""

    id = fields.BigIntField(primary_key=True)
    view: Any = fields.OneToOneField("guides.View", related_name="answer", on_delete=fields.CASCADE)
    guide: Any = fields.ForeignKeyField("guides.Guide", related_name="answers", on_delete=fields.CASCADE)
    person: Any = fields.ForeignKeyField("customers.Person", related_name="guide_answers", on_delete=fields.CASCADE)
    account_id = fields.BigIntField(null=True)
    score = fields.IntField()
    comment = fields.TextField(default="")
    at = Moment()

    view_id: int
    guide_id: int
    person_id: int

    class Meta:
        table = "guide_answer"
        indexes = [Index(fields=("guide_id", "at"), name="guide_answer_guide")]


class Sight(Model):
    """Whether one person, in one visit (half hours since 1970), found a step's place on one page. Kept for a day."""

    id = fields.BigIntField(primary_key=True)
    guide: Any = fields.ForeignKeyField("guides.Guide", related_name="sights", on_delete=fields.CASCADE)
    person: Any = fields.ForeignKeyField("customers.Person", related_name="guide_sights", on_delete=fields.CASCADE)
    step = fields.IntField()
    page = fields.CharField(max_length=200)
    visit = fields.BigIntField()
    is_found = fields.BooleanField()
    at = Moment()

    guide_id: int
    person_id: int

    class Meta:
        table = "guide_sight"
        unique_together = (("guide", "person", "step", "page", "visit"),)
        indexes = [
            Index(fields=("guide_id", "at"), name="guide_sight_guide"),
            Index(fields=("person_id",), name="guide_sight_person"),
            Index(fields=("at",), name="guide_sight_at"),
        ]


class Miss(Model):
    """How often a step's target was not on the page, by day: how a changed product is noticed."""

    id = fields.BigIntField(primary_key=True)
    guide: Any = fields.ForeignKeyField("guides.Guide", related_name="misses", on_delete=fields.CASCADE)
    step = fields.IntField()
    day = fields.DateField()
    count = fields.IntField(default=0)

    guide_id: int

    class Meta:
        table = "guide_miss"
        unique_together = (("guide", "step", "day"),)
