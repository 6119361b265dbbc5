"""What a segment can ask about: fields with their kind and label, and how each kind is compared."""

from __future__ import annotations

import re

import msgspec

from core.i18n import lazy as _

WINDOWS = (7, 30, 90)


class Field(msgspec.Struct, frozen=True):
    """`kind` is text, choice, number, days, truth or reference; `sql` is the column it reads, when it is one."""

    name: str
    kind: str
    label: str
    group: str
    sql: str = ""
    options: tuple[tuple[str, str], ...] = ()


TIERS = (("high", _("High touch")), ("low", _("Low touch")), ("tech", _("Tech touch")))
PHASES = (("onboarding", _("Onboarding")), ("adoption", _("Adoption")), ("expansion", _("Expansion")),
          ("renewal", _("Renewing")), ("churned", _("Churned")))  # fmt: skip
HEALTH = (("good", _("Good")), ("watch", _("Watch")), ("risk", _("At risk")), ("unknown", _("Unknown")))
STATES = (("active", _("Customer")), ("churned", _("Former customer")))
CONSENT = (("given", _("Agreed")), ("refused", _("Declined")), ("unknown", _("Never asked")))
CHANNELS = (
    ("email", _("E-mail")),
    ("line", "LINE"),
    ("slack", "Slack"),
    ("web", _("Web")),
    ("in_app", _("In the app")),
)
LOCALES = (("ja", "日本語"), ("en", "English"))

COMPANY, PERSON, CONTRACT, DID, OTHER = _("Company"), _("Person"), _("Contract"), _("Did"), _("Consent and lists")

FIELDS = (
    Field("account.tier", "choice", _("Tier of the company"), COMPANY, "a.tier", TIERS),
    Field("account.phase", "choice", _("Phase"), COMPANY, "a.phase", PHASES),
    Field("account.phase_days", "days", _("Days in this phase"), COMPANY, "a.phase_since"),
    Field("account.health_state", "choice", _("Health"), COMPANY, "a.health", HEALTH),
    Field("account.health", "number", _("Health score"), COMPANY, "a.health"),
    Field("account.state", "choice", _("State of the company"), COMPANY, "a.state", STATES),
    Field("account.name", "text", _("Name of the company"), COMPANY, "a.name"),
    Field("account.industry", "text", _("Industry"), COMPANY, "a.industry"),
    Field("account.employees", "number", _("Employees"), COMPANY, "a.employees"),
    Field("account.prefecture", "text", _("Prefecture"), COMPANY, "a.prefecture"),
    Field("account.expected_ltv", "number", _("Expected LTV"), COMPANY, "a.expected_ltv"),
    Field("account.csm", "reference", _("CSM"), COMPANY, "a.csm_id"),
    Field("account.id", "reference", _("The company itself"), COMPANY, "a.id"),
    Field("person.title", "text", _("Job title"), PERSON, "m.title"),
    Field("person.department", "text", _("Department"), PERSON, "m.department"),
    Field("person.email", "text", _("E-mail address"), PERSON, "p.email"),
    Field("person.family_name", "text", _("Family name"), PERSON, "p.family_name"),
    Field("person.locale", "choice", _("Language"), PERSON, "p.locale", LOCALES),
    Field("person.channel", "choice", _("Channel used most"), PERSON, "", CHANNELS),
    Field("person.active_hour", "number", _("Hour of most activity (0–23)"), PERSON),
    Field("person.created_days_ago", "days", _("Days since we know the person"), PERSON, "p.created_at"),
    Field("person.seen_days_ago", "days", _("Days since last seen"), PERSON, "p.last_seen_at"),
    Field("contract.active", "truth", _("Contract is running"), CONTRACT),
    Field("contract.renews_in_days", "days", _("Days until renewal"), CONTRACT),
    Field("contract.started_days_ago", "days", _("Days since the first contract began"), CONTRACT),
    Field("contract.monthly", "number", _("Monthly amount of running contracts"), CONTRACT),
    Field("contract.product", "text", _("Product"), CONTRACT, "c.product"),
    Field("contract.plan", "text", _("Plan"), CONTRACT, "c.plan"),
    Field("event.count", "number", _("Did in the product, times"), DID),
    Field("event.last_days_ago", "days", _("Days since last did in the product"), DID),
    Field("event.sequence", "truth", _("Did one thing, then another"), DID),
    Field("touch.count", "number", _("Happened on the timeline, times"), DID),
    Field("consent", "choice", _("Consent"), OTHER, "", CONSENT),
    Field("segment", "reference", _("Segment"), OTHER),
)
BY_NAME = {field.name: field for field in FIELDS}
MEASURED = {"event.count", "event.last_days_ago", "event.sequence", "touch.count"}
_trait = re.compile(r"(account|person)\.traits\.([A-Za-z0-9_\-]{1,60})")

TEXT = ("is", "is_not", "is_any", "contains", "contains_any", "is_filled", "is_empty")
NUMBER = ("at_least", "at_most", "is", "between")
OPERATIONS = {
    "text": TEXT,
    "choice": ("is", "is_not", "is_any"),
    "number": (*NUMBER, "less_than", "more_than"),
    "days": NUMBER,
    "truth": ("is",),
    "reference": ("is", "is_not", "is_any"),
}
OPERATION_LABELS = {
    "is": _("is"),
    "is_not": _("is not"),
    "is_any": _("is one of"),
    "contains": _("contains"),
    "contains_any": _("contains one of"),
    "is_filled": _("is known"),
    "is_empty": _("is empty"),
    "at_least": _("at least"),
    "at_most": _("at most"),
    "less_than": _("less than"),
    "more_than": _("more than"),
    "between": _("between"),
}


def field_of(name: str) -> Field | None:
    """The field called `name`; `account.traits.x` and `person.traits.x` are any trait, compared as text."""
    found = BY_NAME.get(name)
    if found is None and (trait := _trait.fullmatch(name)):
        where = COMPANY if trait[1] == "account" else PERSON
        return Field(name, "text", trait[2], where, f"{trait[1][0]}.traits")
    return found


def trait_of(name: str) -> str | None:
    """The trait's key, or None for an ordinary field."""
    found = _trait.fullmatch(name)
    return found[2] if found else None
