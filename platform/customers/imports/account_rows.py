"""Accounts as an import reads and writes them: many rows with one statement each."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from core.clock import now
from core.database import write, write_many
from customers.imports.rows import Given, select_in
from customers.names import company_key

COLUMNS = ("name", "name_kana", "corporate_number", "industry", "employees", "prefecture", "address", "phone",
           "website", "phase")  # fmt: skip
LINKS = {"csm": "csm_id", "deputy": "deputy_id", "parent": "parent_id"}


class Known(msgspec.Struct):
    """An account as the database has it."""

    id: int
    digest: str
    values: dict[str, Any]
    sources: dict[str, str]
    version: int = 1


class New(msgspec.Struct):
    id: int
    source_id: str
    given: Given
    values: dict[str, Any]


class Change(msgspec.Struct):
    known: Known
    given: Given
    source_id: str
    values: dict[str, Any]


async def known_accounts(source: str, keys: list[str]) -> dict[str, Known]:
    names = ", ".join(f"a.{column}" for column in (*COLUMNS, *LINKS.values()))
    found = await select_in(
        f"SELECT s.source_id, s.digest, a.id, a.sources, a.version, {names} FROM account_source s"
        " JOIN account a ON a.id = s.account_id WHERE s.source = ? AND s.source_id IN ({marks})",
        keys,
        source,
    )
    return {row[0]: Known(row[2], row[1], {c: row[c] for c in (*COLUMNS, *LINKS.values())}, json.loads(row[3]), row[4])
            for row in found}  # fmt: skip


async def accounts_by_id(ids: list[int]) -> dict[int, Known]:
    names = ", ".join((*COLUMNS, *LINKS.values()))
    found = await select_in(
        f"SELECT id, sources, version, {names} FROM account WHERE state <> 'merged' AND id IN ({{marks}})", ids
    )
    return {row["id"]: Known(row["id"], "", {c: row[c] for c in (*COLUMNS, *LINKS.values())},
                             json.loads(row["sources"]), row["version"]) for row in found}  # fmt: skip


async def staff_by_email(addresses: list[str]) -> dict[str, int]:
    wanted = [address for address in addresses if address]
    found = await select_in(
        "SELECT i.value, p.id FROM identity i JOIN person p ON p.id = i.person_id"
        " WHERE i.kind = 'email' AND p.kind = 'staff' AND i.value IN ({marks})",
        wanted,
    )
    return {row[0]: int(row[1]) for row in found}


async def insert_accounts(source: str, new: list[New]) -> None:
    moment = now()
    links = tuple(LINKS.values())
    names = (
        "id",
        *COLUMNS,
        *links,
        "normal_name",
        "state",
        "tier",
        "tier_source",
        "tier_reason",
        "expected_ltv",
        "health_coverage",
        "health_reasons",
        "traits",
        "sources",
        "version",
        "created_at",
        "updated_at",
    )
    marks = ", ".join("?" * len(names))
    empty = {"phase": "onboarding", "corporate_number": None, "employees": None} | dict.fromkeys(links)
    await write_many(
        f"INSERT INTO account ({', '.join(names)}) VALUES ({marks})",
        [[one.id, *(one.values.get(column, empty.get(column, "")) for column in (*COLUMNS, *links)),
          company_key(one.values["name"]), "active", "tech", "rule", "", 0, 0, [], {},
          dict.fromkeys(one.values, source), 1, moment, moment] for one in new],
    )  # fmt: skip
    await write_many(
        "INSERT INTO account_source (account_id, source, source_id, digest, seen_at) VALUES (?, ?, ?, ?, ?)",
        [[one.id, source, one.source_id, one.given.digest, moment] for one in new],
    )


async def update_account(known: Known, values: dict[str, Any], source: str) -> None:
    if not values:
        return
    said = dict(values)
    if "name" in said:
        said["normal_name"] = company_key(said["name"])
    said["sources"] = known.sources | dict.fromkeys(values, source)
    assignments = ", ".join(f"{column} = ?" for column in said)
    await write(f"UPDATE account SET {assignments}, version = version + 1, updated_at = ? WHERE id = ?",
                *said.values(), now(), known.id)  # fmt: skip


async def link_sources(source: str, found: list[Change]) -> None:
    """Rows that the matcher gave to a record: their id leads to it from now on."""
    await write_many(
        "INSERT INTO account_source (account_id, source, source_id, digest, seen_at) VALUES (?, ?, ?, ?, ?)",
        [[one.known.id, source, one.source_id, one.given.digest, now()] for one in found],
    )


async def remember_digests(source: str, changes: list[Change]) -> None:
    await write_many("UPDATE account_source SET digest = ?, seen_at = ? WHERE source = ? AND source_id = ?",
                     [[one.given.digest, now(), source, one.source_id] for one in changes])  # fmt: skip


def renamed(changes: list[Change]) -> list[tuple[int, str]]:
    """The names that accounts had until now: they become aliases."""
    return [(one.known.id, one.known.values["name"]) for one in changes if "name" in one.values]


async def write_aliases(source: str, given_to: list[tuple[int, Given]], old: list[tuple[int, str]]) -> None:
    aliases = [(account, one.values["alias"]) for account, one in given_to if "alias" in one.values] + old
    await write_many(
        "INSERT INTO account_alias (account_id, name, normal_name, source, created_at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (account_id, normal_name) DO NOTHING",
        [[account, name, company_key(name), source, now()] for account, name in aliases if company_key(name)],
    )  # fmt: skip
