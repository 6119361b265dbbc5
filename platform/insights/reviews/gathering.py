# ruff: noqa: E501 -- a statement and a table are read whole
"""Everything a review shows of an account, gathered at one moment: figures by section, and lines about people."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import msgspec

from core.clock import local_day, when
from core.database import rows
from customers import goals
from customers.days import a_day, as_day
from customers.models import Contract, Task
from insights.reviews import peers, said, use
from insights.reviews.periods import Period

TASKS = 40
GOALS = 12
Figures = dict[str, Any]


class Gathered(msgspec.Struct):
    """`figures`: section → what it shows, only where there is something; they name nobody. `lines` do."""

    figures: dict[str, Figures]
    lines: list[dict[str, Any]]


async def gather(account_id: int, period: Period) -> Gathered:
    """Outside of any transaction: it reads for a while. Rights are the caller's to ask."""
    told, quotes = await said.feedback(account_id, period)
    found = {
        "goals": await _goals(account_id, period), "use": await use.use(account_id, period),
        "peers": await peers.peers(account_id, period), "health": await _health(account_id, period),
        "support": await said.support(account_id, period), "feedback": told,
        "community": await said.community(account_id, period), "contract": await _contract(account_id, period),
    }  # fmt: skip
    lines = [one | {"section": "quotes", "state": "", "owner_id": None} for one in quotes]
    return Gathered({name: one for name, one in found.items() if one}, lines + await _tasks(account_id, period))


async def _goals(account_id: int, period: Period) -> Figures | None:
    """Open ones, and those that ended in the period. Given-up ones are told too: a review hides nothing by itself."""
    found = [one for one in await goals.standing(account_id)
             if one.goal.starts_on <= period.last
             and (one.goal.state == "open" or (one.goal.closed_on and one.goal.closed_on >= period.first))]  # fmt: skip
    listed = [{"title": one.goal.title, "state": one.goal.state, "done": one.done, "count": one.count,
               "event": one.goal.event, "target": one.goal.target, "on_course": one.is_on_course,
               "due": _text(one.goal.due_on), "closed": _text(one.goal.closed_on)} for one in found[:GOALS]]  # fmt: skip
    return {"goals": listed} if listed else None


async def _health(account_id: int, period: Period) -> Figures | None:
    """The score's line over the period; its reasons on the last day, with their points at the end of the time before."""
    found = await rows("SELECT day, score, coverage FROM health_snapshot WHERE account_id = ? AND day >= ? AND day <= ?"
                       " AND score IS NOT NULL ORDER BY day", account_id, as_day(period.first), as_day(period.last))  # fmt: skip
    last, before = await _snapshot(account_id, period.last), await _snapshot(account_id, period.before_last)
    if last is None or last["score"] is None:
        return None
    old = {one["measure"]: one["points"] for one in _reasons(before)} if before else {}
    return {"score": int(last["score"]), "coverage": int(last["coverage"]), "day": _text(a_day(last["day"])),
            "score_before": before["score"] if before else None,
            "reasons": [one | {"before": old.get(one["measure"])} for one in _reasons(last)],
            "line": [[_text(a_day(row["day"])), int(row["score"])] for row in _thinned(found)]}  # fmt: skip


async def _snapshot(account_id: int, day: date) -> Any:
    found = await rows("SELECT day, score, coverage, reasons FROM health_snapshot WHERE account_id = ? AND day <= ?"
                       " ORDER BY day DESC LIMIT 1", account_id, as_day(day))  # fmt: skip
    return found[0] if found else None


def _reasons(row: Any) -> list[dict[str, Any]]:
    return list(json.loads(row["reasons"]) if isinstance(row["reasons"], str) else row["reasons"])


def _thinned(found: Any, most: int = 92) -> list[Any]:
    """A year has more days than a chart has room for; the last one stays."""
    step = -(-len(found) // most) or 1
    return list(found[::-1][::step][::-1])


async def _contract(account_id: int, period: Period) -> Figures | None:
    running = await Contract.filter(account_id=account_id, starts_on__lte=period.last).order_by("starts_on", "id")
    listed = [{"product": one.product, "plan": one.plan, "seats": one.seats, "starts": _text(one.starts_on),
               "renews": _text(one.renews_on), "amount": one.amount, "currency": one.currency}
              for one in running if one.ended_on is None or one.ended_on > period.last]  # fmt: skip
    return {"contracts": listed[:20]} if listed else None


async def _tasks(account_id: int, period: Period) -> list[dict[str, Any]]:
    """Done ones of the period, newest first; then what is open now, the next due first."""
    done = await Task.filter(account_id=account_id, state="done", closed_at__gte=period.begins,
                             closed_at__lt=period.ends).order_by("-closed_at", "-id").limit(TASKS)  # fmt: skip
    still = await Task.filter(account_id=account_id, state="open").order_by("due_on", "id").limit(TASKS)
    return [{"section": "tasks", "kind": one.kind, "person_id": one.person_id, "owner_id": one.owner_id,
             "body": one.title, "facts": one.facts, "state": one.state,
             "day": one.due_on if one.state == "open" else _day_of(one)} for one in [*done, *still]]  # fmt: skip


def _day_of(task: Task) -> date:
    return local_day(when(task.closed_at))


def _text(day: Any) -> str | None:
    return str(day) if day else None
