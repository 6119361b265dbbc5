"""What this process remembers: page views not yet written, what was recorded today, what is related."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

MOST = 2_000
views: dict[int, int] = {}
recorded: OrderedDict[str, None] = OrderedDict()
related: OrderedDict[Any, Any] = OrderedDict()


def forget_all() -> None:
    views.clear()
    recorded.clear()
    related.clear()


def is_new(key: str) -> bool:
    """True once per key, as long as this process remembers; the database says the last word."""
    if key in recorded:
        return False
    keep(recorded, key, None)
    return True


def keep(where: OrderedDict[Any, Any], key: Any, value: Any) -> None:
    where[key] = value
    while len(where) > MOST:
        where.popitem(last=False)
