# ruff: noqa: E501 -- a statement and a table are read whole
"""The parts of a review: what each is called, who may see it, and whether a customer does unless somebody decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from core.i18n import lazy
from core.principal import Principal
from customers.seeing import Sight

AUDIENCES = {"internal": lazy("For us"), "customer": lazy("For the customer")}
MONEY = "money"  # a tick of the customer's version: amounts in the contract's part


class Section(msgspec.Struct, frozen=True):
    """`may` and `sees`: the capability and the field of customers that a reader needs. `missing`: what brings figures."""

    name: str
    label: Any
    is_for_customers: bool = True
    may: str = ""
    sees: str = ""
    missing: Any = ""

    def is_open_to(self, who: Principal, sight: Sight) -> bool:
        return (not self.may or who.may(self.may)) and (not self.sees or sight.sees(self.sees))


SECTIONS: dict[str, Section] = {one.name: one for one in (
    Section("summary", lazy("Summary"), missing=lazy("Write what matters most in two or three sentences.")),
    Section("goals", lazy("Goals and how they went"), missing=lazy("Agree on a goal on the company's page.")),
    Section("use", lazy("Product use"), missing=lazy("No product events arrived: connect your product under Settings.")),
    Section("peers", lazy("Companies of the same size"),
            missing=lazy("At least five measured companies with about as many seats are needed.")),
    Section("health", lazy("Health"), is_for_customers=False, missing=lazy("Nothing was scored in this period.")),
    Section("support", lazy("Support"), may="inbox.answer", missing=lazy("Nobody of the company wrote to us.")),
    Section("feedback", lazy("Surveys"), missing=lazy("Nobody answered a survey: publish one under Guides.")),
    Section("quotes", lazy("In their words"), is_for_customers=False,
            missing=lazy("Nobody left words with a survey or a rating.")),
    Section("community", lazy("Community and learning"),
            missing=lazy("Nobody wrote in the community, read an article or finished a guide.")),
    Section("contract", lazy("Contract"), missing=lazy("No contract is known. Import contracts to see renewals and LTV.")),
    Section("words", lazy("Achievements and challenges"), missing=lazy("Write down what went well, and what did not.")),
    Section("tasks", lazy("Done and still to do"), is_for_customers=False, missing=lazy("No task was done or is open.")),
    Section("actions", lazy("Next actions"), missing=lazy("Write down who does what by when.")),
)}  # fmt: skip


def usual() -> dict[str, list[str]]:
    """What a new review shows to whom."""
    return {"internal": list(SECTIONS), "customer": [one.name for one in SECTIONS.values() if one.is_for_customers]}


def open_to(who: Principal, sight: Sight) -> list[Section]:
    return [one for one in SECTIONS.values() if one.is_open_to(who, sight)]


def merged(before: Mapping[str, list[str]], chosen: Mapping[str, list[str]], decides: set[str]) -> dict[str, list[str]]:
    """What is shown after somebody chose among the parts that they see: the others stay as they were."""
    return {
        audience: [name for name in (*SECTIONS, MONEY)
                   if name in (chosen.get(audience, []) if name in decides else before.get(audience, []))]
        for audience in AUDIENCES
    }  # fmt: skip
