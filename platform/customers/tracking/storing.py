"""Storing what arrived: once, whose it is, counted; all of it in one transaction.

Before the lock (`counting.LOCK`) a transaction looks, and writes only what is nobody else's; what others might write
too comes behind it. So one prepares while another counts, and none waits for one that waits for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from core.bulk import add_missing, given, insert_rows
from core.clock import local_day, now, when
from core.database import lock, rows, savepoint, transaction, write
from core.tasks import together
from customers.days import as_day
from customers.tracking import companies, people, traits
from customers.tracking.arrived import Arrived
from customers.tracking.counting import LOCK, count, counts_of
from customers.tracking.people import ANONYMOUS, USER

EVENTS = {"track", "page", "screen"}
SAYS = {"identify", "group", "alias"}
HISTORY = 2000  # of one visitor at once
COLUMNS = ("message_id", "name", "kind", "person_id", "account_id", "anonymous_id", "source", "dwell_ms", "properties",
           "at", "received_at")  # fmt: skip


async def store(events: Sequence[Arrived], next_may_look: Callable[[], None] = lambda: None) -> int:
    """Store and count what is new; returns how many those were.

    `next_may_look` is called once nothing will be written any more that would change whose other events are.
    """
    async with transaction():
        fresh = await _unseen(events)
        if not fresh:
            return 0
        if not await _store_of_known(_copies(fresh), next_may_look):
            await lock(LOCK)
            await _store_of_all(_copies(fresh))
    return len(fresh)


class Changed(Exception):
    """An id became somebody else's between the look and the lock."""


async def _store_of_known(events: Sequence[Arrived], next_may_look: Callable[[], None]) -> bool:
    """Store what known people did; False, and nothing stored, where there is more to write than that."""
    known = await _look(events)
    if known is None:
        return False
    happened = _happened(events)
    try:
        async with savepoint():
            # The events are nobody else's business: they are written before the lock, while another counts.
            _inserted, counts = await together(_insert(happened), counts_of(happened))
            await lock(LOCK)
            if await people.have_changed(events, known):
                raise Changed
            next_may_look()
            await count(counts)
    except Changed:
        return False
    return True


def _copies(events: Sequence[Arrived]) -> list[Arrived]:
    """To be given to whom they belong: the sender's may be stored a second time, when the first failed."""
    return [msgspec.structs.replace(one) for one in events]


def _happened(events: Sequence[Arrived]) -> list[Arrived]:
    return [one for one in events if one.kind in EVENTS]


async def _look(events: Sequence[Arrived]) -> people.Known | None:
    """Give the events to whom they belong; None when they say something new of somebody, to be written first."""
    if any(one.kind in SAYS or one.traits for one in events):
        return None
    known = await people.known_among(people.ids_of(events))
    groups = await companies.known_among(companies.groups_of(events))
    if people.strangers(events, known) or companies.strangers(events, groups):
        return None
    _give(events, known, groups)
    await _give_own(events)
    return known


async def _store_of_all(events: Sequence[Arrived]) -> None:
    """Write what is said of people and companies, then the events."""
    known, joined = await people.find(events)
    _give(events, known, await companies.find(events))
    await companies.join(events)
    await _give_own(events)
    await traits.keep_people(traits.said_of(events, {"identify", "track", "page", "screen"}, "person_id"))
    await traits.keep_accounts(traits.said_of(events, {"group"}, "account_id"))
    happened = _happened(events)
    await _insert(happened)
    history = await attach(joined)  # what a visitor did a moment ago is history too
    await count(await counts_of([*happened, *history]))


def seen_key(one: Arrived) -> str:
    """Each source numbers its own messages."""
    key = f"{one.source}/{one.message_id}" if one.source else one.message_id
    return key if len(key) <= 100 else hashlib.blake2b(key.encode(), digest_size=32).hexdigest()


async def _unseen(events: Sequence[Arrived]) -> list[Arrived]:
    """Those whose message id is new, each once, in their order."""
    first: dict[str, Arrived] = {}
    for one in events:
        first.setdefault(seen_key(one), one)
    # In the order of the keys, so that two processes with the same messages wait for each other and do not deadlock.
    today = as_day(local_day())
    found = await add_missing("event_seen", [("message_id", "text"), ("received_on", "date")],
                              [(key, today) for key in sorted(first)], "message_id")  # fmt: skip
    if len(found) == len(first):
        return list(first.values())
    new = {row[1] for row in found}
    return [one for key, one in first.items() if key in new]


def _give(events: Sequence[Arrived], known: people.Known, groups: Mapping[companies.Group, int]) -> None:
    """Fill in the person, and the account where a trusted sender names one."""
    for one in events:
        if one.person_id is None:
            one.person_id = known.get((USER, one.user) if one.user else (ANONYMOUS, one.anonymous))
        if one.account_id is None and one.group and one.is_trusted:
            one.account_id = groups.get((one.source, one.group))


async def _give_own(events: Sequence[Arrived]) -> None:
    """Where no account was named, the person's own."""
    own = await companies.own_of(sorted({one.person_id for one in events if one.person_id and not one.account_id}))
    for one in events:
        if one.account_id is None and one.person_id:
            one.account_id = own.get(one.person_id)


async def _insert(events: Sequence[Arrived]) -> None:
    moment = now()
    await insert_rows("event", COLUMNS, [
        (one.message_id[:100], one.name, one.kind, one.person_id, one.account_id,
         one.anonymous or (None if one.person_id else one.visitor), one.source, one.dwell_ms, one.properties,
         one.at, moment)
        for one in events])  # fmt: skip


async def attach(joined: Sequence[tuple[int, str]]) -> list[Arrived]:
    """Give visitors' events to the people they turned out to be; returns these events, to be counted.

    Of a visitor with a very long history the first part; `attach_more` goes on with it later.
    """
    if not joined:
        return []
    sql, parameters = given([("person_id", "bigint"), ("visitor", "text")], joined)
    found = await rows(
        f"SELECT e.id, v.person_id, e.name, e.kind, e.at, e.properties, e.account_id, e.anonymous_id FROM {sql} AS v"
        " JOIN event e ON e.anonymous_id = v.visitor AND e.person_id IS NULL ORDER BY e.id LIMIT ?",
        *parameters, HISTORY)  # fmt: skip
    if not found:
        return []
    own = await companies.own_of(sorted({int(row[1]) for row in found}))
    events = [Arrived(row[3], row[2], "", _moment(row[4]), properties=row[5], person_id=int(row[1]),
                      account_id=row[6] or own.get(int(row[1]))) for row in found]  # fmt: skip
    sql, parameters = given(
        [("id", "bigint"), ("person_id", "bigint"), ("account_id", "bigint")],
        [(row[0], one.person_id, one.account_id) for row, one in zip(found, events, strict=True)],
    )
    await write(f"UPDATE event SET person_id = v.person_id, account_id = v.account_id FROM {sql} AS v"
                " WHERE event.id = v.id", *parameters)  # fmt: skip
    if len(found) == HISTORY:
        from customers.jobs import attach_history

        for person, visitor in joined:
            await attach_history.later(person_id=person, visitor=visitor, key=visitor[:190])
    return events


def _moment(value: object) -> datetime:
    return when(value) or now()


async def attach_more(person_id: int, visitor: str) -> None:
    """The rest of a long history, a part at a time."""
    async with transaction():
        events = await attach([(person_id, visitor)])
        await count(await counts_of(events))


async def forget_seen() -> None:
    """Message ids are remembered for 30 days."""
    await write("DELETE FROM event_seen WHERE received_on < ?", as_day(local_day() - timedelta(days=30)))
