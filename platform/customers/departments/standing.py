"""Whether a happening is still true when its message's turn comes. Each room answers for its own kinds:

    @stands("question.unanswered")
    async def unanswered(key: str) -> str:
        (empty, or the reason why it is not posted any more: one of REASONS)

A kind that nobody answers for is a fact that stays one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from core.database import rows
from core.i18n import lazy
from customers.days import a_day
from customers.models import DepartmentPost

ANSWERED = "the question does not wait any more"
TAKEN = "the conversation does not wait any more"
CHANGED = "the contract was changed meanwhile"
REASONS = {
    ANSWERED: lazy("The question does not wait for an answer any more"),
    TAKEN: lazy("The conversation does not wait any more"),
    CHANGED: lazy("The contract was changed meanwhile"),
    "the channel is paused": lazy("The channel is paused"),
    "the channel is ended": lazy("The channel was ended"),
    "Slack is not connected": lazy("Slack is not connected"),
    "the sender stopped before the answer": lazy("The sending process stopped before Slack’s answer"),
}

Ask = Callable[[str], Awaitable[str]]
_asked: dict[str, Ask] = {}


def stands(kind: str) -> Callable[[Ask], Ask]:
    """At import of a room: who answers for messages of this kind, by their key."""

    def register(ask: Ask) -> Ask:
        _asked[kind] = ask
        return ask

    return register


async def why_not(post: DepartmentPost) -> str:
    return await _asked[post.kind](post.key) if post.kind in _asked else ""


@stands("contract.renews")
async def renews(key: str) -> str:
    _renewal, id, day = key.split(":")
    found = await rows("SELECT renews_on FROM contract WHERE id = ? AND ended_on IS NULL", int(id))
    return "" if found and str(a_day(found[0][0])) == day else CHANGED


@stands("contract.ended")
async def ended(key: str) -> str:
    _contract, id, day = key.split(":")
    found = await rows("SELECT ended_on FROM contract WHERE id = ?", int(id))
    return "" if found and str(a_day(found[0][0])) == day else CHANGED
