"""Companies from rows. The key is (source, source_id); a 法人番号 that contradicts it goes to review."""

from __future__ import annotations

from typing import Any

from core.database import write
from core.i18n import _
from customers.imports.account_rows import (
    COLUMNS,
    Change,
    Known,
    New,
    accounts_by_id,
    insert_accounts,
    known_accounts,
    link_sources,
    remember_digests,
    renamed,
    staff_by_email,
    update_account,
    write_aliases,
)  # fmt: skip
from customers.imports.people import PeopleImport
from customers.imports.remembered import Remembered, Seen
from customers.imports.reviewing import Doubt, close_settled, keep_doubts, rejected_keys, waiting
from customers.imports.rows import Given, Outcome, created, digest_of, give_ids, select_in, twice, unchanged, updated
from customers.imports.surveying import Survey
from customers.imports.trailing import following
from customers.matching.companies import company_of
from customers.matching.stored import rekey
from customers.matching.words import reasons
from customers.names import company_key
from customers.precedence import precedence
from customers.trails import Trail

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
        self.seen = Seen()
        self.numbers = Remembered()
        self.trail: Trail | None = None
        self.contacts = PeopleImport(source)
        self.matches = Survey("account", source, lambda one: company_of(one.values))
        self.settle = self.matches.settle
        self._forget()

    def _forget(self) -> None:
        self.new: list[New] = []
        self.found: list[Change] = []
        self.changes: list[Change] = []
        self.same: list[Change] = []
        self.doubts: list[Doubt] = []
        self.contact_rows: list[tuple[str, Given]] = []

    async def survey(self, chunk: list[Given]) -> None:
        """Before the first chunk is planned, every chunk is looked at: the best pairs go first, not the first rows."""
        given = {key_of(one): one for one in chunk if not one.refusal}
        known = await known_accounts(self.source, list(given))
        asked = await waiting("account", self.source, list(given))
        await self.matches.look([(key, one) for key, one in given.items() if key not in known
                                 and not (key in asked and asked[key].digest == one.digest)])  # fmt: skip

    # what the database knows about a chunk

    async def look(self, chunk: list[Given]) -> None:
        keys = [key_of(one) for one in chunk]
        self.known = await known_accounts(self.source, keys)
        wanted = [one.values["corporate_number"] for one in chunk if "corporate_number" in one.values]
        found = await select_in("SELECT corporate_number, MIN(id) FROM account WHERE state <> 'merged'"
                                " AND corporate_number IN ({marks}) GROUP BY corporate_number", wanted)  # fmt: skip
        self.held = {row[0]: int(row[1]) for row in found}
        self.own = await self._numbers_here(list(self.held.values()))
        self.verdicts = await self.matches.verdicts([one for one in chunk if key_of(one) not in self.known])
        claimed = [self.matches.settled[number].id for number in self.verdicts]
        self.claimed = await accounts_by_id(claimed)
        self.precedence = await precedence()
        self.staff = await staff_by_email([one.values.get(name, "") for one in chunk for name in ("csm", "deputy")])
        parents = [one.values["parent"] for one in chunk if "parent" in one.values]
        self.parents = {key: known.id for key, known in (await known_accounts(self.source, parents)).items()}
        self.waiting = await waiting("account", self.source, keys)
        self.rejected = await rejected_keys(self.source, keys)

    async def _numbers_here(self, ids: list[int]) -> set[int]:
        found = await select_in(
            "SELECT account_id FROM account_source WHERE source = ? AND account_id IN ({marks})", ids, self.source
        )
        return {int(row[0]) for row in found}

    # planning

    async def plan(self, chunk: list[Given]) -> list[Outcome]:
        self._forget()
        await self.look([one for one in chunk if not one.refusal])
        return [self._one(one) for one in chunk]

    def _one(self, one: Given) -> Outcome:
        if one.refusal:
            return Outcome(one.number, "refused", one.refusal, one.raw)
        key = key_of(one)
        before = self.seen.remember(key, one.number, one.digest)
        if before is not None:
            return twice(one, before)
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
            return unchanged(one, self.kind, known.id)
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
        return self._changed(one, key, known, wanted)

    def _changed(self, one: Given, key: str, known: Known, wanted: dict[str, Any]) -> Outcome:
        values = self.differing(known, wanted)
        change = Change(known, one, key, values)
        if not values and not any(field in one.values for field in ("alias", *CONTACT)):
            self.same.append(change)
            return unchanged(one, self.kind, known.id)
        self.changes.append(change)
        return updated(one, self.kind, known, values)

    def differing(self, known: Known, wanted: dict[str, Any]) -> dict[str, Any]:
        """What of the row is put into the record: what differs, where no better source has spoken."""
        return {field: value for field, value in wanted.items() if known.values.get(field) != value and
                self.precedence.may_write(self.source, field, known.sources.get(field, ""),
                                          known.values.get(field) in {None, ""})}  # fmt: skip

    def _unknown(self, one: Given, key: str) -> Outcome:
        asked = self.waiting.get(key)
        if asked is not None and asked.digest == one.digest:
            return Outcome(one.number, "review", asked.reason, one.raw, "account", asked.id)
        number = one.values.get("corporate_number")
        holder, first = self.held.get(number) if number else None, self.numbers.get(number or "")
        claim = self.matches.settled.get(one.number) if one.number in self.verdicts else None
        is_another = holder is not None and (holder in self.own or claim is None or claim.id != holder)
        if number and (first is not None or is_another):
            return self._same_number(one, key, holder, number, first or "")
        if number:
            self.numbers[number] = key
        if one.number in self.verdicts:
            return self._met(one, key)
        self.new.append(New(0, key, one, self.columns(one)))
        return created(one, self.kind)

    def _met(self, one: Given, key: str) -> Outcome:
        """The matcher knows a record: taken over at high evidence, else a question to a person."""
        claim, verdict = self.matches.settled[one.number], self.verdicts[one.number]
        known, said = self.claimed.get(claim.id), reasons(verdict.evidence)
        if known is None or verdict.level == "none":  # it was merged or changed since the survey
            self.new.append(New(0, key, one, self.columns(one)))
            return created(one, self.kind)
        if claim.is_contested or verdict.level == "review":
            reason = _("Another row fits as well: %(evidence)s", evidence=said) if claim.is_contested else said
            self.doubts.append(Doubt("same_company", self.source, key, one, claim.id, "", reason,
                                     evidence=verdict.evidence))  # fmt: skip
            return Outcome(one.number, "review", reason, one.raw, "account", claim.id)
        values = self.differing(known, self.columns(one))
        self.found.append(Change(known, one, key, values))
        return updated(one, self.kind, known, values, _("Found by %(evidence)s", evidence=said))

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
        known = [change.known.id for change in (*self.changes, *self.found, *self.same)]
        async with following(self.trail, "account", known, lambda: [new.id for new in self.new]):
            await self._write(outcomes)
        await keep_doubts(self.doubts, {new.source_id: new.id for new in self.new}, self.trail)
        await close_settled("account", self.source, [n.source_id for n in self.new] + [c.source_id for c in self.found])
        await self._write_contacts()
        await rekey("account", [*(n.id for n in self.new), *(c.known.id for c in (*self.changes, *self.found))])

    async def _write(self, outcomes: list[Outcome]) -> None:
        await give_ids(self.kind, self.new, outcomes)
        await insert_accounts(self.source, self.new)
        await self._parents_in_file()
        changed = [*self.changes, *self.found]
        for change in changed:
            await update_account(change.known, change.values, self.source)
        await link_sources(self.source, self.found)
        await remember_digests(self.source, [*self.changes, *self.same])
        await write_aliases(self.source, [(n.id, n.given) for n in self.new] +
                            [(c.known.id, c.given) for c in changed],
                            [*renamed(changed), *_other_names(self.found)])  # fmt: skip

    async def _parents_in_file(self) -> None:
        """A parent that the same chunk creates is known only now."""
        ids = {new.source_id: new.id for new in self.new}
        for new in self.new:
            if parent := ids.get(new.given.values.get("parent", "")):
                await write("UPDATE account SET parent_id = ? WHERE id = ? AND id <> ?", parent, new.id, parent)

    async def _write_contacts(self) -> None:
        if not self.contact_rows:
            return
        ids = {new.source_id: new.id for new in self.new} | {
            c.source_id: c.known.id for c in (*self.changes, *self.found)
        }
        people = []
        for key, one in self.contact_rows:
            values = {field: one.values[field] for field in CONTACT if field in one.values}
            values["source_id"] = f"email:{values['email']}" if "email" in values else f"contact:{key}"
            people.append(Given(one.number, values | {"account": ids[key]}, digest_of(values), raw=one.raw))
        self.contacts.trail = self.trail
        await self.contacts.write(await self.contacts.plan(people))


def key_of(one: Given) -> str:
    """The source's own id; without one the 法人番号, else the name (two such companies of one name are one)."""
    if "source_id" in one.values:
        return str(one.values["source_id"])
    if "corporate_number" in one.values:
        return f"number:{one.values['corporate_number']}"
    return f"name:{company_key(one.values['name']) or one.values['name']}"


def _other_names(found: list[Change]) -> list[tuple[int, str]]:
    """What the source calls a company that goes by another name here."""
    said = [(change, change.given.values["name"]) for change in found if "name" not in change.values]
    return [(c.known.id, name) for c, name in said if company_key(name) != company_key(c.known.values["name"])]
