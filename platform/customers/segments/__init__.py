"""Segments: saved questions about people, asked of the database. The tree is segments/tree.py."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from customers.segments import compile as _compile
from customers.segments.ask import Why, count, count_accounts, expanded, is_in, people_in, tree_of, why
from customers.segments.saving import add_to_list, archive, save, save_list
from customers.segments.tree import Condition, Group, conditions_of, parse, plain
from customers.segments.words import reasons, sentence

__all__ = [
    "Condition",
    "Group",
    "Why",
    "add_to_list",
    "archive",
    "conditions_of",
    "count",
    "count_accounts",
    "expanded",
    "is_in",
    "members_sql",
    "parse",
    "people_in",
    "plain",
    "reasons",
    "save",
    "save_list",
    "sentence",
    "tree_of",
    "why",
]


def members_sql(tree: Any, now: datetime, *, first_ones: bool = False) -> tuple[str, list[Any]]:
    """A SELECT of the person ids that `tree` holds for and its parameters, to be put inside `IN (…)`.

    `tree` as stored, or parsed. Pass it through `await expanded(tree)` first when it may name other segments.
    `first_ones`: of a large segment only the first are wanted.
    """
    return _compile.members_sql(tree if isinstance(tree, Group) else parse(tree), now, first_ones=first_ones)
