"""One record per customer: who they are, what they bought, what happened, what they allow."""

from __future__ import annotations

from datetime import date
from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.fields import Moment

TIERS = ("high", "low", "tech")
PHASES = ("onboarding", "adoption", "expansion", "renewal", "churned")


class Account(Model):
    """A company that buys the product. `sources` says for each field which source it came from."""

    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=200)
    name_kana = fields.CharField(max_length=200, default="")
    normal_name = fields.CharField(max_length=200, default="")
    corporate_number = fields.CharField(max_length=13, null=True)
    parent: Any = fields.ForeignKeyField("customers.Account", related_name="children", null=True,
                                         on_delete=fields.SET_NULL)  # fmt: skip
    industry = fields.CharField(max_length=120, default="")
    employees = fields.IntField(null=True)
    prefecture = fields.CharField(max_length=40, default="")
    address = fields.CharField(max_length=300, default="")
    phone = fields.CharField(max_length=40, default="")
    website = fields.CharField(max_length=300, default="")
    state = fields.CharField(max_length=12, default="active")  # active, churned, merged
    tier = fields.CharField(max_length=8, default="tech")
    tier_source = fields.CharField(max_length=8, default="rule")  # rule, manual
    tier_reason = fields.CharField(max_length=300, default="")
    tier_by: Any = fields.ForeignKeyField("customers.Person", related_name="tiers_set", null=True,
                                          on_delete=fields.SET_NULL)  # fmt: skip
    tier_until = fields.DateField(null=True)
    expected_ltv = fields.BigIntField(default=0)  # in the installation's currency, whole units
    csm: Any = fields.ForeignKeyField("customers.Person", related_name="csm_of", null=True, on_delete=fields.SET_NULL)
    deputy: Any = fields.ForeignKeyField("customers.Person", related_name="deputy_of", null=True,
                                         on_delete=fields.SET_NULL)  # fmt: skip
    phase = fields.CharField(max_length=16, default="onboarding")
    health = fields.IntField(null=True)
    health_coverage = fields.IntField(default=0)
    health_reasons: Any = fields.JSONField(default=list)
    renews_on: date | None = fields.DateField(null=True)
    traits: Any = fields.JSONField(default=dict)
    sources: Any = fields.JSONField(default=dict)
    version = fields.IntField(default=1)
    created_at = Moment()
    updated_at = Moment()

    csm_id: int | None
    deputy_id: int | None
    parent_id: int | None
    tier_by_id: int | None

    class Meta:
        table = "account"
        indexes = [
            Index(fields=("normal_name",), name="account_normal_name"),
            Index(fields=("corporate_number",), name="account_corporate_number"),
            Index(fields=("tier", "id"), name="account_tier"),
            Index(fields=("csm_id",), name="account_csm"),
            Index(fields=("deputy_id",), name="account_deputy"),
            Index(fields=("updated_at", "id"), name="account_updated"),
            Index(fields=("name", "id"), name="account_name"),
        ]

    def __str__(self) -> str:
        return self.name


class AccountSource(Model):
    """What another system calls an account: the key of every import is (source, source_id)."""

    id = fields.BigIntField(primary_key=True)
    account: Any = fields.ForeignKeyField("customers.Account", related_name="source_ids", on_delete=fields.CASCADE)
    source = fields.CharField(max_length=60)
    source_id = fields.CharField(max_length=300)
    digest = fields.CharField(max_length=64, default="")  # of the last row imported, to know 'unchanged' at once
    seen_at = Moment()

    account_id: int

    class Meta:
        table = "account_source"
        unique_together = (("source", "source_id"),)
        indexes = [Index(fields=("account_id",), name="account_source_account")]


class AccountAlias(Model):
    """Another name an account is or was known by."""

    id = fields.BigIntField(primary_key=True)
    account: Any = fields.ForeignKeyField("customers.Account", related_name="aliases", on_delete=fields.CASCADE)
    name = fields.CharField(max_length=200)
    normal_name = fields.CharField(max_length=200)
    source = fields.CharField(max_length=60, default="")
    created_at = Moment()

    account_id: int

    class Meta:
        table = "account_alias"
        unique_together = (("account", "normal_name"),)
        indexes = [Index(fields=("normal_name",), name="account_alias_normal")]


