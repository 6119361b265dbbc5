"""How campaigns read on a customer's timeline. Imported for what it registers."""

from __future__ import annotations

from core.i18n import lazy
from customers.timeline import describe

REPORT = "/staff/campaigns/{about_id}/report"

describe("campaign.sent", lazy("Got the newsletter “%(name)s”"), "send", href=REPORT, label=lazy("Got a newsletter"))
describe("campaign.clicked", lazy("Followed a link of a newsletter"), "link", tone="info", href=REPORT,
         label=lazy("Followed a link of a newsletter"))  # fmt: skip
describe("campaign.bounced", lazy("The newsletter “%(name)s” came back"), "x", tone="bad", href=REPORT,
         text=lazy("%(reason)s"), label=lazy("A newsletter came back"))  # fmt: skip
describe("campaign.complained", lazy("Called the newsletter “%(name)s” spam"), "flag", tone="bad", href=REPORT,
         label=lazy("Called a newsletter spam"))  # fmt: skip
describe("campaign.unsubscribed", lazy("Stopped the newsletters of this topic"), "x", tone="warn", href=REPORT,
         label=lazy("Stopped a newsletter"))  # fmt: skip
