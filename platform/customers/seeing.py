"""Which fields of a customer a role may see. What is hidden leaves by no way: page, list, export, search, segment.

    sight = await seeing.sight()                       # of whoever asks
    sight.sees("person.phone")                         # False: leave the column or the field out
    sight.shown("person.phone", person.phone)          # the value, or HIDDEN

The rule "fields" names for each field the roles that may not see it; a role nobody named sees everything, so that
nothing changes until somebody decides. Roles that hold `settings.manage` could give themselves the sight back, and the
system must see to work: nothing is hidden from them.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from tortoise.queryset import QuerySet

from core.context import current_principal
from core.errors import Forbidden, Refused
from core.i18n import _, lazy
from core.principal import Principal
from customers.rules import FieldRule, rule, set_rule

HIDDEN = "•••"
NOTES = ("customers.noted", "customers.pulse_given")  # entries of the timeline that hold what staff wrote
FIELDS: dict[str, Any] = {
    "person.email": lazy("E-mail and other addresses"),
    "person.phone": lazy("Telephone of people"),
    "person.usage": lazy("What a person did in the product"),
    "account.phone": lazy("Telephone and postal address of companies"),
    "account.money": lazy("Expected LTV and amounts of contracts"),
    "traits": lazy("Other attributes (traits)"),
    "notes": lazy("Notes of staff"),
}
# What a condition of a segment, or a field of a record, is hidden with.
OF = {
    "person.email": "person.email", "account.expected_ltv": "account.money", "contract.monthly": "account.money",
    "event.count": "person.usage", "event.last_days_ago": "person.usage", "event.sequence": "person.usage",
    "person.active_hour": "person.usage", "person.seen_days_ago": "person.usage",
}  # fmt: skip
# What a row of a file, or a doubt about it, says.
SAID = {"email": "person.email", "address": "account.phone", "amount": "account.money",
        "amount_yearly": "account.money", "paid": "account.money"}  # fmt: skip
_telephone = re.compile(r"[+(（]?[\d０-９]{1,5}[)）ー－‐\- ][\d０-９ー－‐\-() ]{6,15}")


class Unseen(Refused):
    """What was asked about a field that this role may not see."""


class Sight(msgspec.Struct, frozen=True):
    """What one role does not see."""

    hidden: frozenset[str] = frozenset()

    def sees(self, field: str) -> bool:
        return field not in self.hidden

    def shown(self, field: str, value: Any) -> Any:
        """The value; HIDDEN where there is one that this role may not see."""
        return value if field not in self.hidden or value in (None, "") else HIDDEN

    def of_row(self, kind: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """What a row about people, companies, contracts or purchases says, by field, as this role may read it."""
        phone = "person.phone" if kind.startswith("p") else "account.phone"
        of = SAID | {"phone": phone}
        return {name: self.shown(of.get(name, ""), self.cell(value) if name not in of else value)
                for name, value in values.items()}  # fmt: skip

    def told(self, kind: str, reason: str, values: Mapping[str, Any]) -> str:
        """A reason that may quote what the row says, or an address of somebody else."""
        for name, shown in self.of_row(kind, values).items():
            if shown == HIDDEN and str(values[name]) not in ("", HIDDEN):
                reason = reason.replace(str(values[name]), HIDDEN)
        return " ".join(self.cell(word) for word in reason.split(" ")) if "person.email" in self.hidden else reason

    def cell(self, text: Any) -> Any:
        """A cell of which nobody knows yet what it means: what looks like something hidden is hidden."""
        if not isinstance(text, str):
            return text
        if "person.email" in self.hidden and "@" in text:
            return HIDDEN
        return HIDDEN if self.hidden & {"person.phone", "account.phone"} and _telephone.fullmatch(text) else text

    def may_ask(self, condition: str) -> bool:
        """Whether a segment may be asked about this field: who counts, also learns."""
        return ("traits" if ".traits." in condition else OF.get(condition, "")) not in self.hidden

    def readable(self, touchpoints: QuerySet[Any]) -> QuerySet[Any]:
        """Of a timeline what does not repeat a hidden field."""
        return touchpoints if self.sees("notes") else touchpoints.exclude(kind__in=NOTES)

    def refuse(self, field: str) -> None:
        """For a question that a hidden field would answer. Raises Forbidden."""
        if field in self.hidden:
            raise Forbidden(_("Your role may not see: %(field)s", field=str(FIELDS[field])))

    def refuse_any(self) -> None:
        """For what hands out whole records. Raises Forbidden when anything is hidden."""
        if self.hidden:
            raise Forbidden(_("Your role may not see every field of a customer, so it may not take all of it away."))


async def sight(who: Principal | None = None) -> Sight:
    """Of whoever asks, now."""
    who = who or current_principal()
    if who.role == "system" or who.may("settings.manage"):
        return Sight()
    given: FieldRule = await rule("fields")
    return Sight(frozenset(field for field, roles in given.hidden.items() if who.role in roles and field in FIELDS))


async def hide(hidden: dict[str, list[str]]) -> None:
    """Set from which roles each field is hidden; audited."""
    await set_rule("fields", FieldRule({field: tuple(roles) for field, roles in hidden.items() if roles}))


# Which roles there are is known one floor up ------------------------------------------------------------------

Roles = Callable[[], Awaitable[list[tuple[str, str]]]]


async def _no_roles() -> list[tuple[str, str]]:
    return []


_roles: Roles = _no_roles


def use_roles(found: Roles) -> None:
    """(slug, name) of every role of staff that can be kept from seeing; `access` says which."""
    global _roles
    _roles = found


async def roles() -> list[tuple[str, str]]:
    return await _roles()
