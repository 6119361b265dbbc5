"""One step further: who is due is read, decided about outside any transaction, and moved in one.

A move, the delivery or the task it makes, and its line in the log are one commit: killed anywhere, nothing is doubled
and nothing is left out; run by two workers at once, one of them moves nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from campaigns.journeys import asking, sendings, standing
from campaigns.journeys.plan import Node, Plan, due_at
from campaigns.journeys.standing import Standing, Turn
from campaigns.journeys.tree import BRANCHING
from core.clock import local_day, now
from core.database import rows, transaction
from core.refs import Ref
from customers import tasks

WHAT = {"send": "sent", "wait": "waited", "task": "task", "leave": "leave"}


async def one_round() -> int:
    """Move up to 500 who are due; returns how many moved."""
    return await move(await standing.due())


async def arrivals() -> int:
    """Those for whom came what they wait for, before the day on which they would go on without it."""
    moved = 0
    found = await rows(
        f"SELECT DISTINCT r.version_id, r.node FROM journey_run r WHERE r.state = 'active'"
        f" AND {standing.GOING.format(run='r')}"
    )
    plans = await standing.plans(int(row[0]) for row in found)
    for version_id, node_id in found:
        node = plans[version_id].nodes.get(node_id)
        if node is None or node.kind != "wait_for":
            continue
        condition, parameters = await asking.awaited(node)
        if condition == asking.NOBODY:
            continue
        while waiting := await standing.where(
            f"{standing.GOING.format(run='r')} AND r.version_id = ? AND r.node = ? AND {condition}",
            version_id, node_id, *parameters,
        ):  # fmt: skip
            turns = [_turn(plans[version_id], one, "yes") for one in waiting]
            if not (won := await apply(turns, plans)):
                break
            moved += won
    return moved


async def move(runs: Sequence[Standing]) -> int:
    plans = await standing.plans(one.version_id for one in runs)
    by_node: dict[tuple[int, str], list[Standing]] = {}
    for one in runs:
        by_node.setdefault((one.version_id, one.node), []).append(one)
    turns: list[Turn] = []
    for (version_id, node_id), there in by_node.items():
        turns += await _decided(plans[version_id], plans[version_id][node_id], there)
    return await apply(turns, plans)


async def _decided(plan: Plan, node: Node, there: Sequence[Standing]) -> list[Turn]:
    if node.kind not in BRANCHING:
        return [_turn(plan, one, WHAT[node.kind]) for one in there]
    yes = await asking.those_with(there, node)
    return [_turn(plan, one, "yes" if one.id in yes else "no") for one in there]


def _turn(plan: Plan, run: Standing, what: str) -> Turn:
    node = plan[run.node]
    to = node.yes if what == "yes" else node.no if what == "no" else node.next
    due = due_at(plan, to, now(), run.zone, is_fast=run.is_fast)
    if to:
        return Turn(run, what, to, due)
    return Turn(run, what, to, None, "left" if what == "leave" else "done", "leave" if what == "leave" else "")


async def apply(turns: Sequence[Turn], plans: dict[int, Plan]) -> int:
    """Make the moves with what belongs to them; returns how many were still to be made."""
    if not turns:
        return 0
    async with transaction():
        await _find_steps(turns, plans)
        won = await standing.take(turns)
        await sendings.freeze(won)
        for one in won:
            if one.what == "task":
                await _open_task(one, plans[one.run.version_id][one.run.node])
        await standing.write_down(won)
    return len(won)


async def _find_steps(turns: Sequence[Turn], plans: dict[int, Plan]) -> None:
    known: dict[tuple[int, str, int, bool], int] = {}
    for one in sorted((one for one in turns if one.what == "sent"), key=_sending):
        if (key := _sending(one)) not in known:
            known[key] = await sendings.step_of(one.run, plans[one.run.version_id][one.run.node])
        one.step_id = known[key]


def _sending(turn: Turn) -> tuple[int, str, int, bool]:
    return turn.run.version_id, turn.run.node, turn.run.entry, turn.run.is_pilot


async def _open_task(turn: Turn, node: Node) -> None:
    """For whoever looks after the company; the log says where there is none to look after, or none is wanted."""
    run = turn.run
    if run.account_id is None:
        turn.what, turn.reason = "no_task", "no_company"
        return
    made = await tasks.open_itself(
        "journey", run.account_id, Ref("journey_run", run.id), key=f"journey:{run.id}:{node.id}",
        due_on=local_day() + timedelta(days=node.days), person_id=run.person_id, is_news=True, title=node.title,
    )  # fmt: skip
    if made is None:
        turn.what, turn.reason = "no_task", "not_wanted"
