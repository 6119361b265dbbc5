"""The customer's timeline: `record` one line in the transaction that made it true; `describe` how a kind reads."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from core.clock import local_day, now
from core.database import rows, write
from core.refs import Ref
from customers.days import as_day
from customers.sentences import describe


async def record(
    person_id: int | None,
    kind: str,
    *,
    account_id: int | None = None,
    channel: str = "web",
    about: Ref | None = None,
    at: datetime | None = None,
    key: str | None = None,
    **data: Any,
) -> None:
    """Write that `kind` ("community.asked") happened.

    Without `account_id` the person's primary account is taken. The same `key` is written once, so that a job
    which runs twice records once.
    """
    if account_id is None and person_id is not None:
        account_id = await primary_account(person_id)
    await write(
        "INSERT INTO touchpoint (at, kind, person_id, account_id, channel, about_kind, about_id, data, key)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING",
        at or now(), kind, person_id, account_id, channel, about.kind if about else "", about.id if about else None,
        json.dumps(data, ensure_ascii=False, default=str), key,
    )  # fmt: skip


async def adopt(about: Ref, person_id: int, account_id: int | None) -> None:
    """Who stood behind `about` is known now: what it left on nobody's timeline is theirs, and their account's."""
    await write(
        "UPDATE touchpoint SET person_id = ?, account_id = COALESCE(account_id, ?)"
        " WHERE person_id IS NULL AND about_kind = ? AND about_id = ?", person_id, account_id, about.kind, about.id,
    )  # fmt: skip


async def primary_account(person_id: int) -> int | None:
    """The account a person speaks for: the primary membership, else the oldest current one."""
    found = await rows(
        "SELECT account_id FROM membership WHERE person_id = ? AND (until IS NULL OR until >= ?)"
        " ORDER BY is_primary DESC, id LIMIT 1",
        person_id, as_day(local_day()),
    )  # fmt: skip
    return int(found[0][0]) if found else None


__all__ = ["adopt", "describe", "primary_account", "record"]
