"""What is looked for before a customer leaves. A sign is a question about an account as of a day.

Each knows the segment that asks the same of customers today, where the segments can ask it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import msgspec

from core.i18n import _
from customers.rules import HealthRule

MONTH, QUARTER = 30, 90
FEW_DAYS, FEW_PEOPLE = 4, 3  # before: less cannot be halved
UNHAPPY = 0.6  # 6 of 10, as NPS has it
MANY_QUESTIONS = 3
RUNNING = {"field": "contract.active", "op": "is", "value": True}


class Use(msgspec.Struct):
    """What is known of one account; days as ordinals (date.toordinal)."""

    did: dict[str, set[int]] = {}  # event → days with it
    people: dict[int, set[int]] = {}  # day → who did anything
    unhappy: set[int] = set()  # days with an opinion of UNHAPPY or less
    asked: list[int] = []  # days on which a conversation began, each for itself
    risky: set[int] = set()  # days on which health was in the lowest band

    def any(self, name: str, first: int, end: int) -> bool:
        return any(first <= day < end for day in self.did.get(name, ()))

    def days(self, name: str, first: int, end: int) -> int:
        return sum(first <= day < end for day in self.did.get(name, ()))

    def active(self, first: int, end: int) -> int:
        return len(set().union(*(who for day, who in self.people.items() if first <= day < end)))


class Sign(msgspec.Struct, frozen=True):
    """`holds(use, day)`: of the days before `day`, an ordinal. `tree`: the segment's conditions; None: it has none."""

    name: str
    label: Callable[[], str]
    holds: Callable[[Use, int], bool]
    tree: dict[str, Any] | None = None


def signs_of(rule: HealthRule) -> list[Sign]:
    """Those of this house: sign-ins, people, each core feature, opinions, questions, health."""
    made = [
        Sign("no_login", lambda: _("Nobody signed in for 30 days"),
             lambda use, day: not use.any(rule.login, day - MONTH, day), _did_not(rule.login, MONTH)),
        Sign("fewer_days", lambda: _("Half the days with a sign-in, or fewer"),
             lambda use, day: _halved(*(use.days(rule.login, *span) for span in _two(day)), FEW_DAYS)),
        Sign("fewer_people", lambda: _("Half the active people, or fewer"),
             lambda use, day: _halved(*(use.active(*span) for span in _two(day)), FEW_PEOPLE)),
        Sign("unhappy", lambda: _("An answer of 0 to 6 of 10 in 90 days"),
             lambda use, day: any(day - QUARTER <= one < day for one in use.unhappy)),
        Sign("many_questions", lambda: _("Three conversations or more in 30 days"),
             lambda use, day: sum(day - MONTH <= one < day for one in use.asked) >= MANY_QUESTIONS),
        Sign("health", lambda: _("Health at risk"),
             lambda use, day: any(day - 7 <= one < day for one in use.risky),
             {"all": [RUNNING, {"field": "account.health_state", "op": "is", "value": "risk"}]}),
    ]  # fmt: skip
    return made + [sign for name in rule.core_features for sign in _of_feature(name)]


def _of_feature(name: str) -> list[Sign]:
    return [
        Sign(f"stopped:{name}", lambda: _("“%(feature)s” not used for 30 days, but before", feature=name),
             lambda use, day: use.any(name, day - QUARTER, day - MONTH) and not use.any(name, day - MONTH, day),
             {"all": [RUNNING, _count(name, QUARTER, "at_least", 1), _count(name, MONTH, "at_most", 0)]}),
        Sign(f"never:{name}", lambda: _("“%(feature)s” not used for 90 days", feature=name),
             lambda use, day: not use.any(name, day - QUARTER, day), _did_not(name, QUARTER)),
    ]  # fmt: skip


def _two(day: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """The 30 days before those before `day`, and those."""
    return (day - 2 * MONTH, day - MONTH), (day - MONTH, day)


def _halved(before: int, now: int, least: int) -> bool:
    return before >= least and 2 * now <= before


def _count(event: str, window: int, op: str, value: int) -> dict[str, Any]:
    return {"field": "event.count", "event": event, "window_days": window, "op": op, "value": value, "of": "account"}


def _did_not(event: str, window: int) -> dict[str, Any]:
    return {"all": [RUNNING, _count(event, window, "at_most", 0)]}


def first_seen(sign: Sign, use: Use, day: date, longest: int) -> int:
    """For how many days before `day` the sign held without a break, looked at weekly; at most `longest`."""
    end, since = day.toordinal(), 0
    while since + 7 <= longest and sign.holds(use, end - since - 7):
        since += 7
    return since


def reaches_back(longest: int) -> timedelta:
    """How far before the day use has to be known."""
    return timedelta(days=QUARTER + longest)
