"""Webhook bodies of the shapes that the platforms publish, with invented values.

`samples("line_webhooks")`, `samples("slack_events")`, `samples("slack_interactions")` (objects that arrive as the
form field `payload`), `samples("slack_commands")` (forms): each a dictionary from a name to the body.
"""

import json
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent / "payloads"


@cache
def samples(file: str) -> dict[str, dict]:
    return json.loads((HERE / f"{file}.json").read_text(encoding="utf-8"))
