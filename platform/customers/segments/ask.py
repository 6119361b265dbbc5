"""Asking a segment: how many, who, is this person in it, and why."""

from __future__ import annotations

from typing import Any

import msgspec

from core.clock import now
from core.database import rows
from core.errors import NotFound, Refused
from core.i18n import _
from customers.models import Segment
from customers.segments.compile import conditions_sql, members_sql
from customers.segments.counting import count_sql
from customers.segments.tree import Condition, Group, Node, conditions_of, parse

NESTED = 5


async def expanded(tree: Any, depth: int = 0) -> Group:
    """The parsed tree with the trees of the segments it names put in their place. Static lists stay as they are."""
    parsed = tree if isinstance(tree, Group) else parse(tree)
    if depth > NESTED:
        raise Refused(_("The segments of this segment lie too deep or go round in a circle."))
    if not any(one.field == "segment" for one in conditions_of(parsed)):
        return parsed
    found = await _with_trees(parsed, depth)
    return found if isinstance(found, Group) else Group("all", (found,))


async def _with_trees(node: Node, depth: int) -> Node:
    if isinstance(node, Group):
        return Group(node.join, tuple([await _with_trees(one, depth) for one in node.nodes]))
    if node.field != "segment":
        return node
    wanted = node.value if isinstance(node.value, list) else [node.value]
    trees: list[Node] = []
    for segment in await Segment.filter(id__in=wanted):
        if segment.is_static:
            trees.append(Condition("segment", "is", segment.id))
        else:
            trees.append(await expanded(segment.tree, depth + 1))
    return Group("none" if node.op == "is_not" else "any", tuple(trees))


async def count(tree: Any) -> int:
    """How many people the tree holds for, now."""
    sql, parameters = count_sql(await expanded(tree), now())
    return int((await rows(sql, *parameters))[0][0])


async def count_accounts(tree: Any) -> int:
    """How many accounts those people belong to."""
    sql, parameters = members_sql(await expanded(tree), now())
    found = await rows(
        f"SELECT COUNT(DISTINCT account_id) FROM membership WHERE until IS NULL AND person_id IN ({sql})", *parameters
    )
    return int(found[0][0])


async def tree_of(segment_id: int) -> Group:
    """The tree of a saved segment; a static list is a tree of one condition. Raises NotFound."""
    segment = await Segment.get_or_none(id=segment_id)
    if segment is None:
        raise NotFound(_("There is no such segment."))
    if segment.is_static:
        return Group("all", (Condition("segment", "is", segment.id),))
    return await expanded(segment.tree)


async def people_in(segment_id: int) -> list[int]:
    """The ids of everybody in a saved segment, now, in order."""
    sql, parameters = members_sql(await tree_of(segment_id), now())
    return [int(row[0]) for row in await rows(f"{sql} ORDER BY p.id", *parameters)]


async def is_in(segment_id: int, person_id: int) -> bool:
    sql, parameters = members_sql(await tree_of(segment_id), now())
    return bool(await rows(f"{sql} AND p.id = ?", *parameters, person_id))


class Why(msgspec.Struct, frozen=True):
    """A condition or group and whether it holds for the person."""

    node: Node
    holds: bool
    parts: tuple[Why, ...] = ()


async def why(tree: Any, person_id: int) -> Why:
    """Node by node, whether the tree holds for one person. Raises NotFound."""
    parsed = await expanded(tree)
    conditions = list(conditions_of(parsed))
    answers: dict[int, bool] = {}
    if conditions:
        sql, parameters = conditions_sql(list(conditions), now(), person_id)
        found = await rows(sql, *parameters)
        if not found:
            raise NotFound(_("There is no such person."))
        answers = {id(one): bool(said) for one, said in zip(conditions, found[0], strict=True)}
    return _explained(parsed, answers)


def _explained(node: Node, answers: dict[int, bool]) -> Why:
    if isinstance(node, Condition):
        return Why(node, answers[id(node)])
    parts = tuple(_explained(one, answers) for one in node.nodes)
    said = [part.holds for part in parts]
    holds = all(said) if node.join == "all" else any(said) if node.join == "any" else not any(said)
    return Why(node, holds, parts)