class Person(Model):
    """A human: at a customer, or of ours (`kind` staff)."""

    id = fields.BigIntField(primary_key=True)
    kind = fields.CharField(max_length=10, default="customer")  # customer, staff
    family_name = fields.CharField(max_length=80, default="")
    given_name = fields.CharField(max_length=80, default="")
    family_kana = fields.CharField(max_length=80, default="")
    given_kana = fields.CharField(max_length=80, default="")
    handle = fields.CharField(max_length=60, default="")  # shown in the community instead of the name
    honorific = fields.CharField(max_length=12, default="さん")
    email = fields.CharField(max_length=254, null=True)
    phone = fields.CharField(max_length=40, default="")
    locale = fields.CharField(max_length=8, default="ja")
    time_zone = fields.CharField(max_length=48, default="Asia/Tokyo")
    state = fields.CharField(max_length=12, default="active")  # active, merged, erased, suspended
    traits: Any = fields.JSONField(default=dict)
    sources: Any = fields.JSONField(default=dict)
    version = fields.IntField(default=1)
    last_seen_at = Moment(null=True)
    created_at = Moment()
    updated_at = Moment()

    memberships: Any

    class Meta:
        table = "person"
        indexes = [
            Index(fields=("email",), name="person_email"),
            Index(fields=("kind", "id"), name="person_kind"),
            Index(fields=("family_kana", "given_kana", "id"), name="person_kana"),
        ]

    @property
    def full_name(self) -> str:
        """田中 花子 in Japanese, Hanako Tanaka in English."""
        names = (self.family_name, self.given_name) if self.locale == "ja" else (self.given_name, self.family_name)
        return " ".join(name for name in names if name) or self.handle or (self.email or "").split("@")[0]

    @property
    def public_name(self) -> str:
        """What other customers see."""
        return self.handle or self.full_name

    def __str__(self) -> str:
        return self.full_name


class PersonSource(Model):
    """What another system calls a person: (source, source_id) is the key of an import."""

    id = fields.BigIntField(primary_key=True)
    person: Any = fields.ForeignKeyField("customers.Person", related_name="source_ids", on_delete=fields.CASCADE)
    source = fields.CharField(max_length=60)
    source_id = fields.CharField(max_length=300)
    digest = fields.CharField(max_length=64, default="")
    seen_at = Moment()

    person_id: int

    class Meta:
        table = "person_source"
        unique_together = (("source", "source_id"),)
        indexes = [Index(fields=("person_id",), name="person_source_person")]


class Membership(Model):
    """A person at an account, from when to when; many to many."""

    id = fields.BigIntField(primary_key=True)
    person: Any = fields.ForeignKeyField("customers.Person", related_name="memberships", on_delete=fields.CASCADE)
    account: Any = fields.ForeignKeyField("customers.Account", related_name="memberships", on_delete=fields.CASCADE)
    title = fields.CharField(max_length=120, default="")
    department = fields.CharField(max_length=120, default="")
    is_primary = fields.BooleanField(default=True)
    since: date | None = fields.DateField(null=True)
    until: date | None = fields.DateField(null=True)

    person_id: int
    account_id: int

    class Meta:
        table = "membership"
        unique_together = (("person", "account"),)
        indexes = [Index(fields=("account_id",), name="membership_account")]


class Identity(Model):
    """An address by which a channel knows a person: email, line, slack (`team:user`), user_id, anonymous_id.

    Only a verified one is trusted to say who is speaking.
    """

    id = fields.BigIntField(primary_key=True)
    kind = fields.CharField(max_length=20)
    value = fields.CharField(max_length=254)
    person: Any = fields.ForeignKeyField("customers.Person", related_name="identities", on_delete=fields.CASCADE)
    verified_at = Moment(null=True)
    source = fields.CharField(max_length=60, default="")
    created_at = Moment()

    person_id: int

    class Meta:
        table = "identity"
        unique_together = (("kind", "value"),)
        indexes = [Index(fields=("person_id",), name="identity_person")]


