"""How every kind of touchpoint reads: rooms say it once, the timeline shows it.

    timeline.describe("community.asked", lazy("%(person)s asked: “%(title)s”"), "chat", href="/community/{about_id}")

`%(person)s` is the person's name; the other names are the data that were recorded. A kind that nobody described reads
as "community: asked".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import msgspec

from core.i18n import _, day, lazy
from customers import end_reasons

Words = str | Callable[[dict[str, Any]], str]


class Description(msgspec.Struct, frozen=True):
    """`text` is a second line, smaller. `tone`: none, info, good, warn, bad."""

    sentence: Words
    icon: str = "dots"
    tone: str = "none"
    text: Words = ""
    href: str = ""
    label: str = ""


class Said(msgspec.Struct, frozen=True):
    title: str
    text: str
    icon: str
    tone: str
    href: str


_known: dict[str, Description] = {}


class _Filled(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "–"


def describe(kind: str, sentence: Words, icon: str = "dots", *, tone: str = "none", text: Words = "", href: str = "",
             label: str = "") -> None:  # fmt: skip
    """Say how `kind` reads. `href` may hold {about_id}, {person_id}, {account_id}; `label` is for filters."""
    _known[kind] = Description(sentence, icon, tone, text, href, label)


def label_of(kind: str) -> str:
    """The kind in a filter."""
    found = _known.get(kind)
    if found and found.label:
        return str(found.label)
    room, _dot, what = kind.partition(".")
    return f"{room}: {what.replace('_', ' ')}" if what else room


def said(entry: Any, person: str = "") -> Said:
    """A touchpoint in words."""
    data = entry.data if isinstance(entry.data, dict) else {}
    found = _known.get(entry.kind)
    if found is None:
        title = data.get("title") or data.get("subject") or data.get("words") or ""
        return Said(label_of(entry.kind) + (f" 「{title}」" if title else ""), person, "dots", "none", "")
    facts = _Filled({"person": person or _("Someone"), "channel": entry.channel} | data)
    href = ""
    if found.href and (entry.about_id or "{about_id}" not in found.href):
        href = found.href.format(about_id=entry.about_id, person_id=entry.person_id, account_id=entry.account_id)
    return Said(_words(found.sentence, facts), _words(found.text, facts), found.icon, found.tone, href)


def _words(words: Words, facts: dict[str, Any]) -> str:
    if not isinstance(words, str):
        return words(facts)
    text = str(words)
    return text % facts if re.search(r"%\(", text) else text


# Our own kinds -----------------------------------------------------------------------------------------------

TIER_WORDS = {"high": lazy("High touch"), "low": lazy("Low touch"), "tech": lazy("Tech touch")}


def _tier(facts: dict[str, Any]) -> str:
    before, after = (str(TIER_WORDS.get(facts[key], facts[key])) for key in ("from", "to"))
    return _("Tier from %(before)s to %(after)s", before=before, after=after)


def _tier_by(facts: dict[str, Any]) -> str:
    return _("Chosen by staff") if facts["by"] == "staff" else _("By the rule, from the contracts")


describe("customers.tier_changed", _tier, "flag", tone="info", text=_tier_by, label=lazy("Tier changed"))
describe("customers.health_changed", lazy("Health from %(from)s to %(to)s"), "chart", tone="warn",
         label=lazy("Health changed"))  # fmt: skip
PHASE_WORDS = {"onboarding": lazy("Onboarding"), "adoption": lazy("Adoption"), "expansion": lazy("Expansion"),
               "renewal": lazy("Renewing"), "churned": lazy("Churned")}  # fmt: skip
PULSE_WORDS = {"good": lazy("Good"), "watch": lazy("Watch"), "risk": lazy("At risk")}


def _phase(facts: dict[str, Any]) -> str:
    before, after = (str(PHASE_WORDS.get(facts[key], facts[key])) for key in ("from", "to"))
    return _("Phase from %(before)s to %(after)s", before=before, after=after)


def _phase_by(facts: dict[str, Any]) -> str:
    return _("Chosen by staff") if facts["by"] == "staff" else _("By the entry rule of the phase")


def _pulse(facts: dict[str, Any]) -> str:
    return _("%(by)s senses: %(state)s", by=facts["by"], state=str(PULSE_WORDS.get(facts["state"], facts["state"])))


def _ended(facts: dict[str, Any]) -> str:
    return _("%(by)s ended the contract on %(day)s: %(product)s", by=facts["by"],
             day=day(date.fromisoformat(facts["day"])), product=facts["product"])  # fmt: skip


def _why_ended(facts: dict[str, Any]) -> str:
    return " – ".join(part for part in (end_reasons.said(facts["reason"]), facts["note"]) if part)


describe("customers.phase_changed", _phase, "flag", tone="info", text=_phase_by, label=lazy("Phase changed"))
describe("customers.pulse_given", _pulse, "user", text=lazy("%(note)s"), label=lazy("CSM's pulse"))
describe("customers.goal_agreed", lazy("%(by)s agreed on a goal: %(title)s"), "flag", label=lazy("Goal agreed"))
describe("customers.goal_reached", lazy("Goal reached: %(title)s"), "check", tone="good", label=lazy("Goal reached"))
describe("customers.goal_dropped", lazy("Goal given up: %(title)s"), "flag", tone="warn", label=lazy("Goal given up"))
describe("customers.contract_ended", _ended, "flag", tone="bad", text=_why_ended, label=lazy("Contract ended"))
describe("customers.contract_resumed", lazy("%(by)s took the end of the contract back: %(product)s"), "undo",
         tone="good", text=lazy("%(reason)s"), label=lazy("End of a contract taken back"))  # fmt: skip
describe("customers.assigned", lazy("The CSM was changed"), "user", label=lazy("CSM changed"))
describe("customers.noted", lazy("%(by)s wrote a note"), "edit", text=lazy("%(body)s"), label=lazy("Note"))
describe("customers.consented", lazy("%(person)s changed what they receive"), "mail", label=lazy("Consent"))
describe("customers.imported", lazy("A file was imported"), "down", label=lazy("Imports"))
describe("customers.purchased", lazy("%(person)s bought %(product)s"), "file", text=lazy("%(amount)s %(currency)s"),
         label=lazy("Purchase"))  # fmt: skip
