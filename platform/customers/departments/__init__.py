"""Departments hear on Slack what concerns them: a Slack channel, kinds of happenings, tiers of companies.

    await departments.tell("health.fell", key="health_alert:7", account_id=3, before=78, after=41)

writes one ledger row for each channel that wants it, inside the caller's transaction, and a promise to post it.
"""

from customers.departments.kinds import KINDS
from customers.departments.posting import tell
from customers.departments.standing import stands

__all__ = ["KINDS", "stands", "tell"]
