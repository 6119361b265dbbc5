"""How guides read on a customer's timeline and at the bell. Imported for what it registers."""

from __future__ import annotations

from typing import Any

from core.i18n import _, lazy
from customers.telling import describe_notice
from customers.timeline import describe

REPORT = "/staff/guides/{about_id}/report"


def _tone_of_answer(facts: dict[str, Any]) -> str:
    return _("Answered “%(name)s” with %(score)s", name=facts["name"], score=facts["score"])


describe("guide.shown", lazy("Was shown “%(name)s” in the product"), "flag", href=REPORT,
         label=lazy("Saw a guide"))  # fmt: skip
describe("guide.dismissed", lazy("Closed “%(name)s”"), "x", href=REPORT, label=lazy("Closed a guide"))
describe("guide.completed", lazy("Went through “%(name)s”"), "done", tone="good", href=REPORT,
         label=lazy("Finished a guide"))  # fmt: skip
describe("guide.answered", _tone_of_answer, "chart", tone="info", text=lazy("%(comment)s"), href=REPORT,
         label=lazy("Answered a survey"))  # fmt: skip
describe_notice(
    "guide.broken",
    lazy("“%(name)s” paused itself: the place of step %(step)s was missing in %(missing)s of %(visits)s visits"),
    "warning", group="guides",
)  # fmt: skip
describe_notice("guide.detractor", lazy("%(person)s (%(account)s) answered %(score)s of 10"), "warning", group="risks")
