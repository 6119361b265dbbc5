"""Rows that a person must decide about: kept whole, so that the decision can be carried out later."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from core.clock import now
from core.database import write, write_many
from customers.imports.rows import Given, select_in
from customers.matching.evidence import Evidence
from customers.trails import Trail

PAIRS = {"same_company": "account", "same_person": "person"}


def pair_key(about: str, source: str, source_id: str, id: int) -> str:
    """One question for each row and record."""
    return f"{about}:{id}:{source}:{source_id}"[:400]


class Doubt(msgspec.Struct):
    """A row held back. `account_id` is the record it collides with, or `other` the source id that will become it."""

    kind: str
    source: str
    source_id: str
    given: Given
    account_id: int | None
    other: str
    reason: str
    person_id: int | None = None
    evidence: tuple[Evidence, ...] = ()

    @property
    def key(self) -> str:
        if self.kind in PAIRS:
            return pair_key(PAIRS[self.kind], self.source, self.source_id, self.account_id or self.person_id or 0)
        said = self.given.values.get("corporate_number") or self.given.values.get("email") or ""
        return f"{self.kind}:{self.source}:{self.source_id}:{said}"[:400]


async def keep_doubts(doubts: list[Doubt], new_ids: dict[str, int], trail: Trail | None = None) -> None:
    """One open review for each; the same row again changes nothing."""
    keys = [one.key for one in doubts]
    before = {row[0] for row in await select_in("SELECT id FROM review WHERE key IN ({marks})", keys)}
    await write_many(
        "INSERT INTO review (kind, account_id, person_id, key, source, source_id, data, reason, state, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'open', ?) ON CONFLICT (key) DO UPDATE SET data = excluded.data"
        " WHERE review.state = 'open'",
        [
            [
                one.kind,
                one.account_id or new_ids.get(one.other),
                one.person_id,
                one.key,
                one.source,
                one.source_id,
                _body(one),
                one.reason[:300],
                now(),
            ]
            for one in doubts
        ],
    )
    if trail is not None and doubts:
        after = {row[0] for row in await select_in("SELECT id FROM review WHERE key IN ({marks})", keys)}
        await trail.added("review", sorted(after - before))


def _body(one: Doubt) -> str:
    body: dict[str, Any] = {"source": one.source, "source_id": one.source_id, "values": one.given.values,
                            "digest": one.given.digest,
                            "evidence": [[part.kind, part.points, part.value] for part in one.evidence]}  # fmt: skip
    return json.dumps(body, ensure_ascii=False, default=str)


async def rejected_keys(source: str, source_ids: list[str]) -> set[str]:
    """`kind:source_id:value` of what a person has said no to."""
    if not source_ids:
        return set()
    found = await select_in("SELECT key FROM review WHERE state = 'rejected' AND id > 0 AND kind IN ({marks})",
                            ["changed_corporate_number", "changed_email"])  # fmt: skip
    rejected = set()
    for row in found:
        kind, _, rest = row[0].partition(":")
        if rest.startswith(f"{source}:"):
            rejected.add(f"{kind}:{rest[len(source) + 1 :]}")
    return rejected


async def rejected_pairs(about: str, source: str, keys: list[str]) -> set[tuple[str, int]]:
    """(source id, record) that a person has kept apart."""
    wanted = set(keys)
    kind = "same_company" if about == "account" else "same_person"
    found = await select_in(f"SELECT source_id, {about}_id FROM review WHERE kind = ? AND state = 'rejected'"
                            " AND source = ? AND source_id IN ({marks})", wanted, kind, source)  # fmt: skip
    return {(row[0], int(row[1])) for row in found if row[1]}


class Waiting(msgspec.Struct):
    """A question about a row that nobody has answered yet."""

    id: int | None
    digest: str
    reason: str


ASKED = {"account": ("same_company", "same_corporate_number"), "person": ("same_person", "same_email")}


async def waiting(about: str, source: str, keys: list[str]) -> dict[str, Waiting]:
    """source id → the open question. It waits unchanged, however the book grows: the same file changes nothing."""
    found = await select_in(
        f"SELECT source_id, {about}_id AS about_id, data, reason FROM review WHERE kind IN (?, ?)"
        " AND state = 'open' AND source = ? AND source_id IN ({marks})",
        keys,
        *ASKED[about],
        source,
    )
    return {row[0]: Waiting(row[1], json.loads(row[2]).get("digest", ""), row[3]) for row in found}


async def close_settled(about: str, source: str, source_ids: list[str]) -> None:
    """Questions about rows that have found their record meanwhile are none any more."""
    kinds = ASKED[about]
    distinct = list(dict.fromkeys(source_ids))
    for at in range(0, len(distinct), 500):
        part = distinct[at : at + 500]
        marks, those = ", ".join("?" * len(kinds)), ", ".join("?" * len(part))
        await write("UPDATE review SET state = 'settled', decided_at = ? WHERE state = 'open' AND source = ?"
                    f" AND kind IN ({marks}) AND source_id IN ({those})", now(), source, *kinds, *part)  # fmt: skip
