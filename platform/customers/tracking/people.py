"""Whose an event is: the sender's ids looked up, all of a batch at once; unknown users of a trusted sender are added.

A person is found by the sender's own id, else by the id that an import of the same source knows them under, else by
the address, else by the matcher. Nothing of this is done for a key that every visitor can read: its events go to people
whose user id a trusted sender has told us, and wait as a visitor's otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from core.bulk import gathered, given, insert_rows, listed
from core.clock import now
from core.database import dialect, lock, rows, write
from core.errors import Refused
from customers.ids import next_ids
from customers.people import normal_email
from customers.suppressing import erased_among, mark_erased
from customers.tracking import meeting
from customers.tracking.arrived import Arrived
from customers.tracking.traits import named

USER, ANONYMOUS = "user_id", "anonymous_id"
Known = dict[tuple[str, str], int]


def ids_of(events: Iterable[Arrived]) -> set[tuple[str, str]]:
    pairs = {(USER, one.user) for one in events if one.user}
    pairs |= {(ANONYMOUS, one.anonymous) for one in events if one.anonymous}
    return pairs | {(kind, one.previous) for one in events if one.previous for kind in (USER, ANONYMOUS)}


def strangers(events: Iterable[Arrived], known: Known) -> dict[str, Arrived]:
    """Users that a trusted sender speaks of and nobody knows yet."""
    return {one.user: one for one in events if one.user and one.is_trusted and (USER, one.user) not in known}


async def find(events: Sequence[Arrived]) -> tuple[Known, list[tuple[int, str]]]:
    """Who the ids belong to, and (person, visitor) pairs that are newly one: their history is to be attached."""
    known = await known_among(ids_of(events))
    unknown = strangers(events, known)
    joined: list[tuple[int, str]] = []
    if unknown:
        joined += await _add(unknown, events, known)
    joined += await _link(events, known)
    return known, joined


async def have_changed(events: Iterable[Arrived], known: Known) -> bool:
    """Whether an id became somebody's, or somebody else's, since `known` was read: linked, merged, erased."""
    if dialect() == "sqlite":  # nobody else writes since the transaction began
        return False
    wanted = sorted(ids_of(events))
    if not wanted:
        return False
    sql, parameters = given([("kind", "text"), ("value", "text"), ("person_id", "bigint")],
                            [(*pair, known.get(pair)) for pair in wanted])  # fmt: skip
    return bool(await rows(
        f"SELECT 1 FROM {sql} AS v LEFT JOIN identity i ON i.kind = v.kind AND i.value = v.value"
        " AND i.verified_at IS NOT NULL WHERE i.person_id IS DISTINCT FROM v.person_id LIMIT 1",
        *parameters))  # fmt: skip


async def known_among(pairs: Iterable[tuple[str, str]]) -> Known:
    wanted = sorted(pairs)
    if not wanted:
        return {}
    sql, parameters = given([("kind", "text"), ("value", "text")], wanted)
    found = await gathered(
        ("i.kind", "i.value", "i.person_id"), f"FROM {sql} AS v JOIN identity i ON i.kind = v.kind"
        " AND i.value = v.value WHERE i.verified_at IS NOT NULL", *parameters)  # fmt: skip
    return {(row[0], row[1]): int(row[2]) for row in found}


# People a trusted sender speaks of for the first time -----------------------------------------------------------


async def _add(unknown: dict[str, Arrived], events: Sequence[Arrived], known: Known) -> list[tuple[int, str]]:
    """Find or add who stands behind new user ids; `known` is completed. One process at a time: nobody becomes two."""
    await lock("customers.tracking.people")
    known |= await known_among((USER, user) for user in unknown)
    new = {user: one for user, one in unknown.items() if (USER, user) not in known}
    said = _addresses(events, new)
    people = await _imported(new) | {}
    met = await _meet(events, {user: one for user, one in new.items() if user not in people}, said)
    people |= met.found
    for user in met.asked:
        said.pop(user, None)  # an address that is somebody else's stays theirs
    for user in await _erased({user for user in new if user not in people}, said, new):
        del new[user]  # what they do is counted for nobody
    strangers = _apart([user for user in sorted(new) if user not in people], said)
    ids = await next_ids("person", len(strangers))
    await _insert(dict(zip(strangers, ids, strict=True)), said, new)
    people |= dict(zip(strangers, ids, strict=True))
    first = {said[user]: people[user] for user in strangers if user in said}
    people |= {user: first[said[user]] for user in new if user not in people}
    await _identify([(USER, user, people[user], new[user].source) for user in sorted(new)])
    await meeting.ask("person", [(people[user], *met.asked[user]) for user in sorted(new) if user in met.asked])
    known |= {(USER, user): people[user] for user in new}
    return [(people[user], f"user:{user}") for user in sorted(new)]


async def _meet(events: Sequence[Arrived], strangers: dict[str, Arrived], said: dict[str, str]) -> meeting.Meeting:
    """Whoever has the address that is said of them, unless the names contradict; else the matcher."""
    traits: dict[str, dict[str, Any]] = {}
    for one in events:
        if one.user in strangers and one.is_trusted and one.traits:
            traits[one.user] = traits.get(one.user, {}) | one.traits
    fields = {user: named(values) for user, values in traits.items()}
    by_address = await _with_address({said[user] for user in strangers if user in said})
    held = {user: by_address[said[user]] for user in strangers if user in said and said[user] in by_address}
    return await meeting.people(fields, held, {user: one.source for user, one in strangers.items()})


async def _erased(strangers: set[str], said: dict[str, str], new: dict[str, Arrived]) -> set[str]:
    """Those who were erased: by the id, by its source's number, by the address. The id alone tells it from then on."""
    if not strangers:
        return set()
    gone = await erased_among("email", {said[user] for user in strangers if user in said})
    numbers = {f"{new[user].source}:{user}": user for user in strangers}
    told = {user for user in strangers if said.get(user) in gone}
    told |= {numbers[number] for number in await erased_among("source", numbers)}
    await mark_erased((USER, user) for user in sorted(told))
    return told | await erased_among(USER, strangers)


