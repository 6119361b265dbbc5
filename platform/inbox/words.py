"""How states, reasons and facts of a conversation read."""

from __future__ import annotations

from typing import Any

from core.clock import now
from core.i18n import _, clock_time, day, lazy
from inbox import hours
from inbox.models import Conversation

CHANNELS = {"line": "LINE", "slack": "Slack", "web": lazy("Web"), "email": lazy("Mail")}
REASONS = {
    "high_tier": lazy("High-touch account"),
    "claims_account": lazy("Says they are of a high-touch account"),
    "asked": lazy("Asked for a person"),
    "cancel": lazy("Wants to cancel"),
    "refund": lazy("About a refund"),
    "legal": lazy("Legal words"),
    "anger": lazy("Is angry"),
    "unsure": lazy("The bot was unsure twice"),
    "unknown": lazy("The bot knows no answer"),
    "not_solved": lazy("The bot's answers did not help"),
    "attachment": lazy("Sent a picture or a file"),
    "late": lazy("A message that arrived late"),
    "mail": lazy("Wrote a mail"),
    "pilot": lazy("The bot is on trial"),
}
REFUSALS = {
    "wrong": lazy("It does not answer the question"), "outdated": lazy("It is out of date"),
    "incomplete": lazy("Something is missing"), "tone": lazy("Not in these words"),
    "person": lazy("A person should answer this"),
}  # fmt: skip
STATES = {"bot": lazy("Bot"), "waiting": lazy("Waiting"), "human": lazy("With a person"), "resolved": lazy("Resolved")}
SENDING = {
    "queued": lazy("Sending"), "held": lazy("Sending"), "sending": lazy("Sending"), "sent": lazy("Sent"),
    "failed": lazy("Not sent"), "uncertain": lazy("Uncertain"), "cancelled": lazy("Not sent: a person took over"),
}  # fmt: skip
SCORES = {"5": lazy("Very satisfied"), "4": lazy("Satisfied"), "3": lazy("Neither"), "2": lazy("Dissatisfied"),
          "1": lazy("Very dissatisfied")}  # fmt: skip


def hours_said() -> str:
    """When people answer, as it is now."""
    opens = hours.next_opening(now())
    if opens > now():
        return _("People answer again from %(day)s %(time)s.", day=day(opens, weekday=True), time=clock_time(opens))
    return _("People answer now, until %(time)s.", time=f"{hours.CLOSES.hour}:{hours.CLOSES.minute:02}")


def reason_of(reason: str) -> str:
    return str(REASONS.get(reason, reason))


def due_of(conversation: Conversation) -> tuple[str, str]:
    """What a list shows at the right: until when somebody must answer, else the state. Words and tone."""
    if conversation.state == "resolved":
        return _("Resolved"), "muted"
    if conversation.snoozed_until:
        return _("Put off until %(when)s", when=f"{day(conversation.snoozed_until)} "
                 f"{clock_time(conversation.snoozed_until)}"), "muted"  # fmt: skip
    if conversation.sla_due_at:
        return _left((conversation.sla_due_at - now()).total_seconds())
    if conversation.state == "bot":
        return _("Bot"), "muted"
    return (_("Replied"), "muted") if conversation.first_response_at else (_("In progress"), "muted")


def _left(seconds: float) -> tuple[str, str]:
    minutes = int(abs(seconds) // 60)
    if seconds < 0:
        return _("%(time)s late", time=_span(minutes)), "bad"
    return _("%(time)s left", time=_span(minutes)), "bad" if minutes < 5 else "warn" if minutes < 30 else "muted"


def _span(minutes: int) -> str:
    if minutes < 60:
        return _("%(n)s min", n=minutes)
    if minutes < 48 * 60:
        return _("%(n)s h", n=minutes // 60)
    return _("%(n)s days", n=minutes // 1440)


def fact_of(data: dict[str, Any], names: dict[int, str]) -> str:
    """A line of history: what happened to the conversation."""
    owner, by = names.get(data.get("owner") or 0, ""), names.get(data.get("by") or 0, "")
    what, reason = data.get("what"), str(data.get("reason", ""))
    if what == "waiting":
        words = _("Handed over: %(reason)s.", reason=reason_of(reason))
        return words + (" " + _("For %(name)s.", name=owner) if owner else "")
    if what == "taken":
        if reason == "assigned" and by and by != owner:
            return _("%(by)s gave it to %(name)s.", by=by, name=owner)
        return _("%(name)s took it over.", name=owner or by)
    if what == "reopened" and reason == "wrote_again":
        return _("Open again: the customer wrote.")
    return {
        "reopened": _("%(name)s reopened it.", name=by),
        "handed_back": _("%(name)s gave it back to the bot.", name=by),
        "resolved": _("%(name)s resolved it.", name=by) if by else _("Ended after three business days of silence.")
        if reason == "silent" else _("Ended after silence."),
        "snoozed": _("%(name)s put it off.", name=by),
        "woken": _("It is time again."),
        "linked": _("Goes on in this customer's other conversation."),
    }.get(str(what), "")  # fmt: skip
