"""Who they are: companies and humans, what each is called elsewhere, what was bought."""

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
    phase_since = Moment(null=True)
    phase_reason = fields.CharField(max_length=300, default="", db_default="")  # of whoever chose it by hand
    phase_by_id = fields.BigIntField(null=True)
    phase_until = fields.DateField(null=True)
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
            # All that a search reads, so that the wide rows are not.
            Index(fields=("normal_name", "name", "name_kana", "corporate_number", "state"), name="account_words"),
            Index(fields=("corporate_number",), name="account_corporate_number"),
            Index(fields=("tier", "id"), name="account_tier"),
            Index(fields=("csm_id",), name="account_csm"),
            Index(fields=("deputy_id",), name="account_deputy"),
            Index(fields=("updated_at", "id"), name="account_updated"),
            Index(fields=("name", "id"), name="account_name"),
            Index(fields=("health", "id"), name="account_health"),
            Index(fields=("renews_on", "id"), name="account_renews"),
            Index(fields=("expected_ltv", "id"), name="account_ltv"),
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


# `full_name` and `public_name` of a person `p`, for lists that are searched and sorted by them; either engine.
FULL_NAME = (
    "TRIM(CASE WHEN p.locale = 'ja' THEN COALESCE(p.family_name, '') || ' ' || COALESCE(p.given_name, '')"
    " ELSE COALESCE(p.given_name, '') || ' ' || COALESCE(p.family_name, '') END)"
)
PUBLIC_NAME = f"COALESCE(NULLIF(p.handle, ''), {FULL_NAME})"


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
            Index(fields=("family_kana", "id"), name="person_kana_id"),
            Index(fields=("last_seen_at", "id"), name="person_seen"),
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
        # All that a question about companies needs of a membership, so that its rows are not read.
        indexes = [Index(fields=("account_id", "until", "person_id"), name="membership_covering")]


class Identity(Model):
    """An address by which a channel knows a person: email, line, slack (`team:user`), user_id, anonymous_id.

    Only a verified one is trusted to say who is speaking. A LINE user id is good on the channels of one provider
    (channels.providers): `connection_id` is the channel on which LINE last named it, nothing where that is not known.
    """

    id = fields.BigIntField(primary_key=True)
    kind = fields.CharField(max_length=20)
    value = fields.CharField(max_length=254)
    person: Any = fields.ForeignKeyField("customers.Person", related_name="identities", on_delete=fields.CASCADE)
    verified_at = Moment(null=True)
    source = fields.CharField(max_length=60, default="")
    connection_id: int | None = fields.BigIntField(null=True)
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
    end_reason = fields.CharField(max_length=300, default="")  # of end_reasons.REASONS; "" where nobody said one
    end_note = fields.CharField(max_length=300, default="", db_default="")  # in whose words
    end_source = fields.CharField(max_length=60, default="", db_default="")  # staff: imports leave the end as it is
    end_tier = fields.CharField(max_length=8, default="", db_default="")  # the account's when the end was written down
    end_phase = fields.CharField(max_length=16, default="", db_default="")
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


class Purchase(Model):
    """Something bought once, from an import; `amount` in whole units of `currency`, less than zero for a refund."""

    id = fields.BigIntField(primary_key=True)
    person: Any = fields.ForeignKeyField("customers.Person", related_name="purchases", null=True,
                                         on_delete=fields.SET_NULL)  # fmt: skip
    account: Any = fields.ForeignKeyField("customers.Account", related_name="purchases", null=True,
                                          on_delete=fields.SET_NULL)  # fmt: skip
    product = fields.CharField(max_length=120, default="")
    quantity = fields.IntField(default=1)
    amount = fields.BigIntField()
    currency = fields.CharField(max_length=3, default="JPY")
    bought_on = fields.DateField()
    source = fields.CharField(max_length=60)
    source_id = fields.CharField(max_length=300)
    digest = fields.CharField(max_length=64, default="")
    created_at = Moment()
    updated_at = Moment()

    person_id: int | None
    account_id: int | None

    class Meta:
        table = "purchase"
        unique_together = (("source", "source_id"),)
        indexes = [Index(fields=("person_id",), name="purchase_person"),
                   Index(fields=("account_id", "bought_on"), name="purchase_account")]  # fmt: skip
