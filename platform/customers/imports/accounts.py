"""Companies from rows. The key is (source, source_id); a 法人番号 that contradicts it goes to review."""

from __future__ import annotations

from typing import Any

from core.clock import now
from core.database import write
from core.i18n import _
from customers.ids import next_ids
from customers.imports.account_rows import (
    COLUMNS,
    STAFF,
    Change,
    Known,
    New,
    accounts_named,
    insert_accounts,
    known_accounts,
    remember_digests,
    renamed,
    staff_by_email,
    update_account,
    write_aliases,
)  # fmt: skip
from customers.imports.people import PeopleImport
from customers.imports.reviewing import Doubt, keep_doubts, rejected_keys
from customers.imports.rows import Given, Outcome, digest_of, select_in
from customers.names import company_key

CONTACT = (
    "email",
    "full_name",
    "family_name",
    "given_name",
    "family_kana",
    "given_kana",
    "title",
    "department",
    "consent",
)


class AccountsImport:
    """Plans chunk after chunk (`plan`), then writes what it planned (`write`); a preview never writes."""

    kind = "account"
    required = ("name",)

    def __init__(self, source: str) -> None:
        self.source = source
        self.seen: dict[str, tuple[int, str]] = {}
        self.numbers: dict[str, str] = {}
        self.contacts = PeopleImport(source)
        self._forget()

    def _forget(self) -> None:
        self.new: list[New] = []
        self.changes: list[Change] = []
        self.same: list[Change] = []
        self.doubts: list[Doubt] = []
        self.contact_rows: list[tuple[str, Given]] = []

    # what the database knows about a chunk

    async def look(self, chunk: list[Given]) -> None:
        keys = [key_of(one) for one in chunk]
        self.known = await known_accounts(self.source, keys)
        wanted = [one.values["corporate_number"] for one in chunk if "corporate_number" in one.values]
        found = await select_in("SELECT corporate_number, MIN(id) FROM account WHERE state <> 'merged'"
                                " AND corporate_number IN ({marks}) GROUP BY corporate_number", wanted)  # fmt: skip
        self.held = {row[0]: int(row[1]) for row in found}
        names = [company_key(one.values["name"]) for one in chunk if is_bare(one)]
        self.named = await accounts_named(names)
        self.staff = await staff_by_email([one.values.get(name, "") for one in chunk for name in ("csm", "deputy")])
        parents = [one.values["parent"] for one in chunk if "parent" in one.values]
        self.parents = {key: known.id for key, known in (await known_accounts(self.source, parents)).items()}
        self.rejected = await rejected_keys(self.source, keys)

    # planning

    async def plan(self, chunk: list[Given]) -> list[Outcome]:
        self._forget()
        await self.look([one for one in chunk if not one.refusal])
        return [self._one(one) for one in chunk]

    def _one(self, one: Given) -> Outcome:
        if one.refusal:
            return Outcome(one.number, "refused", one.refusal, one.raw)
        key = key_of(one)
        before = self.seen.get(key)
        if before is not None:
            return _twice(one, before)
        self.seen[key] = (one.number, one.digest)
        reason = self._unknown_link(one)
        if reason:
            return Outcome(one.number, "refused", reason, one.raw)
        known = self.known.get(key)
        outcome = self._known(one, key, known) if known else self._unknown(one, key)
        if outcome.outcome in {"created", "updated"} and any(field in one.values for field in CONTACT):
            self.contact_rows.append((key, one))
        return outcome

    def _unknown_link(self, one: Given) -> str:
        for name in ("csm", "deputy"):
            if name in one.values and one.values[name] not in self.staff:
                return _("Nobody of the staff has the address %(email)s.", email=one.values[name])
        parent = one.values.get("parent")
        if parent and parent not in self.parents and parent not in self.seen:
            return _("No company has the id %(id)s.", id=parent)
        return ""

    def _known(self, one: Given, key: str, known: Known) -> Outcome:
        if known.digest == one.digest:
            return Outcome(one.number, "unchanged", "", {}, "account", known.id)
        wanted = self.columns(one)
        number, held = wanted.get("corporate_number"), known.values["corporate_number"]
        if number and held and number != held:
            if f"changed_corporate_number:{key}:{number}" not in self.rejected:
                return self._doubt(one, key, known.id, "changed_corporate_number",
                                   _("This id had the corporate number %(old)s; the file says %(new)s.",
                                     old=held, new=number))  # fmt: skip
            del wanted["corporate_number"]
        elif number and not held and self.held.get(number, known.id) != known.id:
            return self._same_number(one, key, self.held[number], number)
        values = {field: value for field, value in wanted.items()
                  if known.values.get(field) != value and known.sources.get(field) != STAFF}  # fmt: skip
        change = Change(known, one, key, values)
        if not values and not any(field in one.values for field in ("alias", *CONTACT)):
            self.same.append(change)
            return Outcome(one.number, "unchanged", "", {}, "account", known.id)
        self.changes.append(change)
        before = {field: known.values.get(field) for field in values}
        return Outcome(one.number, "updated", ", ".join(values), one.raw, "account", known.id, before)

    def _unknown(self, one: Given, key: str) -> Outcome:
        number = one.values.get("corporate_number")
        if number:
            first = self.numbers.get(number)
            if number in self.held or first is not None:
                return self._same_number(one, key, self.held.get(number), number, first or "")
            self.numbers[number] = key
        elif is_bare(one) and (account := self.named.get(company_key(one.values["name"]))):
            return self._doubt(
                one,
                key,
                account,
                "same_name",
                _("A company of this name is there already, and the row has no id of its own."),
            )
        self.new.append(New(0, key, one, self.columns(one)))
        return Outcome(one.number, "created", "", one.raw, "account")

    def _same_number(self, one: Given, key: str, account: int | None, number: str, other: str = "") -> Outcome:
        return self._doubt(
            one,
            key,
            account,
            "same_corporate_number",
            _("The corporate number %(number)s belongs to another id already.", number=number),
            other,
        )

    def _doubt(self, one: Given, key: str, account: int | None, kind: str, reason: str, other: str = "") -> Outcome:
        self.doubts.append(Doubt(kind, self.source, key, one, account, other, reason))
        return Outcome(one.number, "review", reason, one.raw, "account", account)

    def columns(self, one: Given) -> dict[str, Any]:
        found = {field: one.values[field] for field in COLUMNS if field in one.values}
        if "csm" in one.values:
            found["csm_id"] = self.staff[one.values["csm"]]
        if "deputy" in one.values:
            found["deputy_id"] = self.staff[one.values["deputy"]]
        if "parent" in one.values and one.values["parent"] in self.parents:
            found["parent_id"] = self.parents[one.values["parent"]]
        return found

    # writing

    async def write(self, outcomes: list[Outcome]) -> None:
        """What `plan` decided, in the open transaction; outcomes of new accounts get their ids."""
        by_number = {outcome.number: outcome for outcome in outcomes}
        for new, id in zip(self.new, await next_ids("account", len(self.new)), strict=True):
            new.id = id
            by_number[new.given.number].about_id = id
        await insert_accounts(self.source, self.new)
        await self._parents_in_file()
        for change in self.changes:
            await update_account(change.known, change.values, self.source)
        await remember_digests(self.source, [*self.changes, *self.same])
        await write_aliases(self.source, [(n.id, n.given) for n in self.new] +
                            [(c.known.id, c.given) for c in self.changes], renamed(self.changes))  # fmt: skip
        await keep_doubts(self.doubts, {new.source_id: new.id for new in self.new})
        await self._write_contacts()

    async def _parents_in_file(self) -> None:
        """A parent that the same chunk creates is known only now."""
        ids = {new.source_id: new.id for new in self.new}
        linked = [(ids[n.given.values["parent"]], n.id) for n in self.new if n.given.values.get("parent") in ids]
        for parent, child in linked:
            await write("UPDATE account SET parent_id = ? WHERE id = ? AND id <> ?", parent, child, parent)

    async def _write_contacts(self) -> None:
        if not self.contact_rows:
            return
        ids = {new.source_id: new.id for new in self.new} | {c.source_id: c.known.id for c in self.changes}
        people = []
        for key, one in self.contact_rows:
            values = {field: one.values[field] for field in CONTACT if field in one.values}
            values["source_id"] = f"email:{values['email']}" if "email" in values else f"contact:{key}"
            people.append(Given(one.number, values | {"account": ids[key]}, digest_of(values), raw=one.raw))
        await self.contacts.write(await self.contacts.plan(people))


