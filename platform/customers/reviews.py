"""The review list: a person decides what an import held back; each decision is carried out, audited, explained."""

from __future__ import annotations

import json
from typing import Any

from core.audit import audit
from core.clock import now
from core.context import current_principal
from core.database import rows, transaction, write
from core.errors import Conflict, NotFound
from core.i18n import _
from core.i18n import lazy as lazily
from core.policy import ensure
from core.refs import Ref
from customers import policy
from customers.days import a_day
from customers.imports.account_rows import COLUMNS, LINKS, Change, Known
from customers.imports.accounts import AccountsImport, insert_or_update
from customers.imports.people import PeopleImport
from customers.imports.rows import Given
from customers.models import Review

KINDS = {
    "same_corporate_number": lazily("One corporate number under two ids"),
    "changed_corporate_number": lazily("An id with another corporate number"),
    "same_name": lazily("A name that is there already"),
    "same_email": lazily("One address under two ids"),
}


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
    given = _given(review.data)
    source, source_id = review.data["source"], review.data["source_id"]
    if review.kind == "same_email":
        await _people(review, given, source, source_id, accepted)
    elif accepted and review.account_id is not None:
        await _attach(review.account_id, source, source_id, given, take_number=review.kind != "same_corporate_number")
    elif review.kind != "changed_corporate_number":
        await insert_or_update(source, source_id, given)


async def _attach(account_id: int, source: str, source_id: str, given: Given, *, take_number: bool) -> None:
    """The row is this account: its id is kept, its values are taken over where staff did not write their own."""
    work = AccountsImport(source)
    await work.look([given])
    columns = work.columns(given)
    if not take_number:
        columns.pop("corporate_number", None)
    known = await known_by_id(account_id)
    values = {f: v for f, v in columns.items() if known.values.get(f) != v and known.sources.get(f) != "staff"}
    await insert_or_update(source, source_id, given, Change(known, given, source_id, values))


async def known_by_id(account_id: int) -> Known:
    names = (*COLUMNS, *LINKS.values())
    found = await rows(f"SELECT id, sources, version, {', '.join(names)} FROM account WHERE id = ?", account_id)
    if not found:
        raise NotFound(_("There is no such company."))
    row = found[0]
    return Known(row["id"], "", {name: row[name] for name in names}, json.loads(row["sources"]), row["version"])


async def _people(review: Review, given: Given, source: str, source_id: str, accepted: bool) -> None:
    """Accept: both ids are one person. Reject: another person, who keeps no address."""
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
    else:
        given.values.pop("email", None)
    given.values["source_id"] = source_id
    await work.write(await work.plan([given]))


def _given(data: dict[str, Any]) -> Given:
    values = dict(data["values"])
    for name in ("starts_on", "renews_on", "ended_on"):
        if name in values:
            values[name] = a_day(values[name])
    return Given(0, values, data.get("digest", ""))
