"""Purchases from rows. The key is (source, order id); they count as `purchase` and as revenue on their day."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from core.clock import now
from core.context import here
from core.database import write_many
from core.i18n import _
from customers.days import a_day, as_day
from customers.imports.person_rows import accounts_by_name, accounts_by_source, people_by_source, people_with_email
from customers.imports.remembered import Seen
from customers.imports.rows import Given, Outcome, created, give_ids, select_in, twice, unchanged, updated
from customers.imports.trailing import following
from customers.names import company_key
from customers.purchases import bought, settle
from customers.trails import Trail

COLUMNS = ("product", "quantity", "amount", "currency", "bought_on")
EMPTY: dict[str, Any] = {"quantity": 1, "currency": "JPY"}


class KnownPurchase(msgspec.Struct):
    id: int
    digest: str
    person_id: int | None
    account_id: int | None
    values: dict[str, Any]


class Write(msgspec.Struct):
    given: Given
    source_id: str
    person_id: int | None
    account_id: int | None
    values: dict[str, Any]
    known: KnownPurchase | None = None
    id: int = 0


class PurchasesImport:
    kind = "purchase"
    required = ("paid", "bought_on")

    def __init__(self, source: str) -> None:
        self.source = source
        self.seen = Seen()
        self.writes: list[Write] = []
        self.same: list[Write] = []
        self.trail: Trail | None = None

    async def plan(self, chunk: list[Given]) -> list[Outcome]:
        self.writes, self.same = [], []
        readable = [one for one in chunk if not one.refusal]

        def said(field: str) -> list[Any]:
            return [one.values[field] for one in readable if field in one.values]

        self.emails = await people_with_email(said("email"))
        self.people = await people_by_source(self.source, said("person_id"))
        self.accounts = await accounts_by_source(self.source, said("account_id"))
        self.named = await accounts_by_name([company_key(name) for name in said("name")])
        self.own = await _own_accounts([*self.emails.values(), *self.people.values()])
        self.known = await known_purchases(self.source, [key_of(one) for one in readable])
        return [self._one(one) for one in chunk]

    def _one(self, one: Given) -> Outcome:
        person, account, reason = (None, None, one.refusal) if one.refusal else self._whose(one)
        if reason:
            return Outcome(one.number, "refused", reason, one.raw)
        key = key_of(one)
        before = self.seen.remember(key, one.number, one.digest)
        if before is not None:
            return twice(one, before)
        return self._planned(Write(one, key, person, account, columns_of(one), self.known.get(key)))

    def _whose(self, one: Given) -> tuple[int | None, int | None, str]:
        """(person, account, why it is nobody's)."""
        values = one.values
        person = self.people.get(values.get("person_id", "")) or self.emails.get(values.get("email", ""))
        if person is None and ("person_id" in values or "email" in values) and not {"account_id", "name"} & {*values}:
            return None, None, _("Nobody is known by %(id)s.", id=values.get("person_id") or values.get("email"))
        account = self.accounts.get(values.get("account_id", ""))
        if account is None and "account_id" in values:
            return None, None, _("No company has the id %(id)s.", id=values["account_id"])
        account = account or self.named.get(company_key(values.get("name", "")))
        if account is None and person is not None:
            account = self.own.get(person)
        if person is None and account is None:
            return None, None, _("The row says neither who bought nor which company.")
        return person, account, ""

    def _planned(self, change: Write) -> Outcome:
        one, known = change.given, change.known
        if known is None:
            self.writes.append(change)
            return created(one, self.kind)
        is_elsewhere = (known.person_id, known.account_id) != (change.person_id, change.account_id)
        values = {field: value for field, value in change.values.items() if known.values.get(field) != value}
        if not values and not is_elsewhere:
            if known.digest != one.digest:
                self.same.append(change)
            return unchanged(one, self.kind, known.id)
        self.writes.append(change)
        return updated(one, self.kind, known, values)

    async def write(self, outcomes: list[Outcome]) -> None:
        new = [one for one in self.writes if one.known is None]
        await give_ids(self.kind, new, outcomes)
        known = [one.known.id for one in (*self.writes, *self.same) if one.known]
        before = await bought(known)
        async with following(self.trail, "purchase", known, lambda: [one.id for one in new]):
            await self._write(new)
        await settle(before, await bought([*known, *(one.id for one in new)]))
        await self._tell(new)

    async def _write(self, new: list[Write]) -> None:
        moment = now()
        names = ("id", "person_id", "account_id", *COLUMNS, "source", "source_id", "digest", "created_at", "updated_at")
        await write_many(
            f"INSERT INTO purchase ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",
            [[one.id, one.person_id, one.account_id, *_raw(EMPTY | one.values), self.source, one.source_id,
              one.given.digest, moment, moment] for one in new],
        )  # fmt: skip
        marks = ", ".join(f"{name} = ?" for name in ("person_id", "account_id", *COLUMNS, "digest", "updated_at"))
        await write_many(
            f"UPDATE purchase SET {marks} WHERE id = ?",
            [[one.person_id, one.account_id, *_raw(one.known.values | one.values), one.given.digest, moment,
              one.known.id] for one in (*self.writes, *self.same) if one.known],
        )  # fmt: skip

    async def _tell(self, new: list[Write]) -> None:
        """On the timeline of who bought, on the day."""
        await write_many(
            "INSERT INTO touchpoint (at, kind, person_id, account_id, channel, about_kind, about_id, data, key)"
            " VALUES (?, 'customers.purchased', ?, ?, 'import', 'purchase', ?, ?, ?) ON CONFLICT (key) DO NOTHING",
            [[noon(one.values["bought_on"]), one.person_id, one.account_id, one.id,
              {"product": one.values.get("product", ""), "amount": f"{one.values['amount']:,}",
               "currency": one.values.get("currency", "JPY")}, f"purchase:{one.id}"] for one in new],
        )  # fmt: skip
        if self.trail is not None:
            found = await select_in("SELECT id FROM touchpoint WHERE key IN ({marks})",
                                    [f"purchase:{one.id}" for one in new])  # fmt: skip
            await self.trail.added("touchpoint", [int(row[0]) for row in found])


def noon(day: Any) -> datetime:
    return datetime.combine(day, time(12), ZoneInfo(here().time_zone))


def _raw(values: dict[str, Any]) -> list[Any]:
    said = {"product": ""} | values
    return [as_day(said[column]) if column == "bought_on" else said[column] for column in COLUMNS]


def key_of(one: Given) -> str:
    """The order's id; without one who, what, when and how much."""
    values = one.values
    whose = values.get("person_id") or values.get("email") or values.get("account_id") or values.get("name", "")
    said = f"{whose}:{values.get('product', '')}:{values['bought_on']}:{values['paid']}"
    return str(values.get("source_id") or said)[:300]


def columns_of(one: Given) -> dict[str, Any]:
    said = one.values | {"amount": one.values["paid"]}
    return {field: said[field] for field in COLUMNS if field in said}


async def known_purchases(source: str, keys: list[str]) -> dict[str, KnownPurchase]:
    found = await select_in(f"SELECT source_id, id, digest, person_id, account_id, {', '.join(COLUMNS)} FROM purchase"
                            " WHERE source = ? AND source_id IN ({marks})", keys, source)  # fmt: skip
    return {row["source_id"]: KnownPurchase(row["id"], row["digest"], row["person_id"], row["account_id"],
                                            {c: a_day(row[c]) if c == "bought_on" else row[c] for c in COLUMNS})
            for row in found}  # fmt: skip


async def _own_accounts(people: list[int]) -> dict[int, int]:
    from customers.tracking.companies import own_of

    return await own_of(sorted(set(people)))