class Contract(Model):
    """A subscription; renewals, churn and LTV come from here. `amount` is per month, whole units of `currency`."""

    id = fields.BigIntField(primary_key=True)
    account: Any = fields.ForeignKeyField("customers.Account", related_name="contracts", on_delete=fields.CASCADE)
    product = fields.CharField(max_length=120)
    plan = fields.CharField(max_length=120, default="")
    amount = fields.BigIntField(default=0)
    currency = fields.CharField(max_length=3, default="JPY")
    seats = fields.IntField(null=True)
    starts_on = fields.DateField()
    renews_on: date | None = fields.DateField(null=True)
    ended_on: date | None = fields.DateField(null=True)
    end_reason = fields.CharField(max_length=300, default="")
    source = fields.CharField(max_length=60, default="")
    source_id = fields.CharField(max_length=300, null=True)
    digest = fields.CharField(max_length=64, default="")
    created_at = Moment()
    updated_at = Moment()

    account_id: int

    class Meta:
        table = "contract"
        unique_together = (("source", "source_id"),)
        indexes = [
            Index(fields=("account_id",), name="contract_account"),
            Index(fields=("renews_on",), name="contract_renews"),
        ]


class Touchpoint(Model):
    """One thing that happened between us and a customer, on any channel: the timeline."""

    id = fields.BigIntField(primary_key=True)
    at = Moment()
    kind = fields.CharField(max_length=60)  # room.past_tense: community.asked
    person: Any = fields.ForeignKeyField("customers.Person", related_name="touchpoints", null=True,
                                         on_delete=fields.CASCADE)  # fmt: skip
    account: Any = fields.ForeignKeyField("customers.Account", related_name="touchpoints", null=True,
                                          on_delete=fields.CASCADE)  # fmt: skip
    channel = fields.CharField(max_length=16, default="web")
    about_kind = fields.CharField(max_length=40, default="")
    about_id = fields.BigIntField(null=True)
    data: Any = fields.JSONField(default=dict)
    key = fields.CharField(max_length=120, null=True, unique=True)

    person_id: int | None
    account_id: int | None

    class Meta:
        table = "touchpoint"
        indexes = [
            Index(fields=("person_id", "at", "id"), name="touchpoint_person"),
            Index(fields=("account_id", "at", "id"), name="touchpoint_account"),
            Index(fields=("kind", "at"), name="touchpoint_kind"),
        ]


class ProductEvent(Model):
    """What people did in the customer's product (Segment's `track`, `page`); append-only."""

    id = fields.BigIntField(primary_key=True)
    message_id = fields.CharField(max_length=100)
    name = fields.CharField(max_length=120)
    kind = fields.CharField(max_length=12, default="track")
    person_id = fields.BigIntField(null=True)
    account_id = fields.BigIntField(null=True)
    anonymous_id = fields.CharField(max_length=120, null=True)
    properties: Any = fields.JSONField(default=dict)
    at = Moment()
    received_at = Moment()

    class Meta:
        table = "event"
        indexes = [
            Index(fields=("person_id", "name", "at"), name="event_person"),
            Index(fields=("account_id", "at"), name="event_account"),
        ]


class EventSeen(Model):
    """Deduplication of events, unpartitioned, pruned after 30 days."""

    id = fields.BigIntField(primary_key=True)
    message_id = fields.CharField(max_length=100, unique=True)
    received_on = fields.DateField()

    class Meta:
        table = "event_seen"
        indexes = [Index(fields=("received_on",), name="event_seen_received")]


class UsageDay(Model):
    """Events of one name by one person on one local day: what windows are aged from."""

    id = fields.BigIntField(primary_key=True)
    person_id = fields.BigIntField()
    account_id = fields.BigIntField(null=True)
    name = fields.CharField(max_length=120)
    day = fields.DateField()
    count = fields.IntField(default=0)

    class Meta:
        table = "usage_day"
        unique_together = (("person_id", "name", "day"),)
        indexes = [
            Index(fields=("account_id", "day"), name="usage_day_account"),
            Index(fields=("day",), name="usage_day_day"),
        ]


