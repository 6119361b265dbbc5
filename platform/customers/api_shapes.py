"""What /api/v1 says and takes of customers. Dates are ISO 8601; times are UTC."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal

import msgspec

from core.forms import Email, Line, Meta
from core.i18n import _
from customers.models import Account, Contract, Membership, Person, Purchase
from customers.seeing import Sight

Short = Annotated[Line, Meta(max_length=120)]
Name = Annotated[Line, Meta(max_length=80)]
Phase = Literal["onboarding", "adoption", "expansion", "renewal", "churned"]
Locale = Literal["ja", "en"]

OF_ACCOUNT = {"phone": "account.phone", "address": "account.phone", "expected_ltv": "account.money", "traits": "traits"}
OF_CONTRACT = {"amount": "account.money"}
OF_PERSON = {"email": "person.email", "phone": "person.phone", "traits": "traits", "last_seen_at": "person.usage"}


def _seen(one: Any, names: list[str], hides: dict[str, str], sight: Sight) -> dict[str, Any]:
    """The fields, and null for those that this role may not see."""
    return {name: getattr(one, name) if sight.sees(hides.get(name, "")) else None for name in names}


class Source(msgspec.Struct):
    """What another system calls it."""

    source: str
    id: str


class AccountOut(msgspec.Struct):
    """A company. `health` is 0 to 100, null while nothing is known; `expected_ltv` in whole units of the currency.

    Null too is what the role of the key's person may not see (customers.seeing).
    """

    id: int
    name: str
    name_kana: str
    corporate_number: str | None
    industry: str
    employees: int | None
    prefecture: str
    address: str | None
    phone: str | None
    website: str
    state: str
    tier: str
    phase: str
    health: int | None
    expected_ltv: int | None
    renews_on: date | None
    csm_id: int | None
    deputy_id: int | None
    parent_id: int | None
    traits: dict[str, Any] | None
    sources: list[Source]
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, one: Account, sources: list[Source], sight: Sight) -> AccountOut:
        names = [name for name in cls.__struct_fields__ if name != "sources"]
        return cls(sources=sources, **_seen(one, names, OF_ACCOUNT, sight))


class Place(msgspec.Struct):
    """Where somebody works."""

    account_id: int
    title: str
    department: str
    since: date | None
    until: date | None


class PersonOut(msgspec.Struct):
    """A human: of a customer, or (`kind` staff) of ours. Only companies that the key sees are listed.

    What the key's role may not see is null or empty.
    """

    id: int
    kind: str
    family_name: str
    given_name: str
    family_kana: str
    given_kana: str
    handle: str
    email: str | None
    phone: str | None
    locale: str
    time_zone: str
    state: str
    traits: dict[str, Any] | None
    accounts: list[Place]
    sources: list[Source]
    last_seen_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, one: Person, sources: list[Source], places: Sequence[Membership], sight: Sight) -> PersonOut:
        names = [name for name in cls.__struct_fields__ if name not in ("sources", "accounts")]
        shown = [Place(p.account_id, p.title, p.department, p.since, p.until) for p in places]
        if not sight.sees("person.email"):  # an import without ids knows people by their address
            sources = [source for source in sources if not source.id.startswith("email:")]
        return cls(sources=sources, accounts=shown, **_seen(one, names, OF_PERSON, sight))


class ContractOut(msgspec.Struct):
    """A subscription. `amount` is a month's, in whole units; null where the key's role may not see money.

    `ended_on` is the first day without it. `end_reason` is could_not_master, cost, missing_features, competitor,
    contact_changed, business_ended, other, or empty where nobody said one.
    """

    id: int
    account_id: int
    product: str
    plan: str
    amount: int | None
    currency: str
    seats: int | None
    starts_on: date
    renews_on: date | None
    ended_on: date | None
    end_reason: str
    end_note: str
    source: str
    source_id: str | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, one: Contract, sight: Sight) -> ContractOut:
        return cls(**_seen(one, list(cls.__struct_fields__), OF_CONTRACT, sight))


class PurchaseOut(msgspec.Struct):
    """Something bought once, in whole units; `person_id` is null for what a company bought."""

    id: int
    person_id: int | None
    account_id: int | None
    product: str
    quantity: int
    amount: int | None
    currency: str
    bought_on: date
    source: str
    source_id: str
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, one: Purchase, sight: Sight) -> PurchaseOut:
        return cls(**_seen(one, list(cls.__struct_fields__), OF_CONTRACT, sight))


def _named(*words: str | None) -> None:
    if not any(words):
        raise ValueError(_("Say at least a name or an e-mail address."))


class AccountIn(msgspec.Struct):
    name: Annotated[Line, Meta(min_length=1, max_length=200)]
    name_kana: Line = ""
    corporate_number: Annotated[Line, Meta(max_length=13)] | None = None
    industry: Short = ""
    employees: Annotated[int, Meta(ge=0, le=100_000_000)] | None = None
    prefecture: Annotated[Line, Meta(max_length=40)] = ""
    address: Annotated[Line, Meta(max_length=300)] = ""
    phone: Annotated[Line, Meta(max_length=40)] = ""
    website: Annotated[Line, Meta(max_length=300)] = ""
    phase: Phase = "onboarding"

    def values(self) -> dict[str, Any]:
        return msgspec.structs.asdict(self)


class AccountChange(msgspec.Struct):
    name: Line = ""
    name_kana: Line = ""
    corporate_number: Annotated[Line, Meta(max_length=13)] | None = None
    industry: Short = ""
    employees: Annotated[int, Meta(ge=0, le=100_000_000)] | None = None
    prefecture: Annotated[Line, Meta(max_length=40)] = ""
    address: Annotated[Line, Meta(max_length=300)] = ""
    phone: Annotated[Line, Meta(max_length=40)] = ""
    website: Annotated[Line, Meta(max_length=300)] = ""
    phase: Phase = "onboarding"


class PersonIn(msgspec.Struct):
    email: Email | None = None
    family_name: Name = ""
    given_name: Name = ""
    family_kana: Name = ""
    given_kana: Name = ""
    handle: Annotated[Line, Meta(max_length=60)] = ""
    phone: Annotated[Line, Meta(max_length=40)] = ""
    locale: Locale = "ja"
    account_id: int | None = None
    title: Short = ""

    def values(self) -> dict[str, Any]:
        return msgspec.structs.asdict(self)

    def __post_init__(self) -> None:
        _named(self.email, self.family_name, self.given_name)


class Brought(msgspec.Struct):
    """Fields of an import: empty ones say nothing."""

    def words(self) -> dict[str, str]:
        return {name: str(value) for name, value in msgspec.structs.asdict(self).items() if value not in (None, "")}


class AccountUpsert(Brought):
    name: Line
    name_kana: Line = ""
    alias: Line = ""
    corporate_number: Line = ""
    industry: Short = ""
    employees: int | None = None
    prefecture: Line = ""
    address: Annotated[Line, Meta(max_length=300)] = ""
    phone: Line = ""
    website: Annotated[Line, Meta(max_length=300)] = ""
    csm: Email | None = None
    deputy: Email | None = None
    phase: Phase | None = None
    parent: Short = ""


class PersonUpsert(Brought):
    email: Email | None = None
    full_name: Line = ""
    family_name: Name = ""
    given_name: Name = ""
    family_kana: Name = ""
    given_kana: Name = ""
    phone: Line = ""
    account_id: Short = ""  # the company's id in the same source
    title: Short = ""
    department: Short = ""
    locale: Locale | None = None
    time_zone: Line = ""
    handle: Annotated[Line, Meta(max_length=60)] = ""

    def __post_init__(self) -> None:
        _named(self.email, self.full_name, self.family_name, self.given_name)


class ContractUpsert(Brought):
    account_id: Short  # the company's id in the same source
    starts_on: date
    product: Short = ""
    plan: Short = ""
    amount: int | None = None
    amount_yearly: int | None = None
    currency: Annotated[Line, Meta(max_length=3)] = ""
    seats: int | None = None
    renews_on: date | None = None
    ended_on: date | None = None
    end_reason: Annotated[Line, Meta(max_length=300)] = ""  # one of the list's words, else kept under `other`
    end_note: Annotated[Line, Meta(max_length=300)] = ""


class PurchaseUpsert(Brought):
    """Whose it is: `email`, `person_id` or `account_id` (the source's own ids). Less than zero for a refund."""

    paid: int
    bought_on: date
    email: Email | None = None
    person_id: Short = ""
    account_id: Short = ""
    product: Short = ""
    quantity: int | None = None
    currency: Annotated[Line, Meta(max_length=3)] = ""

    def __post_init__(self) -> None:
        if not (self.email or self.person_id or self.account_id):
            raise ValueError(_("Say whose it is: an address, a person's id or a company's id."))


class Upserted(msgspec.Struct):
    """`outcome`: created, updated, unchanged, or review (202): a person decides whether it is one that is known."""

    outcome: str
    id: int | None = None
    reason: str = ""
