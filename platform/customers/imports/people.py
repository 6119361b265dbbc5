"""People from rows. The key is (source, source_id), else the e-mail address; an address of two ids goes to review."""

from __future__ import annotations

import re
from typing import Any

from core.database import write
from core.i18n import _
from customers import consent
from customers.ids import next_ids
from customers.imports.person_rows import (
    COLUMNS,
    KnownPerson,
    Write,
    accounts_by_name,
    accounts_by_source,
    insert_people,
    known_people,
    link_emails,
    people_by_id,
    people_with_email,
    remember,
    source_ids_of,
    update_person,
    write_memberships,
)
from customers.imports.remembered import Remembered, Seen
from customers.imports.reviewing import Doubt, keep_doubts, rejected_keys
from customers.imports.rows import Given, Outcome, twice
from customers.imports.trailing import following
from customers.matching.stored import rekey
from customers.names import company_key
from customers.suppressing import erased_among
from customers.topics import slugs
from customers.trails import Trail


class PeopleImport:
    """Plans chunk after chunk, then writes what it planned."""

    kind = "person"
    required = ()

    def __init__(self, source: str) -> None:
        self.source = source
        self.seen = Seen()
        self.emails = Remembered()
        self.trail: Trail | None = None
        self._forget()

    def _forget(self) -> None:
        self.writes: list[Write] = []
        self.same: list[Write] = []
        self.doubts: list[Doubt] = []

    async def _look(self, chunk: list[Given]) -> None:
        keys = [key_of(one) for one in chunk]
        self.known = await known_people(self.source, keys)
        emails = [one.values["email"] for one in chunk if "email" in one.values]
        self.held = await people_with_email(emails)
        self.erased = await erased_among("email", emails)
        named = [f"{self.source}:{key}" for key in keys]
        self.erased_ids = {one.removeprefix(f"{self.source}:") for one in await erased_among("source", named)}
        self.ids_here = await source_ids_of(self.source, list(self.held.values()))
        self.accounts = await accounts_by_source(
            self.source, [o.values["account_id"] for o in chunk if "account_id" in o.values]
        )
        self.named = await accounts_by_name([company_key(o.values["name"]) for o in chunk if "name" in o.values])
        self.by_id = {known.id: known for known in self.known.values()}
        self.by_id |= await people_by_id([id for id in self.held.values() if id not in self.by_id])
        self.rejected = await rejected_keys(self.source, keys)

    async def plan(self, chunk: list[Given]) -> list[Outcome]:
        self._forget()
        await self._look([one for one in chunk if not one.refusal])
        return [self._one(one) for one in chunk]

    def _one(self, one: Given) -> Outcome:
        if not one.refusal and "source_id" not in one.values and "email" not in one.values:
            one.refusal = _("The row has neither an id nor an e-mail address.")
        if not one.refusal and (one.values.get("email") in self.erased or key_of(one) in self.erased_ids):
            one.refusal = _("This person has been erased and is not taken in again.")
        if not one.refusal and "account_id" in one.values and one.values["account_id"] not in self.accounts:
            one.refusal = _("No company has the id %(id)s.", id=one.values["account_id"])
        if one.refusal:
            return Outcome(one.number, "refused", one.refusal, one.raw)
        key = key_of(one)
        before = self.seen.remember(key, one.number, one.digest)
        if before is not None:
            return twice(one, before)
        known = self.known.get(key)
        if known and known.digest == one.digest:
            return Outcome(one.number, "unchanged", "", {}, "person", known.id)
        return self._decided(one, key, known)

    def _decided(self, one: Given, key: str, known: KnownPerson | None) -> Outcome:
        email = one.values.get("email")
        if email:
            holder, first = self.held.get(email), self.emails.get(email)
            if first is not None and first != key:
                return self._doubt(one, key, holder, first)
            if holder is not None and (known.id != holder if known else holder in self.ids_here):
                if f"changed_email:{key}:{email}" not in self.rejected:
                    return self._doubt(one, key, holder)
                one.values.pop("email")
            elif holder is not None:
                known = self.by_id.get(holder)
            self.emails[email] = key
        return self._planned(one, key, known)

    def _doubt(self, one: Given, key: str, person: int | None, other: str = "") -> Outcome:
        reason = _("The address %(email)s belongs to another id already.", email=one.values["email"])
        self.doubts.append(Doubt("same_email", self.source, key, one, None, other, reason, person))
        return Outcome(one.number, "review", reason, one.raw, "person", person)

    def _planned(self, one: Given, key: str, known: KnownPerson | None) -> Outcome:
        wanted, account = columns_of(one), self._account(one)
        if known is None:
            self.writes.append(Write(one, key, wanted, None, account))
            return Outcome(one.number, "created", self._note(one, account), one.raw, "person")
        values = {field: value for field, value in wanted.items()
                  if known.values.get(field) != value and known.sources.get(field) != "staff"}  # fmt: skip
        change = Write(one, key, values, known, account, known.id)
        if not values and account is None and "consent" not in one.values:
            self.same.append(change)
            return Outcome(one.number, "unchanged", "", {}, "person", known.id)
        self.writes.append(change)
        before = {field: known.values.get(field) for field in values}
        return Outcome(one.number, "updated", ", ".join(values), one.raw, "person", known.id, before)

    def _account(self, one: Given) -> int | None:
        if "account" in one.values:
            return int(one.values["account"])
        if "account_id" in one.values:
            return self.accounts[one.values["account_id"]]
        return self.named.get(company_key(one.values["name"])) if "name" in one.values else None

    def _note(self, one: Given, account: int | None) -> str:
        if account is None and "name" in one.values:
            return _("No company is called “%(name)s”, so the person has none.", name=one.values["name"])
        return ""

    # writing

    async def write(self, outcomes: list[Outcome]) -> None:
        new = [one for one in self.writes if one.known is None]
        known = [one.id for one in (*self.writes, *self.same) if one.known is not None]
        async with following(self.trail, "person", known, lambda: [one.id for one in new]):
            await self._write(outcomes, new)
        await keep_doubts(self.doubts, {}, self.trail)
        await self._doubted_ids(new)
        await rekey("person", [one.id for one in self.writes])

    async def _write(self, outcomes: list[Outcome], new: list[Write]) -> None:
        by_number = {outcome.number: outcome for outcome in outcomes}
        for one, id in zip(new, await next_ids("person", len(new)), strict=True):
            one.id = by_number[one.given.number].about_id = id
        await insert_people(self.source, new)
        for one in self.writes:
            if one.known is not None:
                await update_person(one.known, one.values, self.source)
        await link_emails(self.source, self.writes)
        await remember(self.source, [*self.writes, *self.same])
        await write_memberships(self.writes)
        await self._consents()

    async def _consents(self) -> None:
        """A yes or no to e-mail in a file counts for every topic."""
        topics = await slugs()
        for one in self.writes:
            if "consent" not in one.given.values:
                continue
            evidence = {"source": self.source, "row": one.given.number}
            for topic in topics:
                await consent.decide(one.id, topic, "email", one.given.values["consent"], source="import",
                                     evidence=evidence)  # fmt: skip

    async def _doubted_ids(self, new: list[Write]) -> None:
        """A review about a person whom this very chunk creates names them now."""
        ids = {one.source_id: one.id for one in new}
        for doubt in self.doubts:
            if doubt.person_id is None and doubt.other in ids:
                await write("UPDATE review SET person_id = ? WHERE key = ?", ids[doubt.other], doubt.key)


def key_of(one: Given) -> str:
    return str(one.values.get("source_id") or f"email:{one.values.get('email', '')}")


def columns_of(one: Given) -> dict[str, Any]:
    found = {field: one.values[field] for field in COLUMNS if field in one.values}
    if "full_name" in one.values and "family_name" not in found:
        found |= split_name(one.values["full_name"])
    return found


def split_name(name: str) -> dict[str, str]:
    """田中 花子 → 田中, 花子; Hanako Tanaka → Tanaka, Hanako; a name without blanks is a family name."""
    first, _, rest = name.partition(" ")
    if not rest:
        return {"family_name": name[:80]}
    if re.fullmatch(r"[\x00-\u024f]+", name):
        given, _, family = name.rpartition(" ")
        return {"family_name": family[:80], "given_name": given[:80]}
    return {"family_name": first[:80], "given_name": rest[:80]}