def _apart(users: list[str], said: dict[str, str]) -> list[str]:
    """Two new ids with one address are one person: the first of them stands for both."""
    seen: set[str] = set()
    found = []
    for user in users:
        address = said.get(user)
        if address is None or address not in seen:
            found.append(user)
        if address:
            seen.add(address)
    return found


def _addresses(events: Sequence[Arrived], new: dict[str, Arrived]) -> dict[str, str]:
    """user → the address that is said of them, when it is one."""
    found: dict[str, str] = {}
    for one in events:
        if one.user in new and one.is_trusted and one.traits and isinstance(one.traits.get("email"), str):
            try:
                found[one.user] = normal_email(one.traits["email"])
            except Refused:
                continue
    return found


async def _imported(new: dict[str, Arrived]) -> dict[str, int]:
    """Those that an import of the same source knows by this id."""
    sql, parameters = given([("source", "text"), ("value", "text")],
                            sorted((one.source, user) for user, one in new.items()))  # fmt: skip
    found = await rows(f"SELECT s.source_id, s.person_id FROM {sql} AS v JOIN person_source s"
                       " ON s.source = v.source AND s.source_id = v.value", *parameters)  # fmt: skip
    return {row[0]: int(row[1]) for row in found}


async def _with_address(addresses: set[str]) -> dict[str, int]:
    if not addresses:
        return {}
    among, parameters = listed("text", sorted(addresses))
    found = await rows(f"SELECT value, person_id FROM identity WHERE kind = 'email' AND value IN {among}", *parameters)
    return {row[0]: int(row[1]) for row in found}


async def _insert(ids: dict[str, int], said: dict[str, str], new: dict[str, Arrived]) -> None:
    moment = now()
    columns = ("id", "kind", "family_name", "given_name", "family_kana", "given_kana", "handle", "honorific", "email",
               "phone", "locale", "time_zone", "state", "traits", "sources", "version", "created_at",
               "updated_at")  # fmt: skip
    await insert_rows("person", columns, [
        (id, "customer", "", "", "", "", "", "さん", said.get(user), "", "ja", "Asia/Tokyo", "active", "{}", "{}", 1,
         moment, moment) for user, id in ids.items()])  # fmt: skip
    await _identify([("email", said[user], id, new[user].source) for user, id in ids.items() if user in said], "")


async def _identify(links: Sequence[tuple[str, str, int, str]], verified: Any = None) -> set[tuple[str, str]]:
    """Tie ids to people; returns those that were free. An address that a product names is not verified by it."""
    if not links:
        return set()
    moment = now()
    sql, parameters = given([("kind", "text"), ("value", "text"), ("person_id", "bigint"), ("source", "text")],
                            [(kind, value, person, f"tracking:{source}"[:60])
                             for kind, value, person, source in links])  # fmt: skip
    found = await write(
        "INSERT INTO identity (kind, value, person_id, source, verified_at, created_at)"
        f" SELECT v.kind, v.value, v.person_id, v.source, {'NULL' if verified == '' else '?'}, ? FROM {sql} AS v"
        " WHERE 1 = 1 ON CONFLICT (kind, value) DO UPDATE SET"
        " verified_at = COALESCE(identity.verified_at, excluded.verified_at)"
        " WHERE identity.person_id = excluded.person_id AND identity.verified_at IS NULL RETURNING kind, value",
        *([] if verified == "" else [moment]), moment, *parameters)  # fmt: skip
    return {(row[0], row[1]) for row in found}


# Visitors that turn out to be somebody --------------------------------------------------------------------------


async def _link(events: Sequence[Arrived], known: Known) -> list[tuple[int, str]]:
    """`identify` with both ids, and `alias`, say that a visitor is a user. An id that is somebody's stays theirs."""
    wanted: dict[str, tuple[int, str]] = {}
    for one in events:
        person = known.get((USER, one.user)) if one.user else None
        if person is None or not one.is_trusted:
            continue
        for visitor in (one.anonymous if one.kind == "identify" else "", one.previous):
            if visitor and (ANONYMOUS, visitor) not in known and (USER, visitor) not in known:
                wanted.setdefault(visitor, (person, one.source))
    made = await _identify([(ANONYMOUS, visitor, *whose) for visitor, whose in sorted(wanted.items())])
    known |= {(ANONYMOUS, visitor): wanted[visitor][0] for _kind, visitor in made}
    return [(wanted[visitor][0], name) for _kind, visitor in sorted(made) for name in (visitor, f"user:{visitor}")]
