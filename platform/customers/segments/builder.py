"""A tree as a form that works without a script: every node has a path ("0.1"), every button says what to do with one.

Fields: `node` = "0.1:if" or "0:all" in order; `0.1-field`, `0.1-op`, `0.1-value` … beside it.
"""

from __future__ import annotations

import re
from typing import Any

from core.errors import Refused
from core.i18n import _
from customers.segments.tree import DEEPEST, JOINS, MOST
from customers.segments.vocabulary import MEASURED, OPERATIONS, field_of

FIRST = {"field": "account.tier", "op": "is", "value": "high"}
_path = re.compile(r"0(\.\d{1,3}){0,12}:(if|all|any|none)")
Raw = dict[str, Any]


def read_tree(data: Any) -> Raw:
    """The tree that the form holds, typed but not yet checked. Raises Refused when it is no form of ours."""
    nodes = [one for one in data.getall("node", []) if isinstance(one, str)]
    if not nodes:
        return {"all": []}
    if len(nodes) > 3 * MOST or not all(_path.fullmatch(one) for one in nodes) or not nodes[0].startswith("0:"):
        raise Refused(_("This segment cannot be read."))
    made: dict[str, Raw] = {}
    for one in nodes:
        path, kind = one.split(":")
        node = _condition(data, path) if kind == "if" else {str(data.get(f"{path}-join", kind)): []}
        if kind != "if" and next(iter(node)) not in JOINS:
            node = {kind: []}
        above = made.get(path.rpartition(".")[0])
        if above is not None:
            children_of(above).append(node)
        elif path != "0":
            raise Refused(_("This segment cannot be read."))
        made[path] = node
    return made["0"] if "field" not in made["0"] else {"all": [made["0"]]}


def _condition(data: Any, path: str) -> Raw:
    name = str(data.get(f"{path}-field", ""))
    if name == "trait":
        name = f"{data.get(f'{path}-whose', 'account')}.traits.{data.get(f'{path}-trait', '')}"
    field = field_of(name)
    if field is None:
        raise Refused(_("There is no field “%(name)s”.", name=name[:80]))
    op = str(data.get(f"{path}-op", ""))
    op = op if op in OPERATIONS[field.kind] else OPERATIONS[field.kind][0]
    node: Raw = {
        "field": name,
        "op": op,
        "value": _typed(field.kind, op, [str(v) for v in data.getall(f"{path}-value", [])]),
    }
    if field.options and isinstance(node["value"], str) and node["value"] not in dict(field.options):
        node["value"] = field.options[0][0]
    if name in MEASURED:
        window = str(data.get(f"{path}-window", "30"))
        node |= {
            "event": str(data.get(f"{path}-event", "")),
            "of": str(data.get(f"{path}-of", "person")),
            "then": str(data.get(f"{path}-then", "")),
            "within_days": _number(str(data.get(f"{path}-within", "")) or "7") if name == "event.sequence" else None,
            "window_days": int(window) if window in {"7", "30", "90"} else (90 if name == "touch.count" else None),
        }
    if name == "consent":
        node |= {"topic": str(data.get(f"{path}-topic", "")), "channel": str(data.get(f"{path}-channel", "email"))}
    return node


def _typed(kind: str, op: str, sent: list[str]) -> Any:
    text = sent[0].strip() if sent else ""
    if op in {"is_filled", "is_empty"}:
        return None
    if op == "between":
        return [_number(one) for one in [*sent, "", ""][:2]]
    if op in {"is_any", "contains_any"}:
        found = [word.strip() for one in sent for word in re.split(r"[,、，\n]", one) if word.strip()]
        return [_number(one) for one in found] if kind == "reference" else found
    if kind == "truth":
        return text != "0"
    return _number(text) if kind in {"number", "days", "reference"} else text


def _number(text: str) -> Any:
    import unicodedata

    plain = unicodedata.normalize("NFKC", text).replace(",", "").strip()
    return int(plain) if re.fullmatch(r"-?\d{1,16}", plain) else text


def children_of(node: Raw) -> list[Raw]:
    """The list of a group's nodes; of a condition an empty one."""
    for join in JOINS:
        if join in node and isinstance(node[join], list):
            return node[join]  # type: ignore[no-any-return]
    return []


def find(tree: Raw, path: str) -> Raw:
    node = tree
    for step in path.split(".")[1:]:
        below = children_of(node)
        if int(step) >= len(below):
            raise Refused(_("This segment cannot be read."))
        node = below[int(step)]
    return node


def change(tree: Raw, action: str) -> Raw:
    """`add:0` a condition, `group:0` a group, `remove:0.1`. Raises Refused for anything else."""
    verb, _colon, path = action.partition(":")
    if not re.fullmatch(r"0(\.\d{1,3}){0,12}", path):
        raise Refused(_("This segment cannot be read."))
    if verb == "remove" and path != "0":
        above, _dot, last = path.rpartition(".")
        below = children_of(find(tree, above))
        if int(last) < len(below):
            del below[int(last)]
    elif verb == "add":
        children_of(find(tree, path)).append(dict(FIRST))
    elif verb == "group" and path.count(".") < DEEPEST - 1:
        children_of(find(tree, path)).append({"any": [dict(FIRST)]})
    return tree


def shown(node: Raw, path: str = "0") -> Raw:
    """The tree with paths, fields and kinds, as the template draws it."""
    for join in JOINS:
        if join in node:
            below = [shown(one, f"{path}.{at}") for at, one in enumerate(children_of(node))]
            return {"path": path, "join": join, "nodes": below}
    field = field_of(str(node.get("field", "")))
    if field is None:
        raise Refused(_("There is no field “%(name)s”.", name=str(node.get("field", ""))[:80]))
    value = node.get("value")
    values = value if isinstance(value, list) else [value]
    return {"path": path, "join": "", "field": field, "name": node["field"], "op": node.get("op", ""), "value": value,
            "values": values, "text": ", ".join(str(one) for one in values if one is not None),
            "ops": OPERATIONS[field.kind], "event": node.get("event", ""), "window": node.get("window_days"),
            "then": node.get("then", ""), "within": node.get("within_days") or 7,
            "of": node.get("of", "person"), "topic": node.get("topic", ""), "channel": node.get("channel", ""),
            "is_measured": node["field"] in MEASURED, "raw": node}  # fmt: skip
