"""The budget of attention for a whole claim."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from campaigns.ledger import ids_sql
from campaigns.models import OPEN_ENDED, Campaign, Step
from core.bulk import listed
from core.clock import now, when
from core.database import dialect, rows, write
from core.refs import Ref
from customers.rules import rule
from customers.touches import Answer, ask


async def reserve(ids: str, step: Step, campaign: Campaign, is_counted: bool, channel: str = "email") -> None:
    """Take a touch for each claimed delivery of `ids` (JSON).

    Who has none left, or sleeps, waits until there is room; who has no room while the newsletter is worth sending is
    skipped as `capped`. What needs no consent (a transactional topic) passes, and is written down.
    """
    found = await rows(f"SELECT id, person_id FROM delivery WHERE id IN ({ids_sql()}) AND state = 'claimed'", ids)
    keys = {f"delivery:{row[0]}": int(row[0]) for row in found}
    worth = timedelta(hours=(await rule("quiet")).worth_hours)
    answers: dict[str, Answer] = {}
    for until, wanted in (await _by_worth(step, found, worth)).items():
        answers |= await ask(channel, "campaign" if is_counted else "transactional", wanted,
                             about=Ref("campaign", campaign.id), worth_until=until)  # fmt: skip
    if held := [(keys[key], str(one.until), one.reason) for key, one in answers.items() if one.until]:
        await _wait(held)
    if capped := [keys[key] for key, one in answers.items() if one.state == "refused"]:
        await write(
            "UPDATE delivery SET state = 'skipped', reason = 'capped', worker = NULL, lease_until = NULL"
            f" WHERE id IN ({ids_sql()}) AND state = 'claimed'", json.dumps(capped),
        )  # fmt: skip


async def _by_worth(step: Step, found: list[Any], worth: timedelta) -> dict[datetime, list[tuple[int, str]]]:
    """(person, key) by the hour after which it is not worth sending: counted from the step's own, or in a journey,
    which has none, from when this person's mail was first to go."""
    wanted = [(int(row[1]), f"delivery:{row[0]}") for row in found]
    if step.kind not in OPEN_ENDED:
        return {step.due_at + worth: wanted}
    among, parameters = listed("text", [key for _person, key in wanted])
    known = await rows(f"SELECT key, worth_until FROM touch_hold WHERE key IN {among} AND worth_until IS NOT NULL",
                       *parameters)  # fmt: skip
    held = {row[0]: when(row[1]) for row in known}
    by_worth: dict[datetime, list[tuple[int, str]]] = {}
    fresh = now() + worth
    for person, key in wanted:
        by_worth.setdefault(held.get(key) or fresh, []).append((person, key))
    return by_worth


async def _wait(held: list[tuple[int, str, str]]) -> None:
    if dialect() == "postgresql":
        table = ("SELECT (e->>0)::bigint AS id, (e->>1)::timestamptz AS due, e->>2 AS why"
                 " FROM json_array_elements(CAST(? AS json)) AS e")  # fmt: skip
    else:
        parts = ("id", "due", "why")
        names = ", ".join(f"json_extract(value, '$[{at}]') AS {name}" for at, name in enumerate(parts))
        table = f"SELECT {names} FROM json_each(?)"
    await write(
        "UPDATE delivery SET state = 'frozen', reason = 'held:' || x.why, due_at = x.due, worker = NULL,"
        f" lease_until = NULL FROM ({table}) AS x WHERE delivery.id = x.id AND delivery.state = 'claimed'",
        json.dumps(held),
    )  # fmt: skip
