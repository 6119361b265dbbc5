"""Contracts from rows; the tiers of their accounts are worked out again in the same transaction."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from core.clock import now
from core.database import write, write_many
from core.i18n import _
from customers import end_reasons, tiers
from customers.days import a_day, as_day
from customers.ending import AS_IT_STOOD, STAFF
from customers.imports.person_rows import accounts_by_source
from customers.imports.remembered import Seen
from customers.imports.rows import Given, Outcome, created, give_ids, select_in, twice, unchanged, updated
from customers.imports.trailing import following
from customers.trails import Trail

END = ("ended_on", "end_reason", "end_note")
COLUMNS = ("product", "plan", "amount", "currency", "seats", "starts_on", "renews_on", *END)
DAYS = ("starts_on", "renews_on", "ended_on")
EMPTY = {"amount": 0, "seats": None, "currency": "JPY", "renews_on": None, "ended_on": None}


class KnownContract(msgspec.Struct):
    id: int
    digest: str
    account_id: int
    values: dict[str, Any]
    end_source: str = ""


class Write(msgspec.Struct):
    given: Given
    source_id: str
    account_id: int
    values: dict[str, Any]
    known: KnownContract | None = None
    id: int = 0


class ContractsImport:
    kind = "contract"
    required = ("account_id", "starts_on")

    def __init__(self, source: str) -> None:
        self.source = source
        self.seen = Seen()
        self.writes: list[Write] = []
        self.same: list[Write] = []
        self.trail: Trail | None = None

    async def plan(self, chunk: list[Given]) -> list[Outcome]:
        self.writes, self.same = [], []
        readable = [one for one in chunk if not one.refusal]
        self.accounts = await accounts_by_source(self.source, [one.values["account_id"] for one in readable])
        self.known = await known_contracts(self.source, [key_of(one) for one in readable])
        return [self._one(one) for one in chunk]

    def _one(self, one: Given) -> Outcome:
        reason = one.refusal or self._wrong(one)
        if reason:
            return Outcome(one.number, "refused", reason, one.raw)
        key = key_of(one)
        before = self.seen.remember(key, one.number, one.digest)
        if before is not None:
            return twice(one, before)
        return self._planned(one, key, self.known.get(key))

    def _wrong(self, one: Given) -> str:
        values = one.values
        if values["account_id"] not in self.accounts:
            return _("No company has the id %(id)s.", id=values["account_id"])
        for name in ("renews_on", "ended_on"):
            if name in values and values[name] < values["starts_on"]:
                return _("The contract would end or renew before it begins.")
        return ""

    def _planned(self, one: Given, key: str, known: KnownContract | None) -> Outcome:
        account = self.accounts[one.values["account_id"]]
        values = columns_of(one)
        if known is None:
            self.writes.append(Write(one, key, account, values))
            return created(one, self.kind)
        if known.digest == one.digest and known.account_id == account:
            return unchanged(one, self.kind, known.id)
        if known.end_source == STAFF:  # what they wrote outranks what any source says
            values = {field: value for field, value in values.items() if field not in END}
        changed = {field: value for field, value in values.items() if known.values.get(field) != value}
        change = Write(one, key, account, changed, known)
        if not changed and known.account_id == account:
            self.same.append(change)
            return unchanged(one, self.kind, known.id)
        self.writes.append(change)
        return updated(one, self.kind, known, changed)

    async def write(self, outcomes: list[Outcome]) -> None:
        new = [one for one in self.writes if one.known is None]
        await give_ids(self.kind, new, outcomes)
        known = [one.known.id for one in (*self.writes, *self.same) if one.known]
        async with following(self.trail, "contract", known, lambda: [one.id for one in new]):
            await self._write(new)
        before = [one.known.account_id for one in self.writes if one.known]
        await tiers.recompute([one.account_id for one in self.writes] + before)

    async def _write(self, new: list[Write]) -> None:
        moment = now()
        names = ("id", "account_id", *COLUMNS, "source", "source_id", "digest", "created_at", "updated_at")
        await write_many(
            f"INSERT INTO contract ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",
            [[one.id, one.account_id, *(_raw(one.values.get(c, EMPTY.get(c, ""))) for c in COLUMNS), self.source,
              one.source_id, one.given.digest, moment, moment] for one in new],
        )  # fmt: skip
        for one in self.writes:
            if one.known is not None:
                await self._change(one)
        await write_many("UPDATE contract SET digest = ? WHERE id = ?",
                         [[one.given.digest, one.known.id] for one in self.same if one.known])  # fmt: skip

    async def _change(self, one: Write) -> None:
        assert one.known is not None
        said = {column: _raw(value) for column, value in one.values.items()} | {"account_id": one.account_id}
        assignments = ", ".join(f"{column} = ?" for column in said)
        if said.get("ended_on") is not None and one.known.values["ended_on"] is None:
            assignments += f", {AS_IT_STOOD}"
        await write(f"UPDATE contract SET {assignments}, digest = ?, updated_at = ? WHERE id = ?",
                    *said.values(), one.given.digest, now(), one.known.id)  # fmt: skip


def _raw(value: Any) -> Any:
    """Dates as the engine wants them in a raw statement."""
    return as_day(value) if isinstance(value, date) else value


def key_of(one: Given) -> str:
    """The source's own id; without one the account, product and first day."""
    values = one.values
    return str(values.get("source_id") or f"{values['account_id']}:{values.get('product', '')}:{values['starts_on']}")


def columns_of(one: Given) -> dict[str, Any]:
    found = {field: one.values[field] for field in COLUMNS if field in one.values}
    if "amount" not in found and "amount_yearly" in one.values:
        found["amount"] = round(one.values["amount_yearly"] / 12)
    if "end_reason" in found:
        found["end_reason"], words = end_reasons.read(found["end_reason"])
        note = " – ".join(part for part in (words, found.get("end_note", "")) if part)
        found["end_note"] = note[: end_reasons.LONGEST_NOTE]
    return found


async def known_contracts(source: str, keys: list[str]) -> dict[str, KnownContract]:
    found = await select_in(f"SELECT source_id, id, digest, account_id, end_source, {', '.join(COLUMNS)} FROM contract"
                            " WHERE source = ? AND source_id IN ({marks})", keys, source)  # fmt: skip
    return {row["source_id"]: KnownContract(row["id"], row["digest"], row["account_id"], _values(row),
                                            row["end_source"]) for row in found}  # fmt: skip


def _values(row: Any) -> dict[str, Any]:
    return {c: (a_day(row[c]) if c in DAYS else row[c]) for c in COLUMNS}
