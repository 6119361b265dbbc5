"""How the inbox's touchpoints and notices read in other rooms."""

from __future__ import annotations

from typing import Any

from core.i18n import _, lazy
from customers.sentences import describe
from customers.telling import describe_notice
from inbox.words import reason_of

HREF = "/staff/inbox/{about_id}"


def _reason(facts: dict[str, Any]) -> str:
    return reason_of(str(facts["reason"]))


def _waiting(facts: dict[str, Any]) -> str:
    if not facts["name"]:  # whom we know has no name of the channel, and theirs is not copied into notices
        return _("A customer waits for an answer (%(reason)s)", reason=_reason(facts))
    return _("%(name)s waits for an answer (%(reason)s)", name=facts["name"], reason=_reason(facts))


def _not_sent(facts: dict[str, Any]) -> str:
    if not facts["name"]:
        return _("A reply to a customer was not sent")
    return _("A reply to %(name)s was not sent", name=facts["name"])


def _rated(facts: dict[str, Any]) -> str:
    return _("Found our help %(score)s of 5", score=facts["score"])


describe("inbox.asked", lazy("%(person)s wrote"), "chat", text=lazy("%(text)s"), href=HREF, label=lazy("Wrote to us"))
describe("inbox.replied", lazy("A person replied"), "talk", tone="good", text=lazy("%(text)s"), href=HREF,
         label=lazy("Reply"))  # fmt: skip
describe("inbox.handed_over", lazy("The bot handed over to a person"), "user", tone="warn", text=_reason, href=HREF,
         label=lazy("Hand-over"))  # fmt: skip
describe(
    "inbox.resolved", lazy("The conversation was resolved"), "done", tone="good", href=HREF, label=lazy("Resolved")
)
describe("inbox.rated", _rated, "chart", tone="info", text=lazy("%(comment)s"), href=HREF, label=lazy("Rated the help"))
describe("inbox.mailed", lazy("An unread reply was sent by mail"), "mail", href=HREF, label=lazy("Reply by mail"))
describe("bot.answered", lazy("The bot answered"), "bolt", text=lazy("%(title)s"), href=HREF, label=lazy("Bot"))
describe("line.linked", lazy("%(person)s linked their LINE account"), "link", label=lazy("LINE linked"))
describe("line.followed", lazy("%(person)s added us on LINE"), "plus", label=lazy("Added on LINE"))
describe("line.unfollowed", lazy("%(person)s blocked us on LINE"), "x", tone="warn", label=lazy("Blocked on LINE"))
describe_notice("inbox.waiting", _waiting, "inbox", group="conversations")
describe_notice("inbox.assigned", lazy("%(by)s gave you a conversation"), "user", group="conversations")
describe_notice("inbox.mentioned", lazy("%(by)s mentioned you in a note"), "edit", group="mentions")
describe_notice("inbox.woken", lazy("A conversation that you put off is back"), "clock",
                group="conversations")  # fmt: skip
describe_notice("inbox.not_sent", _not_sent, "warning", group="conversations")
# Whoever does not read the answer gets the answer itself by mail (inbox.unread).
describe_notice("inbox.answered", lazy("Your question was answered"), "talk")
