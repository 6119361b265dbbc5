"""How requests read: their states, and what the timeline and the bell say of a decision."""

from __future__ import annotations

from typing import Any

from core.i18n import _, lazy, ngettext
from customers.sentences import describe
from customers.telling import describe_notice

URL = "/staff/customers/requests"
STATUSES = {"open": lazy("Not decided"), "reviewing": lazy("Under review"), "planned": lazy("Planned"),
            "shipped": lazy("Shipped"), "declined": lazy("Not planned")}  # fmt: skip
TONES = {"reviewing": "info", "planned": "info", "shipped": "good"}
WAYS = {"notice": lazy("By a notice at the bell"), "reply": lazy("By a reply in the conversation"),
        "none": lazy("Not by us: I tell them myself")}  # fmt: skip


def _decided(facts: dict[str, Any]) -> str:
    title = facts["title"]
    return {
        "reviewing": _("Their request is under review: %(title)s", title=title),
        "planned": _("Their request is planned: %(title)s", title=title),
        "shipped": _("Their request was shipped: %(title)s", title=title),
        "declined": _("Their request is not planned: %(title)s", title=title),
    }.get(facts["status"], _("Their request is open again: %(title)s", title=title))


def _told(facts: dict[str, Any]) -> str:
    """To the one who asked."""
    title, message = facts["title"], facts["message"]
    return {
        "planned": _("We plan what you asked for, “%(title)s”: %(said)s", title=title, said=message),
        "shipped": _("What you asked for is here, “%(title)s”: %(said)s", title=title, said=message),
    }.get(facts["status"], _("About what you asked for, “%(title)s”: %(said)s", title=title, said=message))


def _of_yours(facts: dict[str, Any]) -> str:
    who = ngettext("%(n)s company of yours asked for it", "%(n)s companies of yours asked for it",
                   int(facts["accounts"]))  # fmt: skip
    return _("“%(title)s”: %(status)s. %(who)s", title=facts["title"], who=who,
             status=str(STATUSES.get(facts["status"], facts["status"])))  # fmt: skip


describe("customers.request_decided", _decided, "bulb", tone="info", text=lazy("%(message)s"), href=URL + "/{about_id}",
         label=lazy("Decision about a request"))  # fmt: skip
describe_notice("customers.request_decided", _told, "bulb", group="answers")
describe_notice("customers.request_of_yours", _of_yours, "bulb", group="watched")
