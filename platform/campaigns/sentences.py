"""How campaigns read on a customer's timeline. Imported for what it registers."""

from __future__ import annotations

from typing import Any

from core.i18n import _, lazy
from customers.task_words import task_leads_to
from customers.timeline import describe

REPORT = "/staff/campaigns/{about_id}/report"


def _sent(facts: dict[str, Any]) -> str:
    if facts.get("channel") == "line":
        return _("Got “%(name)s” on LINE", name=facts["name"])
    return _("Got the newsletter “%(name)s”", name=facts["name"])


def _stopped(facts: dict[str, Any]) -> str:
    if facts.get("channel") == "line":
        return _("Stopped the LINE messages of this topic")
    return _("Stopped the newsletters of this topic")


describe("campaign.sent", _sent, "send", href=REPORT, label=lazy("Got a newsletter"))
describe("campaign.clicked", lazy("Followed a link of a newsletter"), "link", tone="info", href=REPORT,
         label=lazy("Followed a link of a newsletter"))  # fmt: skip
describe("campaign.bounced", lazy("The newsletter “%(name)s” came back"), "x", tone="bad", href=REPORT,
         text=lazy("%(reason)s"), label=lazy("A newsletter came back"))  # fmt: skip
describe("campaign.complained", lazy("Called the newsletter “%(name)s” spam"), "flag", tone="bad", href=REPORT,
         label=lazy("Called a newsletter spam"))  # fmt: skip
describe("campaign.unsubscribed", _stopped, "x", tone="warn", href=REPORT,
         label=lazy("Stopped a newsletter"))  # fmt: skip

JOURNEY = "/staff/campaigns/journeys/{about_id}"
ENDS = {
    "done": lazy("Went through the journey “%(name)s”"), "goal": lazy("Reached the goal of the journey “%(name)s”"),
    "left": lazy("Left the journey “%(name)s”"), "stopped": lazy("Was taken out of the journey “%(name)s”"),
}  # fmt: skip


def _ended(facts: dict[str, Any]) -> str:
    return str(ENDS.get(facts.get("state", ""), ENDS["left"])) % {"name": facts.get("name", "")}


describe("journey.entered", lazy("Entered the journey “%(name)s”"), "send", href=JOURNEY,
         label=lazy("Entered a journey"))  # fmt: skip
describe("journey.ended", _ended, "check", href=JOURNEY, label=lazy("A journey ended"))
task_leads_to("journey", "/staff/campaigns/ways/{about_id}")
