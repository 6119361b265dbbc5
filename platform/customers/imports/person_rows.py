"""People as an import reads and writes them: many rows with one statement each."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from core.bulk import given, insert_rows
from core.clock import now
from core.database import write, write_many
from core.events import announce
from customers.added import PeopleAdded
from customers.imports.rows import Given, select_in

PART = 500  # people in one fact
COLUMNS = ("family_name", "given_name", "family_kana", "given_kana", "phone", "email", "locale", "time_zone", "handle")


class KnownPerson(msgspec.Struct):
    id: int
    digest: str
    values: dict[str, Any]
    sources: dict[str, str]


class Write(msgspec.Struct):
    """One person to create or change."""

    given: Given
    source_id: str
    values: dict[str, Any]
    known: KnownPerson | None = None
    account_id: int | None = None
    id: int = 0


def _known(row: Any) -> KnownPerson:
    return KnownPerson(row["id"], row["digest"], {c: row[c] for c in COLUMNS}, json.loads(row["sources"]))


_names = ", ".join(f"p.{column}" for column in COLUMNS)


async def known_people(source: str, keys: list[str]) -> dict[str, KnownPerson]:
    found = await select_in(
        f"SELECT s.source_id, s.digest, p.id, p.sources, {_names} FROM person_source s"
        " JOIN person p ON p.id = s.person_id WHERE s.source = ? AND s.source_id IN ({marks})",
        keys,
        source,
    )
    return {row["source_id"]: _known(row) for row in found}


async def people_by_id(ids: list[int]) -> dict[int, KnownPerson]:
    found = await select_in(
        f"SELECT p.id, '' AS digest, p.sources, {_names} FROM person p WHERE p.id IN ({{marks}})", ids
    )
    return {row["id"]: _known(row) for row in found}


async def people_with_email(addresses: list[str]) -> dict[str, int]:
    found = await select_in(
        "SELECT value, person_id FROM identity WHERE kind = 'email' AND value IN ({marks})", addresses
    )
    return {row[0]: int(row[1]) for row in found}


async def source_ids_of(source: str, ids: list[int]) -> set[int]:
    """Which of these people have an own id in this source already (an id made from an address is none)."""
    found = await select_in("SELECT person_id FROM person_source WHERE source = ? AND source_id NOT LIKE 'email:%'"
                            " AND person_id IN ({marks})", ids, source)  # fmt: skip
    return {int(row[0]) for row in found}


async def accounts_by_source(source: str, keys: list[str]) -> dict[str, int]:
    """The source's own ids first; else the only account that any source calls so."""
    anywhere = await select_in("SELECT source_id, MIN(account_id) FROM account_source WHERE source_id IN ({marks})"
                               " GROUP BY source_id HAVING COUNT(DISTINCT account_id) = 1", keys)  # fmt: skip
    own = await select_in(
        "SELECT source_id, account_id FROM account_source WHERE source = ? AND source_id IN ({marks})", keys, source
    )
    return {row[0]: int(row[1]) for row in [*anywhere, *own]}


async def people_by_source(source: str, keys: list[str]) -> dict[str, int]:
    """The source's own ids first; else the only person that any source calls so."""
    anywhere = await select_in("SELECT source_id, MIN(person_id) FROM person_source WHERE source_id IN ({marks})"
                               " GROUP BY source_id HAVING COUNT(DISTINCT person_id) = 1", keys)  # fmt: skip
    own = await select_in(
        "SELECT source_id, person_id FROM person_source WHERE source = ? AND source_id IN ({marks})", keys, source
    )
    return {row[0]: int(row[1]) for row in [*anywhere, *own]}


async def accounts_by_name(keys: list[str]) -> dict[str, int]:
    """Only names that exactly one account has."""
    found = await select_in(
        "SELECT normal_name, MIN(id) FROM account WHERE state <> 'merged' AND normal_name IN ({marks})"
        " GROUP BY normal_name HAVING COUNT(*) = 1",
        [key for key in keys if key],
    )
    return {row[0]: int(row[1]) for row in found}


async def insert_people(source: str, new: list[Write]) -> None:
    """In one statement, so that what keeps the headcount is called once; and told in parts, whatever brought them."""
    moment = now()
    empty = {"email": None, "locale": "ja", "time_zone": "Asia/Tokyo"}
    names = ("id", *COLUMNS, "kind", "honorific", "state", "traits", "sources", "version", "created_at", "updated_at")
    await insert_rows("person", names, [
        (one.id, *(one.values.get(column, empty.get(column, "")) for column in COLUMNS), "customer", "さん", "active",
         "{}", json.dumps(dict.fromkeys(one.values, source), ensure_ascii=False), 1, moment, moment)
        for one in new])  # fmt: skip
    for at in range(0, len(new), PART):
        await announce(PeopleAdded(person_ids=tuple(one.id for one in new[at : at + PART]), source=source))


async def update_person(known: KnownPerson, values: dict[str, Any], source: str) -> None:
    if values:
        said = values | {"sources": known.sources | dict.fromkeys(values, source)}
        assignments = ", ".join(f"{column} = ?" for column in said)
        await write(f"UPDATE person SET {assignments}, version = version + 1, updated_at = ? WHERE id = ?",
                    *said.values(), now(), known.id)  # fmt: skip


async def link_emails(source: str, writes: list[Write]) -> None:
    await write_many(
        "INSERT INTO identity (kind, value, person_id, source, created_at) VALUES ('email', ?, ?, ?, ?)"
        " ON CONFLICT (kind, value) DO NOTHING",
        [[one.values["email"], one.id, f"import:{source}"[:60], now()] for one in writes if one.values.get("email")],
    )  # fmt: skip


async def remember(source: str, writes: list[Write]) -> None:
    await write_many(
        "INSERT INTO person_source (person_id, source, source_id, digest, seen_at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (source, source_id) DO UPDATE SET digest = excluded.digest, seen_at = excluded.seen_at",
        [[one.id, source, one.source_id, one.given.digest, now()] for one in writes],
    )


async def write_memberships(writes: list[Write]) -> None:
    """In one statement; of two rows about one place the last that says something counts."""
    places: dict[tuple[int, int], tuple[str, str]] = {}
    for one in writes:
        if one.account_id is not None:
            title, department = places.get((one.id, one.account_id), ("", ""))
            said = one.given.values
            places[one.id, one.account_id] = (said.get("title") or title, said.get("department") or department)
    if not places:
        return
    columns = [("person_id", "bigint"), ("account_id", "bigint"), ("title", "text"), ("department", "text")]
    sql, parameters = given(columns, [(*pair, *words) for pair, words in sorted(places.items())])
    await write(
        "INSERT INTO membership (person_id, account_id, title, department, is_primary)"
        f" SELECT person_id, account_id, title, department, CAST(? AS BOOLEAN) FROM {sql} AS v WHERE 1 = 1"
        " ON CONFLICT (person_id, account_id) DO UPDATE SET"
        " title = CASE WHEN excluded.title <> '' THEN excluded.title ELSE membership.title END,"
        " department = CASE WHEN excluded.department <> '' THEN excluded.department ELSE membership.department END",
        True, *parameters,
    )  # fmt: skip
