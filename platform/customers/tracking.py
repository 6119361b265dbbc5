"""Product events: stored once, counted in the same transaction. Windows are whole local days, today included."""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from core.clock import local_day, now
from core.database import rows, transaction, write, write_many
from core.errors import Refused
from core.i18n import _
from customers.days import as_day

WINDOWS = (7, 30, 90)
LARGEST = 32_768
AHEAD = timedelta(minutes=5)


class Tracked(msgspec.Struct, frozen=True, kw_only=True):
    """One thing somebody did. Without `message_id` it counts each time it is sent."""

    name: str
    person_id: int | None = None
    account_id: int | None = None
    anonymous_id: str | None = None
    at: datetime | None = None
    message_id: str = ""
    kind: str = "track"
    properties: dict[str, Any] = {}


async def track(name: str, **said: Any) -> bool:
    """Store one event (fields of Tracked); False when its `message_id` was seen before."""
    return await track_many([Tracked(name=name, **said)]) == 1


async def track_many(events: Sequence[Tracked]) -> int:
    """Store events and count them; returns how many were new. Raises Refused, then nothing is stored."""
    checked = [_checked(event) for event in events]
    async with transaction():
        fresh = await _unseen(checked)
        if fresh:
            fresh = await _with_accounts(fresh)
            await _store(fresh)
            await _count(fresh)
            await _seen_last(fresh)
    return len(fresh)


def _checked(event: Tracked) -> Tracked:
    if not event.name or len(event.name) > 120:
        raise Refused(_("An event needs a name of at most 120 characters."))
    if len(event.message_id) > 100:
        raise Refused(_("A message id has at most 100 characters."))
    if len(json.dumps(event.properties, ensure_ascii=False, default=str)) > LARGEST:
        raise Refused(_("An event has at most 32 KB."))
    moment = now()
    at = min(event.at or moment, moment + AHEAD)  # a clock that runs ahead must not count in the future
    return msgspec.structs.replace(event, at=at, message_id=event.message_id or secrets.token_hex(16))


async def _unseen(events: list[Tracked]) -> list[Tracked]:
    """Those whose message id is new, each once."""
    first = {event.message_id: event for event in reversed(events)}
    today = as_day(local_day())
    new: set[str] = set()
    ids = list(first)
    for at in range(0, len(ids), 400):
        part = ids[at : at + 400]
        marks = ", ".join("(?, ?)" for _ in part)
        found = await write(
            f"INSERT INTO event_seen (message_id, received_on) VALUES {marks}"
            " ON CONFLICT (message_id) DO NOTHING RETURNING message_id",
            *(value for id in part for value in (id, today)),
        )
        new |= {row[0] for row in found}
    return [event for id, event in first.items() if id in new]


async def _with_accounts(events: list[Tracked]) -> list[Tracked]:
    """The person's own account where the event names none."""
    people = sorted({e.person_id for e in events if e.person_id and not e.account_id})
    accounts: dict[int, int] = {}
    for at in range(0, len(people), 500):
        marks = ", ".join("?" * len(people[at : at + 500]))
        for row in await rows("SELECT person_id, account_id FROM membership WHERE until IS NULL AND person_id IN"
                              f" ({marks}) ORDER BY is_primary, id DESC", *people[at : at + 500]):  # fmt: skip
            accounts[row[0]] = row[1]
    return [
        e if e.account_id else msgspec.structs.replace(e, account_id=accounts.get(e.person_id or 0)) for e in events
    ]


async def _store(events: list[Tracked]) -> None:
    moment = now()
    await write_many(
        "INSERT INTO event (message_id, name, kind, person_id, account_id, anonymous_id, properties, at, received_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [[e.message_id, e.name, e.kind, e.person_id, e.account_id, e.anonymous_id,
          json.dumps(e.properties, ensure_ascii=False, default=str), e.at, moment] for e in events],
    )  # fmt: skip


async def _count(events: list[Tracked]) -> None:
    days: Counter[tuple[int, int | None, str, date]] = Counter()
    last: dict[tuple[str, int, str], datetime] = {}
    sums: dict[tuple[str, int, str], Counter[int]] = {}
    for event in events:
        assert event.at is not None
        day = local_day(event.at)
        if event.person_id:
            days[event.person_id, event.account_id, event.name, day] += 1
        for who, id in (("person", event.person_id), ("account", event.account_id)):
            if id and event.person_id:
                key = (who, id, event.name)
                sums.setdefault(key, Counter()).update(_windows(day))
                last[key] = max(event.at, last.get(key, event.at))
    await write_many(
        "INSERT INTO usage_day (person_id, account_id, name, day, count) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (person_id, name, day) DO UPDATE SET count = usage_day.count + excluded.count",
        [
            [person, account, name, as_day(day), count]
            for (person, account, name, day), count in sorted(days.items(), key=str)
        ],
    )
    for who in ("person", "account"):
        await write_many(_add(who), [[id, name, c[7], c[30], c[90], c[0], last[w, id, name]]
                                     for (w, id, name), c in sorted(sums.items()) if w == who])  # fmt: skip


def _windows(day: date) -> list[int]:
    """Which windows the day is in; 0 is ever."""
    age = (local_day() - day).days
    return [0, *(window for window in WINDOWS if age < window)]


def _add(who: str) -> str:
    table = f"{who}_metric"
    newer = f"{table}.last_at IS NULL OR excluded.last_at > {table}.last_at"
    sums = ", ".join(f"{column} = {table}.{column} + excluded.{column}" for column in ("d7", "d30", "d90", "total"))
    return (
        f"INSERT INTO {table} ({who}_id, metric, d7, d30, d90, total, last_at) VALUES (?, ?, ?, ?, ?, ?, ?)"
        f" ON CONFLICT ({who}_id, metric) DO UPDATE SET {sums},"
        f" last_at = CASE WHEN {newer} THEN excluded.last_at ELSE {table}.last_at END"
    )


async def _seen_last(events: list[Tracked]) -> None:
    latest: dict[int, datetime] = {}
    for event in events:
        if event.person_id and event.at:
            latest[event.person_id] = max(event.at, latest.get(event.person_id, event.at))
    await write_many(
        "UPDATE person SET last_seen_at = ? WHERE id = ? AND (last_seen_at IS NULL OR last_seen_at < ?)",
        [[at, person, at] for person, at in sorted(latest.items())],
    )


async def age() -> None:
    """Bring the windows of all metrics to today, from the days. Nightly; running it again changes nothing."""
    today = local_day()
    for who in ("person", "account"):
        sums = ", ".join(
            f"d{window} = (SELECT COALESCE(SUM(u.count), 0) FROM usage_day u WHERE u.{who}_id = {who}_metric.{who}_id"
            f" AND u.name = {who}_metric.metric AND u.day > ?)"
            for window in WINDOWS
        )
        since = [as_day(today - timedelta(days=window)) for window in WINDOWS]
        await write(f"UPDATE {who}_metric SET {sums} WHERE d90 > 0", *since)


async def forget_seen() -> None:
    """Message ids are remembered for 30 days."""
    await write("DELETE FROM event_seen WHERE received_on < ?", as_day(local_day() - timedelta(days=30)))
