"""The tree of a segment: groups `all`, `any`, `none` over conditions; parsed, checked, never trusted.

{"all": [{"field": "account.tier", "op": "is", "value": "low"},
         {"none": [{"field": "event.count", "event": "report.made", "window_days": 30, "op": "at_least", "value": 1}]}]}
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from core.errors import Refused
from core.i18n import _
from customers.segments.vocabulary import MEASURED, OPERATIONS, WINDOWS, Field, field_of

JOINS = ("all", "any", "none")
DEEPEST = 8
MOST = 100
BIGGEST = 2**53


class Condition(msgspec.Struct, frozen=True):
    """One question. `value` is a text, a whole number, a bool, or a list of texts or numbers."""

    field: str
    op: str
    value: Any = None
    event: str = ""
    then: str = ""
    within_days: int | None = None
    window_days: int | None = None
    of: str = "person"
    topic: str = ""
    channel: str = ""


class Group(msgspec.Struct, frozen=True):
    """all: every node holds; any: one does; none: no node holds. An empty `any` holds for nobody."""

    join: str
    nodes: tuple[Condition | Group, ...]


Node = Condition | Group


def parse(tree: Any) -> Group:
    """The checked tree. Raises Refused with a sentence that names what is wrong."""
    node = _node(tree, 0, [0])
    return node if isinstance(node, Group) else Group("all", (node,))


def _node(raw: Any, depth: int, seen: list[int]) -> Node:
    if depth > DEEPEST:
        raise Refused(_("The groups of this segment lie too deep: at most %(n)s.", n=DEEPEST))
    if not isinstance(raw, dict):
        raise Refused(_("This segment cannot be read."))
    joins = [join for join in JOINS if join in raw]
    if joins:
        nodes = raw[joins[0]]
        if len(joins) > 1 or not isinstance(nodes, list):
            raise Refused(_("This segment cannot be read."))
        return Group(joins[0], tuple(_node(one, depth + 1, seen) for one in nodes))
    seen[0] += 1
    if seen[0] > MOST:
        raise Refused(_("This segment has more than %(n)s conditions.", n=MOST))
    return _condition(raw)


def _condition(raw: dict[str, Any]) -> Condition:
    field = field_of(str(raw.get("field", "")))
    if field is None:
        raise Refused(_("There is no field “%(name)s”.", name=str(raw.get("field", ""))[:80]))
    op = str(raw.get("op", ""))
    if op not in OPERATIONS[field.kind]:
        raise Refused(_("“%(field)s” cannot be compared like that.", field=str(field.label)))
    made = Condition(
        field=str(raw["field"]), op=op, value=_value(field, op, raw.get("value")),
        event=_text(raw.get("event", ""), 120), window_days=_window(field, raw), of=_of(raw),
        topic=_text(raw.get("topic", ""), 40), channel=_text(raw.get("channel", ""), 16),
        then=_text(raw.get("then", ""), 120), within_days=_within(field, raw),
    )  # fmt: skip
    if field.name == "event.sequence" and not made.then:
        raise Refused(_("Say what was done afterwards."))
    if field.name in MEASURED and not made.event:
        raise Refused(_("Say which event is counted."))
    if field.name == "consent" and not (made.topic and made.channel):
        raise Refused(_("Say for which topic and channel."))
    return made


def _window(field: Field, raw: dict[str, Any]) -> int | None:
    found = raw.get("window_days")
    if field.name == "touch.count":
        return _number(found if found is not None else 90, 1, 3650)
    if found is not None and found not in WINDOWS:
        raise Refused(_("Events are counted over 7, 30 or 90 days, or ever."))
    return found


def _within(field: Field, raw: dict[str, Any]) -> int | None:
    """How many days may lie between the two things of a sequence."""
    found = raw.get("within_days")
    return _number(found if found is not None else 7, 1, 365) if field.name == "event.sequence" else None


def _of(raw: dict[str, Any]) -> str:
    return "account" if raw.get("of") == "account" else "person"


def _value(field: Field, op: str, value: Any) -> Any:
    if op in {"is_filled", "is_empty"}:
        return None
    if op == "between":
        if not isinstance(value, list) or len(value) != 2:
            raise Refused(_("Write two numbers."))
        return [_number(one) for one in value]
    if op in {"is_any", "contains_any"}:
        if not isinstance(value, list) or not value or len(value) > 200:
            raise Refused(_("Write at least one value."))
        return [_number(one) if field.kind == "reference" else _text(one, 200) for one in value]
    if field.kind in {"number", "days", "reference"}:
        return _number(value)
    if field.kind == "truth":
        if not isinstance(value, bool):
            raise Refused(_("Choose yes or no."))
        return value
    return _text(value, 200)


def _number(value: Any, least: int = -BIGGEST, most: int = BIGGEST) -> int:
    if isinstance(value, str) and value.strip().lstrip("+-").isdecimal() and len(value) < 20:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise Refused(_("Write a whole number."))
    return value


def _text(value: Any, most: int) -> str:
    if not isinstance(value, str) or len(value) > most or "\0" in value or not value.isprintable():
        raise Refused(_("Write a shorter, plain text."))
    return value.strip()


def conditions_of(node: Node) -> Iterator[Condition]:
    """Every condition, in order."""
    if isinstance(node, Condition):
        yield node
    else:
        for one in node.nodes:
            yield from conditions_of(one)


def plain(node: Node) -> dict[str, Any]:
    """As it is stored: only what is said."""
    if isinstance(node, Group):
        return {node.join: [plain(one) for one in node.nodes]}
    said = {name: getattr(node, name) for name in node.__struct_fields__}
    empty = {
        "value": None,
        "event": "",
        "then": "",
        "within_days": None,
        "window_days": None,
        "of": "person",
        "topic": "",
        "channel": "",
    }
    return {name: value for name, value in said.items() if name not in empty or value != empty[name]}
