"""What accounts want to reach, and how far they are: 成果 as agreed with the customer, and the measure `outcome`.

A goal with an event is counted: so many of it in 28 days. Another is as far as staff say, and by its last day all of it
is due: half way through its time it is half behind when nothing is done. A reached goal counts for half a year; one
that was dropped never.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import msgspec

from core.audit import audit
from core.clock import local_day, now
from core.context import current_principal
from core.database import rows, transaction
from core.errors import Conflict, NotFound, Refused
from core.i18n import _, ngettext
from core.policy import ensure
from core.refs import Ref
from customers import health, policy, timeline
from customers.days import as_day
from customers.measures import PERIOD, Measure, Values, add_measure
from customers.models import Goal

MOST_OPEN = 20
REACHED_COUNTS = 183  # days
ON_COURSE = 0.8  # of what is due by now


class Standing(msgspec.Struct, frozen=True):
    """A goal as it stands: `share` (0–1) of what is due by now, `done` (0–100 %) of the whole, `count` events."""

    goal: Goal
    share: float
    done: int
    count: int

    @property
    def is_on_course(self) -> bool:
        return self.share >= ON_COURSE


class Wanted(msgspec.Struct):
    title: str
    event: str = ""
    target: int = 1
    due_on: date | None = None


async def find(account_id: int, goal_id: int) -> Goal:
    """Of an account that the caller has looked up among the visible ones. Raises NotFound."""
    found = await Goal.get_or_none(id=goal_id, account_id=account_id)
    if found is None:
        raise NotFound(_("There is no such goal."))
    return found


async def agree(account_id: int, wanted: Wanted) -> Goal:
    """Write down what the customer wants to reach, and score the account with it."""
    who = current_principal()
    ensure(policy.can_change_account(who, account_id))
    if not wanted.title.strip():
        raise Refused(_("Say what they want to reach."))
    if await Goal.filter(account_id=account_id, state="open").count() >= MOST_OPEN:
        raise Refused(_("At most %(n)s open goals: close one first.", n=MOST_OPEN))
    async with transaction():
        goal = await Goal.create(
            account_id=account_id, title=wanted.title.strip()[:200], event=wanted.event.strip()[:120],
            target=max(1, wanted.target), starts_on=local_day(), due_on=wanted.due_on, created_by_id=who.person_id,
            created_at=now(), updated_at=now(),
        )  # fmt: skip
        await _told("goal_agreed", goal)
    await health.recompute([account_id])
    return goal


async def say(goal: Goal, *, progress: int, state: str, note: str) -> None:
    """How far it is, or that it is reached or given up. A closed goal stays as it is; raises Conflict."""
    ensure(policy.can_change_account(current_principal(), goal.account_id))
    if state not in ("open", "reached", "dropped"):
        raise Refused(_("Choose one of the list."))
    async with transaction():
        changed = await Goal.filter(id=goal.id, state="open").update(
            progress=100 if state == "reached" else min(100, max(0, progress)), state=state, note=note.strip()[:500],
            updated_at=now(), closed_on=None if state == "open" else local_day(),
        )  # fmt: skip
        if not changed:
            raise Conflict(_("This goal is closed already."))
        await goal.refresh_from_db()
        await _told({"open": "", "reached": "goal_reached", "dropped": "goal_dropped"}[state], goal)
    await health.recompute([goal.account_id])


async def _told(what: str, goal: Goal) -> None:
    who = current_principal()
    await audit("account.goal", Ref("account", goal.account_id),
                after={"goal": goal.title, "state": goal.state, "progress": goal.progress})  # fmt: skip
    if what:
        await timeline.record(None, f"customers.{what}", account_id=goal.account_id, channel="staff", title=goal.title,
                              by=who.name)  # fmt: skip


async def standing(account_id: int) -> list[Standing]:
    """Open ones, the next due first; then the closed, the newest first."""
    found = await Goal.filter(account_id=account_id).order_by("-closed_on", "-id").limit(60)
    found.sort(key=lambda one: (one.state != "open", one.due_on or date.max if one.state == "open" else date.min))
    counts = await _counts([account_id], local_day())
    return [stand(one, counts.get((account_id, one.event), 0), local_day()) for one in found]


async def on_their_last_day(ids: Sequence[int]) -> list[Standing]:
    """Goals as they stood on the day by which they should be reached."""
    found: dict[date, list[Goal]] = {}
    for one in await Goal.filter(id__in=list(ids), due_on__not_isnull=True).order_by("id"):
        found.setdefault(one.due_on or date.max, []).append(one)
    stood: list[Standing] = []
    for day, due in found.items():
        counts = await _counts(sorted({one.account_id for one in due}), day)
        stood += [stand(one, counts.get((one.account_id, one.event), 0), day) for one in due]
    return stood


def stand(goal: Goal, count: int, day: date) -> Standing:
    if goal.state == "reached":
        return Standing(goal, 1.0, 100, count)
    if goal.event:
        share = min(1.0, count / goal.target)
        return Standing(goal, share, round(100 * share), count)
    behind = max(0.0, _due(goal, day) - goal.progress / 100)
    return Standing(goal, 1.0 - behind, goal.progress, count)


def _due(goal: Goal, day: date) -> float:
    """What share of the goal should be done on this day; nothing where no day was agreed."""
    if goal.due_on is None:
        return 0.0
    return min(1.0, max(0.0, (day - goal.starts_on) / max(timedelta(days=1), goal.due_on - goal.starts_on)))


async def _counts(ids: Sequence[int], day: date) -> dict[tuple[int, str], int]:
    """(account, event) → how often in the 28 days until `day`, of events that are goals."""
    marks = ", ".join("?" * len(ids))
    found = await rows(
        "SELECT u.account_id, u.name, SUM(u.count) FROM usage_day u WHERE u.day > ? AND u.day <= ?"
        f" AND u.account_id IN ({marks}) AND u.name IN (SELECT g.event FROM account_goal g WHERE g.event <> ''"
        f" AND g.account_id IN ({marks})) GROUP BY u.account_id, u.name",
        as_day(day - timedelta(days=PERIOD)), as_day(day), *ids, *ids,
    )  # fmt: skip
    return {(int(row[0]), str(row[1])): int(row[2]) for row in found}


async def outcome(ids: Sequence[int], day: date) -> Values:
    """The mean over an account's goals. Nothing is known of an account that none was agreed with."""
    since = day - timedelta(days=REACHED_COUNTS)
    goals = await Goal.filter(account_id__in=list(ids), starts_on__lte=day, state__not="dropped")
    counted = [one for one in goals if one.state == "open" or (one.closed_on and one.closed_on > since)]
    if not counted:
        return {}
    counts = await _counts(ids, day)
    found: dict[int, list[Standing]] = {}
    for one in counted:
        found.setdefault(one.account_id, []).append(stand(one, counts.get((one.account_id, one.event), 0), day))
    return {id: (sum(one.share for one in all) / len(all),
                 {"on": sum(one.is_on_course for one in all), "n": len(all)}) for id, all in found.items()}  # fmt: skip


def _said(facts: dict[str, Any]) -> str:
    return ngettext("%(on)s of %(n)s goal on course or reached", "%(on)s of %(n)s goals on course or reached",
                    facts["n"], on=facts["on"])  # fmt: skip


add_measure(Measure("outcome", 25, lambda: _("Outcome and goals"), outcome, _said))