def key_of(one: Given) -> str:
    """The source's own id; without one the 法人番号, else the name (two such companies of one name are one)."""
    if "source_id" in one.values:
        return str(one.values["source_id"])
    if "corporate_number" in one.values:
        return f"number:{one.values['corporate_number']}"
    return f"name:{company_key(one.values['name']) or one.values['name']}"


def is_bare(one: Given) -> bool:
    """A row that has nothing but a name to know it by."""
    return "source_id" not in one.values and "corporate_number" not in one.values


def _twice(one: Given, before: tuple[int, str]) -> Outcome:
    if before[1] == one.digest:
        return Outcome(one.number, "unchanged", _("The same as row %(row)s.", row=before[0]))
    return Outcome(
        one.number, "refused", _("The id stands in row %(row)s already, with other values.", row=before[0]), one.raw
    )


async def insert_or_update(source: str, source_id: str, given: Given, change: Change | None = None) -> int:
    """One account by a person's decision: changed, or added when there is no `change`. Returns its id."""
    work = AccountsImport(source)
    await work.look([given])
    if change is None:
        [id] = await next_ids("account", 1)
        new = New(id, source_id, given, work.columns(given))
        await insert_accounts(source, [new])
        await write_aliases(source, [(id, given)], [])
        return id
    await update_account(change.known, change.values, source)
    await write("INSERT INTO account_source (account_id, source, source_id, digest, seen_at) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (source, source_id) DO UPDATE SET digest = excluded.digest, seen_at = excluded.seen_at",
                change.known.id, source, source_id, given.digest, now())  # fmt: skip
    given_name = [(change.known.id, given.values["name"])] if "name" in given.values else []
    await write_aliases(source, [(change.known.id, given)], [*renamed([change]), *given_name])
    return change.known.id
