"""The same questions, asked of companies instead of people: entry rules of phases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from core.errors import Refused
from core.i18n import _
from customers.segments.compile import COUNTED, Compiler
from customers.segments.tree import Group, Node, conditions_of, parse
from customers.segments.vocabulary import FIELDS, Field, field_of


def is_askable(field: Field) -> bool:
    """Whether a company alone can answer it."""
    return field.name.startswith(("account.", "contract.")) or field.name in COUNTED


def fields() -> list[Field]:
    return [field for field in FIELDS if is_askable(field)]


def parse_of_companies(tree: Any) -> Group:
    """The checked tree; what people do is counted over their company. Raises Refused for questions about a person."""
    parsed = parse(tree)
    for one in conditions_of(parsed):
        field = field_of(one.field)
        if field is None or not is_askable(field):
            raise Refused(_("“%(field)s” asks about a person, not about a company.", field=str(field and field.label)))
    found = _whole(parsed)
    assert isinstance(found, Group)
    return found


def _whole(node: Node) -> Node:
    if isinstance(node, Group):
        return Group(node.join, tuple(_whole(one) for one in node.nodes))
    return msgspec.structs.replace(node, of="account") if node.field in COUNTED else node


class CompanyCompiler(Compiler):
    """Boolean expressions over `a` (account), never NULL."""

    def of_accounts(self, asked: Callable[[], str]) -> str:
        return f"({asked()})"
