"""What health is made of: measures of 0–1 for each account, with the facts that say why.

`facts["fresh"]` (0–1) makes a measure weigh less the older it is: an opinion of half a year ago still counts, but a
quarter. Upper rooms add measures with `health.add_measure`, and opinions (surveys) with `health.add_opinions`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from core.clock import local_day, now, when
from core.database import rows
from core.i18n import _, ngettext
from core.i18n import day as day_in_words
from customers.days import as_day
from customers.rules import HealthRule, rule

PERIOD = 28
Values = dict[int, tuple[float, dict[str, Any]]]
Ask = Callable[[Sequence[int], date], Awaitable[Values]]


class Measure(msgspec.Struct, frozen=True):
    """`ask(account ids, day)` gives account → (0…1, facts); `say(facts)` puts the facts into words."""

    name: str
    weight: int
    label: Callable[[], str]
    ask: Ask
    say: Callable[[dict[str, Any]], str]


MEASURES: dict[str, Measure] = {}


def add_measure(measure: Measure) -> None:
    """For upper rooms too: `inbox` says how support goes. At import."""
    MEASURES[measure.name] = measure


class Opinion(msgspec.Struct, frozen=True):
    """What somebody thinks of us: `value` 0–1, `source` says who ("pulse", "survey")."""

    account_id: int
    value: float
    at: datetime
    source: str


Opinions = Callable[[Sequence[int], datetime], Awaitable[list[Opinion]]]
_opinions: list[Opinions] = []


def add_opinions(ask: Opinions) -> Opinions:
    """`ask(account ids, since)`: opinions for the measure `sentiment`, of surveys and the like. At import."""
    if ask not in _opinions:
        _opinions.append(ask)
    return ask


async def opinions(ids: Sequence[int], since: datetime) -> list[Opinion]:
    """What was thought of us at these accounts, whoever asked."""
    return [one for ask in _opinions for one in await ask(ids, since)]


async def _counts(sql: str, ids: Sequence[int], *values: Any) -> dict[int, int]:
    marks = ", ".join("?" * len(ids))
    return {int(row[0]): int(row[1]) for row in await rows(sql.format(marks=marks), *values, *ids)}


async def _measured(ids: Sequence[int]) -> set[int]:
    """Accounts that send events at all; of the others nothing is known."""
    return set(await _counts("SELECT account_id, COUNT(*) FROM account_metric WHERE account_id IN ({marks})"
                             " GROUP BY account_id", ids))  # fmt: skip


async def login_days(ids: Sequence[int], day: date) -> Values:
    given: HealthRule = await rule("health")
    known = await _measured(ids)
    found = await _counts(
        "SELECT account_id, COUNT(DISTINCT day) FROM usage_day WHERE name = ? AND day > ? AND day <= ?"
        " AND account_id IN ({marks}) GROUP BY account_id",
        ids, given.login, as_day(day - timedelta(days=PERIOD)), as_day(day),
    )  # fmt: skip
    goal = max(1, given.login_days_goal)
    return {id: (min(1.0, found.get(id, 0) / goal), {"days": found.get(id, 0), "goal": goal}) for id in known}


async def active_seats(ids: Sequence[int], day: date) -> Values:
    """People who did anything in 28 days ÷ the seats of running contracts (without seats: the people we know)."""
    active = await _counts(
        "SELECT account_id, COUNT(DISTINCT person_id) FROM usage_day WHERE day > ? AND day <= ?"
        " AND account_id IN ({marks}) GROUP BY account_id",
        ids, as_day(day - timedelta(days=PERIOD)), as_day(day),
    )  # fmt: skip
    seats = await _counts(
        "SELECT account_id, MAX(seats) FROM contract WHERE seats > 0 AND (ended_on IS NULL OR ended_on > ?)"
        " AND account_id IN ({marks}) GROUP BY account_id", ids, as_day(day))  # fmt: skip
    people = await _counts("SELECT account_id, COUNT(*) FROM membership WHERE until IS NULL AND account_id IN ({marks})"
                           " GROUP BY account_id", ids)  # fmt: skip
    found: Values = {}
    for id in await _measured(ids):
        most = seats.get(id) or people.get(id) or 0
        if most:
            found[id] = (min(1.0, active.get(id, 0) / most), {"active": active.get(id, 0), "seats": most})
    return found


async def core_features(ids: Sequence[int], day: date) -> Values:
    given: HealthRule = await rule("health")
    if not given.core_features:
        return {}
    marks = ", ".join("?" * len(given.core_features))
    found = await _counts(
        "SELECT account_id, COUNT(DISTINCT name) FROM usage_day WHERE name IN (" + marks + ") AND day > ? AND day <= ?"
        " AND account_id IN ({marks}) GROUP BY account_id",
        ids, *given.core_features, as_day(day - timedelta(days=PERIOD)), as_day(day),
    )  # fmt: skip
    most = len(given.core_features)
    return {id: (found.get(id, 0) / most, {"used": found.get(id, 0), "most": most}) for id in await _measured(ids)}


async def renewals(ids: Sequence[int], day: date) -> Values:
    """A running contract older than a year was renewed; one in its first year counts half; an ended one nothing."""
    marks = ", ".join("?" * len(ids))
    year = as_day(day - timedelta(days=365))
    found = await rows(
        "SELECT account_id, MAX(CASE WHEN ended_on IS NULL OR ended_on > ? THEN 1 ELSE 0 END),"
        " MAX(CASE WHEN (ended_on IS NULL OR ended_on > ?) AND starts_on <= ? THEN 1 ELSE 0 END)"
        f" FROM contract WHERE starts_on <= ? AND account_id IN ({marks}) GROUP BY account_id",
        as_day(day), as_day(day), year, as_day(day), *ids,
    )  # fmt: skip
    return {int(row[0]): ((row[1] + row[2]) / 2, {"running": bool(row[1]), "renewed": bool(row[2])}) for row in found}


PULSE = {"good": 1.0, "watch": 0.5, "risk": 0.0}
FORGOTTEN = 6  # half-lives: what is older weighs less than a sixtieth


@add_opinions
async def pulses(ids: Sequence[int], since: datetime) -> list[Opinion]:
    """The CSM's latest word of each day counts; what they said before it fades on its own."""
    marks = ", ".join("?" * len(ids))
    found = await rows(f"SELECT account_id, state, at FROM pulse WHERE at > ? AND account_id IN ({marks}) ORDER BY id",
                       since, *ids)  # fmt: skip
    latest = {(int(row[0]), local_day(when(row[2]))): row for row in found}
    return [Opinion(id, PULSE[row[1]], at, "pulse") for (id, _d), row in latest.items() if (at := when(row[2]))]


