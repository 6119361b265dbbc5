"""Where in a body a value stands: `data.company.name`, `records.0.id`. Pure functions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from core.errors import Refused
from core.i18n import _

MOST_ROWS = 1000
DEEPEST = 12


def read_body(body: bytes, content_type: str) -> Any:
    """JSON, or a form's fields. Raises Refused."""
    try:
        words = body.decode("utf-8-sig")
        if content_type.startswith("application/x-www-form-urlencoded"):
            return dict(parse_qsl(words, keep_blank_values=True, max_num_fields=500))
        found = json.loads(words, parse_constant=lambda _word: None)
    except (ValueError, RecursionError) as error:
        raise Refused(_("The body is no JSON.")) from error
    if not isinstance(found, dict | list):
        raise Refused(_("The body is neither an object nor a list."))
    return found


def value_at(body: Any, path: str) -> Any:
    """None where the path leads nowhere."""
    for part in path.split("."):
        if isinstance(body, dict):
            body = body.get(part)
        elif isinstance(body, list) and part.isdecimal() and int(part) < len(body):
            body = body[int(part)]
        else:
            return None
    return body


def rows_in(body: Any, list_path: str) -> list[Any]:
    """The records of a body: the list at the path, the body if it is a list, else the body as one. Raises Refused."""
    found = value_at(body, list_path) if list_path else body
    if found is None:
        raise Refused(_("The body has nothing at “%(path)s”.", path=list_path))
    records = found if isinstance(found, list) else [found]
    if len(records) > MOST_ROWS:
        raise Refused(_("At most %(n)s records at once.", n=MOST_ROWS))
    return records


def mapped(record: Any, mapping: Mapping[str, str]) -> dict[str, Any]:
    """field → value, by field → path."""
    return {field: value for field, path in mapping.items() if (value := value_at(record, path)) is not None}


def paths_in(record: Any, most: int = 100) -> dict[str, str]:
    """Every path to a single value, with the value: for the page that draws the mapping."""
    found: dict[str, str] = {}

    def walk(value: Any, path: str, depth: int) -> None:
        if len(found) >= most or depth > DEEPEST:
            return
        if isinstance(value, dict):
            for key, one in value.items():
                walk(one, f"{path}.{key}" if path else str(key), depth + 1)
        elif isinstance(value, list):
            for at, one in enumerate(value[:3]):
                walk(one, f"{path}.{at}" if path else str(at), depth + 1)
        elif path:
            found[path[:200]] = "" if value is None else str(value)[:60]

    walk(record, "", 0)
    return found
