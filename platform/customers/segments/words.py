"""A condition as a sentence, in the reader's language."""

from __future__ import annotations

from typing import Any

from core.i18n import _
from customers.segments.ask import Why
from customers.segments.tree import Condition, Group
from customers.segments.vocabulary import OPERATION_LABELS, field_of


def sentence(one: Condition, names: dict[int, str] | None = None) -> str:
    """会社の階層が「ハイタッチ」である / Tier of the company is “High touch”. `names` are those of ids."""
    field = field_of(one.field)
    assert field is not None
    label, op = str(field.label), str(OPERATION_LABELS[one.op])
    if one.event:
        label = _("%(field)s “%(event)s”", field=label, event=one.event)
        if one.then:
            label = _("%(field)s, “%(then)s” within %(days)s days", field=label, then=one.then, days=one.within_days)
        if one.window_days:
            label = _("%(field)s in the last %(days)s days", field=label, days=one.window_days)
        if one.of == "account":
            label = _("%(field)s in the whole company", field=label)
    if one.topic:
        label = f"{label} {one.topic} / {one.channel}"
    value = _value(one, dict(field.options), names or {})
    if value == "":
        return _("%(field)s: %(op)s", field=label, op=op)
    return _("%(field)s %(op)s “%(value)s”", field=label, op=op, value=value)


def _value(one: Condition, options: dict[str, str], names: dict[int, str]) -> str:
    if one.value is None:
        return ""
    if isinstance(one.value, bool):
        return _("Yes") if one.value else _("No")
    values: list[Any] = one.value if isinstance(one.value, list) else [one.value]
    words = [str(options.get(value, names.get(value, value) if isinstance(value, int) else value)) for value in values]
    return "–".join(words) if one.op == "between" else _(", ").join(words)


def reasons(found: Why, names: dict[int, str] | None = None) -> list[str]:
    """Why somebody is in (what holds) or out (what does not), as sentences."""
    return [sentence(one, names) for one in _telling(found, found.holds)]


def _telling(found: Why, wanted: bool) -> list[Condition]:
    """The conditions that made the answer."""
    if isinstance(found.node, Condition):
        return [found.node] if found.holds == wanted else []
    assert isinstance(found.node, Group)
    inner = (not wanted) if found.node.join == "none" else wanted
    return [one for part in found.parts if part.holds == inner for one in _telling(part, inner)]
