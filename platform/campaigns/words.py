"""The ledger's states and reasons as sentences for people."""

from __future__ import annotations

from campaigns.line.content import TOO_LONG
from campaigns.variables import ACCOUNT, PERSON, SENDER
from core.i18n import _, lazy
from customers.attention import REASONS as HELD

STATES = {
    "frozen": lazy("Not yet"), "claimed": lazy("Sending"), "attempting": lazy("Sending"), "sent": lazy("Delivered"),
    "failed": lazy("Bounced"), "uncertain": lazy("Uncertain"), "skipped": lazy("Skipped"),
    "cancelled": lazy("Cancelled"),
}  # fmt: skip
TONES = {"sent": "good", "failed": "bad", "skipped": "warn", "claimed": "info", "attempting": "info"}
LOOKS = {"sent": "c1", "sending": "c2", "skipped": "c3", "failed": "c4", "uncertain": "c6", "frozen": "c0",
         "cancelled": "c5"}  # fmt: skip
CAMPAIGN_STATES = {
    "draft": lazy("Draft"), "scheduled": lazy("Scheduled"), "sending": lazy("Being sent"), "paused": lazy("Paused"),
    "done": lazy("Sent"), "cancelled": lazy("Cancelled"),
}  # fmt: skip
CAMPAIGN_TONES = {"scheduled": "info", "sending": "info", "paused": "warn", "done": "good"}
REASONS = {
    "inactive": lazy("not active any more"),
    "no_address": lazy("no e-mail address"),
    "churned": lazy("the company has left"),
    "suppressed": lazy("the address takes no mail (bounced or complained)"),
    "refused": lazy("does not want this topic"),
    "no_consent": lazy("has not said yes to this topic"),
    "capped": lazy("has reached the limit of touches"),
    "same_address": lazy("somebody with the same address gets it"),
    "already_sent": lazy("has had this content already"),
    "address_changed": lazy("the address changed after the list was made"),
    "unsubscribed": lazy("unsubscribed before it was sent"),
    "no_line": lazy("not linked to a LINE account"),
    "blocked": lazy("blocked us on LINE"),
    "line_gone": lazy("LINE knows this account no more"),
    "line_removed": lazy("the LINE connection was removed"),
    "line_away": lazy("LINE cannot be reached"),
    "line_closed": lazy("the LINE connection is paused"),
    "line_month": lazy("this month’s LINE messages are used up"),
    "key_expired": lazy("LINE did not answer within a day"),
    "worker_lost": lazy("the sender stopped before the server answered"),
    "by_hand": lazy("a person decided so"),
    "left_journey": lazy("left the journey before it was sent"),
    # why a whole sending stopped at its hour
    "the content was changed after it was scheduled": lazy("the content was changed after it was scheduled"),
    "the pilot has not passed": lazy("the pilot has not passed"),
}  # fmt: skip


def reason_words(reason: str) -> str:
    """A ledger reason for a person; what the mail server said stays as it said it."""
    if reason in REASONS:
        return str(REASONS[reason])
    kind, _colon, rest = reason.partition(":")
    if kind == "held":
        return _("waits: %(why)s", why=HELD.get(rest, rest))
    if kind == "missing":
        label = PERSON.get(rest) or ACCOUNT.get(rest) or SENDER.get(rest) or rest
        return _("no %(name)s", name=label)
    if kind == "too_much" and rest.startswith(TOO_LONG):
        return _("the message is too long or empty for LINE")
    if kind == "too_much":
        return _("the mail grew too large")
    if kind == "address":
        return rest
    return reason


def result_words(state: str, reason: str, channel: str = "email") -> str:
    """The reason column of the report."""
    if state == "sent" and channel == "line":
        return _("LINE took it")
    if state == "sent":
        return _("The receiving server took it")
    return reason_words(reason) if reason else ""
