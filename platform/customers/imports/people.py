"""People from rows. The key is (source, source_id), else the address; who is new to the source meets the matcher."""

from __future__ import annotations

import re
from typing import Any

from core.database import write
from core.i18n import _
from customers import consent
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
from customers.imports.reviewing import Doubt, close_settled, keep_doubts, rejected_keys, waiting
from customers.imports.rows import Given, Outcome, created, give_ids, twice, unchanged, updated
from customers.imports.surveying import Survey
from customers.imports.trailing import following
from customers.matching.evidence import NOTHING
from customers.matching.people import Human, human_of, speaks_for
from customers.matching.stored import book_for, rekey
from customers.matching.words import reasons
from customers.names import company_key, person_key
from customers.precedence import precedence
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
        self.employers: dict[int, int] = {}  # row → company, as the matcher wants to know it
        self.matches = Survey("person", source, self._human)
        self.settle = self.matches.settle
        self._forget()

    def _forget(self) -> None:
        self.writes: list[Write] = []
        self.same: list[Write] = []
        self.doubts: list[Doubt] = []

    async def survey(self, chunk: list[Given]) -> None:
        """Before the first chunk is planned, every chunk is looked at: the best pairs go first, not the first rows."""
        given = {key_of(one): one for one in chunk if not (one.refusal or _is_nobody(one))}
        await self._find_employers(list(given.values()))
        known = await known_people(self.source, list(given))
        held = await people_with_email([one.values["email"] for one in given.values() if "email" in one.values])
        asked = await waiting("person", self.source, list(given))
        await self.matches.look([(key, one) for key, one in given.items() if key not in known
                                 and one.values.get("email") not in held
                                 and not (key in asked and asked[key].digest == one.digest)])  # fmt: skip

    def _human(self, one: Given) -> Human:
        return human_of(one.values | columns_of(one), str(self.employers.get(one.number, "")))

    async def _find_employers(self, chunk: list[Given]) -> None:
        self.accounts = await accounts_by_source(
            self.source, [o.values["account_id"] for o in chunk if "account_id" in o.values]
        )
        self.named = await accounts_by_name([company_key(o.values["name"]) for o in chunk if "name" in o.values])
        self.employers = {one.number: id for one in chunk if (id := self._account(one)) is not None}

    async def _look(self, chunk: list[Given]) -> None:
        keys = [key_of(one) for one in chunk]
        self.known = await known_people(self.source, keys)
        emails = [one.values["email"] for one in chunk if "email" in one.values]
        self.held = await people_with_email(emails)
        self.erased = await erased_among("email", emails)
        named = [f"{self.source}:{key}" for key in keys]
        self.erased_ids = {one.removeprefix(f"{self.source}:") for one in await erased_among("source", named)}
        self.ids_here = await source_ids_of(self.source, list(self.held.values()))
        await self._find_employers(chunk)
        await self._ask_matcher(chunk)
        self.by_id = {known.id: known for known in self.known.values()}
        found = [*self.held.values(), *(self.matches.settled[number].id for number in self.verdicts)]
        self.by_id |= await people_by_id([id for id in found if id not in self.by_id])
        self.rejected = await rejected_keys(self.source, keys)
        self.waiting = await waiting("person", self.source, keys)
        self.precedence = await precedence()

    async def _ask_matcher(self, chunk: list[Given]) -> None:
        """`verdicts`: about the record that a row was given. `holders`: about whoever has the row's address."""
        new = [one for one in chunk if key_of(one) not in self.known and not _is_nobody(one)]
        self.verdicts = await self.matches.verdicts([o for o in new if o.values.get("email") not in self.held])
        held = {one.number: self._human(one) for one in new if one.values.get("email") in self.held}
        book = await book_for("person", list(held.values()))
        ids = {one.number: self.held[one.values["email"]] for one in new if one.number in held}
        self.holders = {number: book.compare(record, ids[number]) for number, record in held.items()
                        if ids[number] in book.records}  # fmt: skip

    async def plan(self, chunk: list[Given]) -> list[Outcome]:
        self._forget()
        await self._look([one for one in chunk if not one.refusal])
        return [self._one(one) for one in chunk]

    def _one(self, one: Given) -> Outcome:
        if not one.refusal and _is_nobody(one):
            one.refusal = _("The row has neither an id nor an e-mail address, nor a name with a company or telephone.")
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
            return unchanged(one, self.kind, known.id)
        return self._decided(one, key, known)

    def _decided(self, one: Given, key: str, known: KnownPerson | None) -> Outcome:
        asked = self.waiting.get(key)
        if known is None and asked is not None and asked.digest == one.digest:
            return Outcome(one.number, "review", asked.reason, one.raw, "person", asked.id)
        email = one.values.get("email")
        if email:
            holder, first = self.held.get(email), self.emails.get(email)
            if first is not None and first != key:
                return self._doubt(one, key, holder, first)
            if holder is not None and self._is_anothers(one, known, holder):
                if f"changed_email:{key}:{email}" not in self.rejected:
                    return self._doubt(one, key, holder)
                one.values.pop("email")
            elif holder is not None:
                known = self.by_id.get(holder)
            self.emails[email] = key
        if known is None and one.number in self.verdicts:
            return self._met(one, key)
        return self._planned(one, key, known)

    def _is_anothers(self, one: Given, known: KnownPerson | None, holder: int) -> bool:
        """Whether the row's address belongs to somebody whom the row is not about."""
        if known is not None:
            return known.id != holder
        return holder in self.ids_here or (one.number in self.holders and not speaks_for(self.holders[one.number]))

    def _met(self, one: Given, key: str) -> Outcome:
        """The matcher knows somebody: taken over at high evidence, else a question to a person."""
        claim, verdict = self.matches.settled[one.number], self.verdicts[one.number]
        known, said = self.by_id.get(claim.id), reasons(verdict.evidence)
        if known is None or verdict.level == "none":  # merged or changed since the survey
            return self._planned(one, key, None)
        if claim.is_contested or verdict.level == "review":
            reason = _("Another row fits as well: %(evidence)s", evidence=said) if claim.is_contested else said
            self.doubts.append(Doubt("same_person", self.source, key, one, None, "", reason, claim.id,
                                     verdict.evidence))  # fmt: skip
            return Outcome(one.number, "review", reason, one.raw, "person", claim.id)
        outcome = self._planned(one, key, known, is_found=True)
        outcome.reason = _("Found by %(evidence)s", evidence=said)
        return outcome

    def _doubt(self, one: Given, key: str, person: int | None, other: str = "") -> Outcome:
        verdict = self.holders.get(one.number, NOTHING)
        reason = _("The address %(email)s belongs to another id already.", email=one.values["email"])
        if verdict.evidence and not speaks_for(verdict):
            reason = _("The address is somebody's, and the names differ: %(evidence)s",
                       evidence=reasons(verdict.evidence))  # fmt: skip
        self.doubts.append(Doubt("same_email", self.source, key, one, None, other, reason, person, verdict.evidence))
        return Outcome(one.number, "review", reason, one.raw, "person", person)

    def _planned(self, one: Given, key: str, known: KnownPerson | None, *, is_found: bool = False) -> Outcome:
        wanted, account = columns_of(one), self._account(one)
        if known is None:
            self.writes.append(Write(one, key, wanted, None, account))
            return created(one, self.kind, self._note(one, account))
        values = {field: value for field, value in wanted.items() if known.values.get(field) != value and
                  self.precedence.may_write(self.source, field, known.sources.get(field, ""),
                                            known.values.get(field) in {None, ""})}  # fmt: skip
        change = Write(one, key, values, known, account, known.id)
        if not values and account is None and "consent" not in one.values and not is_found:
            self.same.append(change)
            return unchanged(one, self.kind, known.id)
        self.writes.append(change)
        return updated(one, self.kind, known, values)

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
        await close_settled("person", self.source, [one.source_id for one in self.writes])
        await self._doubted_ids(new)
        await rekey("person", [one.id for one in self.writes])

    async def _write(self, outcomes: list[Outcome], new: list[Write]) -> None:
        await give_ids(self.kind, new, outcomes)
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
    """The source's own id; without one the address; without that the name at its company or telephone (cards)."""
    if "source_id" in one.values:
        return str(one.values["source_id"])
    if "email" in one.values:
        return f"email:{one.values['email']}"
    names = columns_of(one)
    where = one.values.get("account_id") or company_key(one.values.get("name", "")) or one.values.get("phone", "")
    return f"name:{person_key(names.get('family_name', ''), names.get('given_name', ''))}|{where}"[:300]


def _is_nobody(one: Given) -> bool:
    """Rows that say too little to be somebody."""
    if {"source_id", "email"} & one.values.keys():
        return False
    return not (
        {"family_name", "full_name"} & one.values.keys() and {"name", "account_id", "phone"} & one.values.keys()
    )


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
