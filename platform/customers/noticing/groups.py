"""Groups of notices that a person chooses a way for, the ways there are, and whether a notice still stands.

A room says the group of each kind with `describe_notice(…, group="answers")`; a kind without one stays at the bell.
What its kinds are about, it answers for:

    @stands("thread")
    async def threads(reader: Principal, found: Sequence[Notice]) -> dict[int, Standing]:
        (the notices, by id, that the reader may see now and that are still worth telling)
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import msgspec

from core.i18n import lazy
from core.principal import Principal
from customers.models import Notice

BELL, SOON, DAILY, WEEKLY, SLACK = "bell", "soon", "daily", "weekly", "slack"
WAYS = {
    BELL: lazy("Only at the bell"),
    SOON: lazy("By mail, soon"),
    DAILY: lazy("By mail, once a day"),
    WEEKLY: lazy("By mail, once a week"),
    SLACK: lazy("On Slack, soon"),
}


class Group(msgspec.Struct, frozen=True):
    """`may`: the capability of those who get such notices. What comes `at_night` does not wait for the morning."""

    label: lazy
    hint: lazy
    way: str
    may: str = "signed_in"
    at_night: bool = False

    @property
    def is_for_staff(self) -> bool:
        return self.may != "signed_in"


GROUPS = {
    "answers": Group(
        lazy("Answers to me"),
        lazy("Somebody replies to what you asked, mentions you, or your question or request has an answer."), SOON,
    ),
    "asked": Group(
        lazy("Questions I may know the answer to"),
        lazy("Nobody has answered a question about something that answers of yours were chosen for."), SOON,
    ),
    "watched": Group(
        lazy("What I follow"), lazy("New threads and replies where you take part or follow, and ideas you voted for."),
        DAILY,
    ),
    "posts": Group(
        lazy("What moderators decide about my posts"), lazy("A post is hidden, closed or given another title."),
        SOON,
    ),
    "conversations": Group(
        lazy("Conversations with customers"),
        lazy("A customer waits, a conversation is given to you or is back, a reply was not sent."),
        SOON, "inbox.answer", at_night=True,
    ),
    "mentions": Group(lazy("Mentions in notes"), lazy("A colleague writes @ and your name."), SOON, "inbox.answer"),
    "tasks": Group(lazy("Tasks"), lazy("Somebody gives you a task, or one opens for you."), SOON, "customers.read"),
    "risks": Group(
        lazy("Signs of risk"), lazy("The health of a company of yours falls, or somebody there is unhappy."), SOON,
        "customers.read",
    ),
    "guides": Group(lazy("Guides that broke"), lazy("A guide of yours paused itself."), SOON, "guides.write"),
    "campaigns": Group(
        lazy("Campaigns that stopped"), lazy("A sending of yours paused itself: LINE takes no more this month."), SOON,
        "campaigns.write",
    ),
}  # fmt: skip


def groups_of(reader: Principal) -> dict[str, Group]:
    """What can reach this person at all."""
    return {name: group for name, group in GROUPS.items() if reader.may(group.may)}


class Standing(msgspec.Struct, frozen=True):
    """What is told beside the notice's own sentence: `text` is what was written, `account` the company's name."""

    text: str = ""
    account: str = ""
    brand: str = "default"


Ask = Callable[[Principal, Sequence[Notice]], Awaitable[dict[int, Standing]]]
_asked: dict[str, Ask] = {}


def stands(*about_kinds: str) -> Callable[[Ask], Ask]:
    """At import of a room: who answers for notices about these."""

    def register(ask: Ask) -> Ask:
        _asked.update(dict.fromkeys(about_kinds, ask))
        return ask

    return register


def answered_for() -> set[str]:
    return set(_asked)


async def still(reader: Principal, found: Sequence[Notice]) -> dict[int, Standing]:
    """Of these, by id, what the reader may see now. What no room answers for does not leave the house."""
    standing: dict[int, Standing] = {}
    for kind in dict.fromkeys(one.about_kind for one in found):
        if kind in _asked:
            standing |= await _asked[kind](reader, [one for one in found if one.about_kind == kind])
    return standing
