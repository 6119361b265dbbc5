"""The review list: a person decides what an import held back; each decision is carried out, audited, explained."""

from __future__ import annotations

from typing import Any

from core.audit import audit
from core.clock import now
from core.context import current_principal
from core.database import rows, transaction, write
from core.errors import Conflict, NotFound
from core.i18n import _, lazy
from core.policy import ensure
from core.refs import Ref
from customers import merging, policy
from customers.days import a_day
from customers.imports.by_hand import add_account, attach_account
from customers.imports.people import PeopleImport
from customers.imports.rows import Given
from customers.models import Review

KINDS = {
    "same_corporate_number": lazy("One corporate number under two ids"),
    "changed_corporate_number": lazy("An id with another corporate number"),
    "same_name": lazy("A name that is there already"),
    "duplicate_company": lazy("Two records of one company"),
    "duplicate_person": lazy("Two records of one person"),
    "same_company": lazy("Probably one company"),
    "same_person": lazy("Probably one person"),
    "same_email": lazy("One address under two ids"),
}


DUPLICATES = {"duplicate_company", "duplicate_person"}


async def open_count() -> int:
    found = await rows("SELECT COUNT(*) FROM review WHERE state = 'open'")
    return int(found[0][0])


async def decide(review_id: int, accepted: bool, note: str = "") -> Review:
    """Accept: it is the same one, so the row goes to the record. Reject: it is another, or the file is wrong."""
    who = current_principal()
    ensure(policy.can_change_everything(who))
    async with transaction():
        review = await Review.get_or_none(id=review_id)
        if review is None:
            raise NotFound(_("There is no such review."))
        state = "accepted" if accepted else "rejected"
        won = await write(
            "UPDATE review SET state = ?, decided_by_id = ?, decided_at = ? WHERE id = ? AND state = 'open'"
            " RETURNING id",
            state,
            who.person_id,
            now(),
            review_id,
        )
        if not won:
            raise Conflict(_("Somebody has decided this already."))
        await _carry_out(review, accepted)
        await audit(
            f"review.{state}", Ref("review", review.id), after={"kind": review.kind, "key": review.key}, reason=note
        )
    return review


async def _carry_out(review: Review, accepted: bool) -> None:
    if review.kind in DUPLICATES:
        if accepted:
            await _merge(review)
        return
    given = _given(review.data)
    source, source_id = review.data["source"], review.data["source_id"]
    if review.kind in {"same_email", "same_person"}:
        await _people(review, given, source, source_id, accepted)
    elif accepted and review.account_id is not None:
        takes_number = review.kind == "changed_corporate_number"
        await attach_account(review.account_id, source, source_id, given, takes_number=takes_number)
    elif review.kind != "changed_corporate_number":
        await add_account(source, source_id, given)


async def _merge(review: Review) -> None:
    if review.kind == "duplicate_company":
        await merging.merge("account", review.account_id or 0, review.other_id or 0, review.data["evidence"])
    else:
        await merging.merge("person", review.person_id or 0, review.other_person_id or 0, review.data["evidence"])


async def _people(review: Review, given: Given, source: str, source_id: str, accepted: bool) -> None:
    """Accept: both ids are one person. Reject: another person, who does not get an address that is somebody's."""
    work = PeopleImport(source)
    if accepted and review.person_id is not None:
        await write(
            "INSERT INTO person_source (person_id, source, source_id, digest, seen_at) VALUES (?, ?, ?, '', ?)"
            " ON CONFLICT (source, source_id) DO NOTHING",
            review.person_id,
            source,
            source_id,
            now(),
        )
    elif review.kind == "same_email":
        given.values.pop("email", None)
    given.values["source_id"] = source_id
    await work.write(await work.plan([given]))


def _given(data: dict[str, Any]) -> Given:
    values = dict(data["values"])
    for name in ("starts_on", "renews_on", "ended_on"):
        if name in values:
            values[name] = a_day(values[name])
    return Given(0, values, data.get("digest", ""))