class PersonMetric(Model):
    """Rolled-up counts per person and event name: last 7, 30, 90 days, ever, and when last."""

    id = fields.BigIntField(primary_key=True)
    person_id = fields.BigIntField()
    metric = fields.CharField(max_length=120)
    d7 = fields.IntField(default=0)
    d30 = fields.IntField(default=0)
    d90 = fields.IntField(default=0)
    total = fields.BigIntField(default=0)
    last_at = Moment(null=True)

    class Meta:
        table = "person_metric"
        unique_together = (("person_id", "metric"),)
        indexes = [Index(fields=("metric", "d30"), name="person_metric_d30")]


class AccountMetric(Model):
    """The same per account."""

    id = fields.BigIntField(primary_key=True)
    account_id = fields.BigIntField()
    metric = fields.CharField(max_length=120)
    d7 = fields.IntField(default=0)
    d30 = fields.IntField(default=0)
    d90 = fields.IntField(default=0)
    total = fields.BigIntField(default=0)
    last_at = Moment(null=True)

    class Meta:
        table = "account_metric"
        unique_together = (("account_id", "metric"),)


class HealthSnapshot(Model):
    """An account's score on one day, with what it was made of."""

    id = fields.BigIntField(primary_key=True)
    account: Any = fields.ForeignKeyField("customers.Account", related_name="health_history", on_delete=fields.CASCADE)
    day = fields.DateField()
    score = fields.IntField(null=True)
    coverage = fields.IntField(default=0)
    reasons: Any = fields.JSONField(default=list)

    account_id: int

    class Meta:
        table = "health_snapshot"
        unique_together = (("account", "day"),)


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


class AccountNote(Model):
    """What staff wrote about an account or a person, for staff only."""

    id = fields.BigIntField(primary_key=True)
    account: Any = fields.ForeignKeyField("customers.Account", related_name="staff_notes", null=True,
                                          on_delete=fields.CASCADE)  # fmt: skip
    person: Any = fields.ForeignKeyField("customers.Person", related_name="staff_notes", null=True,
                                         on_delete=fields.CASCADE)  # fmt: skip
    author: Any = fields.ForeignKeyField("customers.Person", related_name="notes_written", null=True,
                                         on_delete=fields.SET_NULL)  # fmt: skip
    body = fields.TextField()
    created_at = Moment()

    account_id: int | None
    person_id: int | None
    author_id: int | None

    class Meta:
        table = "account_note"
        indexes = [Index(fields=("account_id", "id"), name="account_note_account"),
                   Index(fields=("person_id", "id"), name="account_note_person")]  # fmt: skip


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
    """Something for one person to see at the bell; a row is the notice's own ledger."""

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

    person_id: int

    class Meta:
        table = "notice"
        unique_together = (("person", "key"),)
        indexes = [Index(fields=("person_id", "created_at", "id"), name="notice_person")]


class Pilot(Model):
    """People before automation: a small named group first, then a recorded human verdict on that revision."""

    id = fields.BigIntField(primary_key=True)
    about_kind = fields.CharField(max_length=40)  # campaign, journey, guide, bot
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

    started_by_id: int | None
    verdict_by_id: int | None

    class Meta:
        table = "pilot"
        indexes = [Index(fields=("about_kind", "about_id"), name="pilot_about")]


class Touch(Model):
    """One reserved automatic touch against the person's budget of attention, over all channels."""

    id = fields.BigIntField(primary_key=True)
    person: Any = fields.ForeignKeyField("customers.Person", related_name="touches", on_delete=fields.CASCADE)
    channel = fields.CharField(max_length=16)
    kind = fields.CharField(max_length=40)
    key = fields.CharField(max_length=120, unique=True)
    at = Moment()

    person_id: int

    class Meta:
        table = "touch"
        indexes = [Index(fields=("person_id", "at"), name="touch_person")]


