"""What departments can be told of, and how each reads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from core.i18n import _, day, lazy
from customers import end_reasons

KINDS = {
    "health.fell": lazy("The health of a company fell"),
    "goal.missed": lazy("A company did not reach a goal by its day"),
    "survey.unhappy": lazy("Somebody answered a survey with 0 to 6 of 10"),
    "conversation.late": lazy("Nobody took a conversation within its time"),
    "question.unanswered": lazy("Nobody answered a question in the community"),
    "contract.renews": lazy("A contract renews soon"),
    "contract.ended": lazy("A contract has ended"),
    "request.shipped": lazy("A request was shipped"),
}
TEST = "test"


def _ended(said: dict[str, Any]) -> str:
    reason = end_reasons.said(said.get("reason", "")) or _("nobody has said why")
    return _("The contract of %(product)s has ended: %(reason)s", product=said["product"], reason=reason)


SENTENCES: dict[str, Callable[[dict[str, Any]], str]] = {
    "health.fell": lambda said: _("Health fell from %(before)s to %(after)s", **said),
    "goal.missed": lambda said: _("The goal “%(title)s” was not reached by its day", **said),
    "survey.unhappy": lambda said: _("Somebody answered a survey with %(score)s of 10", **said),
    "conversation.late": lambda said: _("A conversation has waited too long, and nobody has taken it"),
    "question.unanswered": lambda said: _("Nobody has answered “%(title)s”", **said),
    "contract.renews": lambda said: _("The contract of %(product)s renews on %(day)s", product=said["product"],
                                      day=day(date.fromisoformat(said["day"]))),
    "contract.ended": _ended,
    "request.shipped": lambda said: _("“%(title)s” was shipped: %(companies)s companies had asked for it", **said),
    TEST: lambda said: _("A test of Engawa: what departments are told of arrives here"),
}  # fmt: skip


def sentence_of(kind: str, said: dict[str, Any]) -> str:
    return SENTENCES[kind](said)
