"""Health: weighted measures of 0–1, those without data left out; the score stands beside its coverage and reasons.

score = 100 × Σ weight × value ÷ Σ weight over the measures that have data; coverage = that Σ weight ÷ all weights.
0–50 at risk, 51–75 watch, 76–100 good. How well it foretells renewals is measured in customers.calibration.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec

from core.clock import local_day
from core.database import rows, transaction, write_many
from core.events import announce
from core.i18n import _, ngettext
from customers import timeline
from customers.days import a_day, as_day
from customers.events import HealthChanged
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
    """For upper rooms too: `inbox` adds open conversations, surveys add sentiment. At import."""
    MEASURES[measure.name] = measure


def band(score: int | None) -> str:
    """good, watch, risk or unknown."""
    if score is None:
        return "unknown"
    return "good" if score > 75 else "watch" if score > 50 else "risk"


# Measures ----------------------------------------------------------------------------------------------------


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
    Measure("renewals", 10, lambda: _("Renewals"), renewals, _say_renewals),
    Measure("support", 15, lambda: _("Support"), _nothing,
            lambda f: ngettext("%(n)s open conversation", "%(n)s open conversations", f["open"])),
    Measure("sentiment", 15, lambda: _("Sentiment"), _nothing, lambda f: ""),
    Measure("outcome", 25, lambda: _("Outcome and goals"), _nothing, lambda f: ""),
):  # fmt: skip
    add_measure(_made)


# Scores ------------------------------------------------------------------------------------------------------


class Score(msgspec.Struct):
    """`reasons`: for each measure its points (None: no data), how many it could have, and the facts."""

    score: int | None
    coverage: int
    reasons: list[dict[str, Any]]


def weigh(values: dict[str, tuple[float, dict[str, Any]]]) -> Score:
    """Renormalised over what is known."""
    whole = sum(measure.weight for measure in MEASURES.values())
    known = sum(MEASURES[name].weight for name in values)
    reasons: list[dict[str, Any]] = []
    points = 0.0
    for name, measure in MEASURES.items():
        found = values.get(name)
        reasons.append({"measure": name, "of": measure.weight, "points": None, "facts": {}})
        if found is not None:
            points += found[0] * measure.weight
            reasons[-1] |= {"points": round(found[0] * measure.weight, 1), "facts": found[1]}
    if not known:
        return Score(None, 0, reasons)
    return Score(round(100 * points / known), round(100 * known / whole), reasons)


async def scores(ids: Sequence[int], day: date | None = None) -> dict[int, Score]:
    day = day or local_day()
    found: dict[int, dict[str, tuple[float, dict[str, Any]]]] = {id: {} for id in ids}
    for name, measure in MEASURES.items():
        for id, value in (await measure.ask(ids, day)).items():
            if id in found:
                found[id][name] = value
    return {id: weigh(values) for id, values in found.items()}


async def recompute(account_ids: Sequence[int], day: date | None = None) -> None:
    """Score accounts, keep the day's snapshot, and tell when the band changed."""
    day = day or local_day()
    ids = list(account_ids)
    made = await scores(ids, day)
    async with transaction():
        marks = ", ".join("?" * len(ids))
        before = {row[0]: row[1] for row in await rows(f"SELECT id, health FROM account WHERE id IN ({marks})", *ids)}
        said = [[s.score, s.coverage, json.dumps(s.reasons, ensure_ascii=False), id] for id, s in made.items()]
        if day == local_day():
            await write_many(
                "UPDATE account SET health = ?, health_coverage = ?, health_reasons = ? WHERE id = ?", said
            )
        await write_many(
            "INSERT INTO health_snapshot (score, coverage, reasons, account_id, day) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (account_id, day) DO UPDATE SET score = excluded.score, coverage = excluded.coverage,"
            " reasons = excluded.reasons",
            [[*one, as_day(day)] for one in said],
        )
        if day == local_day():
            for id, score in made.items():
                await _tell(id, before.get(id), score.score)


async def _tell(id: int, before: int | None, after: int | None) -> None:
    if before is None or after is None or band(before) == band(after):
        return
    changed: dict[str, Any] = {"from": before, "to": after}
    await timeline.record(None, "customers.health_changed", account_id=id, channel="staff",
                          key=f"health:{id}:{local_day()}", **changed)  # fmt: skip
    await announce(HealthChanged(account_id=id))


async def recompute_all(day: date | None = None) -> int:
    """Every account, 200 at a time, each with its transaction."""
    last, count = 0, 0
    while True:
        found = await rows("SELECT id FROM account WHERE id > ? AND state <> 'merged' ORDER BY id LIMIT 200", last)
        if not found:
            return count
        ids = [int(row[0]) for row in found]
        await recompute(ids, day)
        count, last = count + len(ids), ids[-1]


async def history(account_id: int, days: int = 90) -> list[tuple[date, int | None]]:
    since = as_day(local_day() - timedelta(days=days))
    found = await rows("SELECT day, score FROM health_snapshot WHERE account_id = ? AND day > ? ORDER BY day",
                       account_id, since)  # fmt: skip
    return [(day, row[1]) for row in found if (day := a_day(row[0]))]


async def reasons_on(account_id: int, day: date) -> dict[str, float | None]:
    """The points of each measure in the last snapshot up to `day`: for the column '28 days'."""
    found = await rows(
        "SELECT reasons FROM health_snapshot WHERE account_id = ? AND day <= ? ORDER BY day DESC LIMIT 1",
        account_id,
        as_day(day),
    )
    said = json.loads(found[0][0]) if found else []
    return {one["measure"]: one["points"] for one in said}