class ImportBatch(Model):
    """One file (or API batch) on its way in: dry run, applied, undone; resumable."""

    id = fields.BigIntField(primary_key=True)
    kind = fields.CharField(max_length=20)  # accounts, people, contracts, articles
    source = fields.CharField(max_length=60)
    file_name = fields.CharField(max_length=200, default="")
    digest = fields.CharField(max_length=64)
    mapping: Any = fields.JSONField(default=dict)  # heading → field
    state = fields.CharField(max_length=12, default="mapping")  # previewing, preview, queued, applying, applied
    counts: Any = fields.JSONField(default=dict)
    total = fields.IntField(default=0)  # rows in the file
    done = fields.IntField(default=0)  # rows worked on, for the progress bar and for going on after a stop
    note = fields.CharField(max_length=300, default="")
    encoding = fields.CharField(max_length=40, default="")
    created_by: Any = fields.ForeignKeyField("customers.Person", related_name="imports", null=True,
                                             on_delete=fields.SET_NULL)  # fmt: skip
    created_at = Moment()
    finished_at = Moment(null=True)

    created_by_id: int | None

    class Meta:
        table = "import_batch"


class ImportFile(Model):
    """The file of a batch, compressed, so that any worker can go on with it; gone when it was applied."""

    id = fields.BigIntField(primary_key=True)
    batch: Any = fields.ForeignKeyField("customers.ImportBatch", related_name="files", on_delete=fields.CASCADE)
    content = fields.BinaryField()

    batch_id: int

    class Meta:
        table = "import_file"
        indexes = [Index(fields=("batch_id",), name="import_file_batch")]


class ImportRow(Model):
    """What became of one row of an import, and why."""

    id = fields.BigIntField(primary_key=True)
    batch: Any = fields.ForeignKeyField("customers.ImportBatch", related_name="rows", on_delete=fields.CASCADE)
    number = fields.IntField()
    outcome = fields.CharField(max_length=12)  # created, updated, unchanged, review, refused
    reason = fields.CharField(max_length=300, default="")
    data: Any = fields.JSONField(default=dict)
    about_kind = fields.CharField(max_length=40, default="")
    about_id = fields.BigIntField(null=True)
    before: Any = fields.JSONField(null=True)

    batch_id: int

    class Meta:
        table = "import_row"
        indexes = [Index(fields=("batch_id", "outcome", "number"), name="import_row_outcome")]


class Review(Model):
    """Two records that may be one, or one that contradicts itself: a person decides."""

    id = fields.BigIntField(primary_key=True)
    kind = fields.CharField(max_length=40)  # same_corporate_number, changed_corporate_number, same_person …
    account: Any = fields.ForeignKeyField("customers.Account", related_name="reviews", null=True,
                                          on_delete=fields.CASCADE)  # fmt: skip
    other: Any = fields.ForeignKeyField("customers.Account", related_name="reviews_as_other", null=True,
                                        on_delete=fields.CASCADE)  # fmt: skip
    person: Any = fields.ForeignKeyField("customers.Person", related_name="reviews", null=True,
                                         on_delete=fields.CASCADE)  # fmt: skip
    key = fields.CharField(max_length=400, unique=True)
    data: Any = fields.JSONField(default=dict)
    reason = fields.CharField(max_length=300, default="")
    state = fields.CharField(max_length=12, default="open")  # open, accepted, rejected
    decided_by: Any = fields.ForeignKeyField("customers.Person", related_name="reviews_decided", null=True,
                                             on_delete=fields.SET_NULL)  # fmt: skip
    decided_at = Moment(null=True)
    created_at = Moment()

    account_id: int | None
    other_id: int | None
    person_id: int | None
    decided_by_id: int | None

    class Meta:
        table = "review"
        indexes = [Index(fields=("state", "id"), name="review_state")]


class MergeLog(Model):
    """Everything a merge moved, so that it can be undone whole."""

    id = fields.BigIntField(primary_key=True)
    kind = fields.CharField(max_length=10)  # account, person
    kept_id = fields.BigIntField()
    gone_id = fields.BigIntField()
    moved: Any = fields.JSONField()
    evidence: Any = fields.JSONField(default=dict)
    merged_by_id = fields.BigIntField(null=True)
    merged_at = Moment()
    undone_at = Moment(null=True)

    class Meta:
        table = "merge_log"