async def sentiment(ids: Sequence[int], day: date) -> Values:
    """Σ w·value ÷ Σ w with w = ½ ^ (age in days ÷ half-life); the measure itself weighs as much as its freshest w."""
    given: HealthRule = await rule("health")
    half = max(1, given.half_life_days)
    since = now() - timedelta(days=(local_day() - day).days + FORGOTTEN * half)
    told: dict[int, list[tuple[float, Opinion]]] = {}
    for one in await opinions(ids, since):
        if (age := (day - local_day(one.at)).days) >= 0:
            told.setdefault(one.account_id, []).append((0.5 ** (age / half), one))
    return {id: _weighed(found) for id, found in told.items()}


def _weighed(found: list[tuple[float, Opinion]]) -> tuple[float, dict[str, Any]]:
    freshest, last = max(found, key=lambda one: one[0])
    value = sum(weight * one.value for weight, one in found) / sum(weight for weight, _one in found)
    facts = {"fresh": round(freshest, 3), "n": len(found), "last": str(local_day(last.at)), "of": last.source,
             "surveys": sum(one.source != "pulse" for _w, one in found)}  # fmt: skip
    return value, facts


def _say_sentiment(facts: dict[str, Any]) -> str:
    who = _("the CSM's pulse") if facts["of"] == "pulse" else _("a survey")
    said = ngettext("%(n)s opinion, last %(who)s on %(day)s", "%(n)s opinions, last %(who)s on %(day)s", facts["n"],
                    who=who, day=day_in_words(date.fromisoformat(facts["last"])))  # fmt: skip
    if facts["fresh"] > 0.9:
        return said
    return _("%(said)s (fading: weighs %(percent)s%%)", said=said, percent=round(100 * facts["fresh"]))


async def _nothing(ids: Sequence[int], day: date) -> Values:
    return {}


def _say_renewals(facts: dict[str, Any]) -> str:
    if not facts["running"]:
        return _("No contract is running")
    return _("Renewed at least once") if facts["renewed"] else _("In the first year")


for _made in (
    Measure("login_days", 10, lambda: _("Days with a sign-in"), login_days,
            lambda f: _("%(days)s days of 28; %(goal)s earn all points", days=f["days"], goal=f["goal"])),
    Measure("active_seats", 10, lambda: _("Active seats"), active_seats,
            lambda f: _("%(active)s of %(seats)s people in 28 days", active=f["active"], seats=f["seats"])),
    Measure("core_features", 15, lambda: _("Core features"), core_features,
            lambda f: _("%(used)s of %(most)s used in 28 days", used=f["used"], most=f["most"])),
    Measure("renewals", 5, lambda: _("Renewals"), renewals, _say_renewals),
    Measure("support", 15, lambda: _("Support"), _nothing,
            lambda f: ngettext("%(n)s open conversation", "%(n)s open conversations", f["open"])),
    Measure("sentiment", 15, lambda: _("Sentiment"), sentiment, _say_sentiment),
    Measure("community", 5, lambda: _("Community"), _nothing, lambda f: ""),  # a place; `community` says how it goes
):  # fmt: skip
    add_measure(_made)
