"""Rows that a person must decide about: kept whole, so that the decision can be carried out later."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from core.clock import now
from core.database import write_many
from customers.imports.rows import Given, select_in


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

    @property
    def key(self) -> str:
        said = self.given.values.get("corporate_number") or self.given.values.get("email") or ""
        return f"{self.kind}:{self.source}:{self.source_id}:{said}"[:400]


async def keep_doubts(doubts: list[Doubt], new_ids: dict[str, int]) -> None:
    """One open review for each; the same row again changes nothing."""
    await write_many(
        "INSERT INTO review (kind, account_id, person_id, key, data, reason, state, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, 'open', ?) ON CONFLICT (key) DO UPDATE SET data = excluded.data"
        " WHERE review.state = 'open'",
        [
            [
                one.kind,
                one.account_id or new_ids.get(one.other),
                one.person_id,
                one.key,
                _body(one),
                one.reason[:300],
                now(),
            ]
            for one in doubts
        ],
    )


def _body(one: Doubt) -> str:
    body: dict[str, Any] = {"source": one.source, "source_id": one.source_id, "values": one.given.values,
                            "digest": one.given.digest}  # fmt: skip
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
