"""Health: weighted measures of 0–1, those without data left out; the score stands beside its coverage and reasons.

score = 100 × Σ weight × value ÷ Σ weight over the measures that have data; coverage = that Σ weight ÷ all weights. What
each measure weighs depends on the account's phase (rule "phases"); an opinion weighs less the older it is.
0–50 at risk, 51–75 watch, 76–100 good. How well it foretells renewals is measured in customers.calibration.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import msgspec

from core.clock import local_day
from core.database import rows, transaction, write_many
from core.events import announce
from customers import alerts, timeline
from customers.days import a_day, as_day
from customers.events import HealthChanged
from customers.measures import MEASURES, PERIOD, Measure, Opinion, add_measure, add_opinions, opinions
from customers.rules import PhaseRule, rule

__all__ = ["MEASURES", "PERIOD", "Measure", "Opinion", "Score", "add_measure", "add_opinions", "band", "coverage",
           "history", "opinions", "reasons_on", "recompute", "recompute_all", "scores", "weigh",
           "weights_in"]  # fmt: skip


def band(score: int | None) -> str:
    """good, watch, risk or unknown."""
    if score is None:
        return "unknown"
    return "good" if score > 75 else "watch" if score > 50 else "risk"


# Scores ------------------------------------------------------------------------------------------------------


class Score(msgspec.Struct):
    """`reasons`: for each measure its points (None: no data), how many it could have, and the facts."""

    score: int | None
    coverage: int
    reasons: list[dict[str, Any]]


async def weights_in() -> dict[str, dict[str, int]]:
    """phase → measure → weight; what a phase does not say weighs as the measure says. `""` is any other phase."""
    given: PhaseRule = await rule("phases")
    usual = {name: measure.weight for name, measure in MEASURES.items()}
    return {"": usual} | {phase: usual | {name: weight for name, weight in said.items() if name in usual}
                          for phase, said in given.weights.items()}  # fmt: skip


def weigh(values: dict[str, tuple[float, dict[str, Any]]], weights: Mapping[str, int] | None = None) -> Score:
    """Renormalised over what is known. A measure that weighs nothing in this phase is not among the reasons."""
    weights = weights or {name: measure.weight for name, measure in MEASURES.items()}
    reasons: list[dict[str, Any]] = []
    points = known = 0.0
    for name, weight in weights.items():
        if not weight:
            continue
        found = values.get(name)
        reasons.append({"measure": name, "of": weight, "points": None, "facts": {}})
        if found is not None:
            effective = weight * float(found[1].get("fresh", 1))
            points, known = points + found[0] * effective, known + effective
            reasons[-1] |= {"points": round(found[0] * weight, 1), "facts": found[1]}
    if not known:
        return Score(None, 0, reasons)
    return Score(round(100 * points / known), round(100 * known / sum(weights.values())), reasons)


async def scores(ids: Sequence[int], day: date | None = None) -> dict[int, Score]:
    day = day or local_day()
    found: dict[int, dict[str, tuple[float, dict[str, Any]]]] = {id: {} for id in ids}
    for name, measure in MEASURES.items():
        for id, value in (await measure.ask(ids, day)).items():
            if id in found:
                found[id][name] = value
    marks, weights = ", ".join("?" * len(ids)), await weights_in()
    phases = {int(row[0]): row[1] for row in await rows(f"SELECT id, phase FROM account WHERE id IN ({marks})", *ids)}
    return {id: weigh(values, weights.get(phases.get(id, ""), weights[""])) for id, values in found.items()}


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
            await alerts.watch({id: (s.score, s.reasons) for id, s in made.items() if s.score is not None})


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


async def coverage(account_id: int, days: int = 90) -> list[tuple[date, int]]:
    """On the same days: how much of the weights could be measured, in percent."""
    since = as_day(local_day() - timedelta(days=days))
    found = await rows("SELECT day, coverage FROM health_snapshot WHERE account_id = ? AND day > ? ORDER BY day",
                       account_id, since)  # fmt: skip
    return [(day, int(row[1])) for row in found if (day := a_day(row[0]))]


async def reasons_on(account_id: int, day: date) -> dict[str, float | None]:
    """The points of each measure in the last snapshot up to `day`: for the column '28 days'."""
    found = await rows(
        "SELECT reasons FROM health_snapshot WHERE account_id = ? AND day <= ? ORDER BY day DESC LIMIT 1",
        account_id,
        as_day(day),
    )
    said = json.loads(found[0][0]) if found else []
    return {one["measure"]: one["points"] for one in said}
