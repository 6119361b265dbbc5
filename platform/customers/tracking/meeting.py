"""People and companies that a system names for the first time meet the same matcher as an import's rows.

High evidence: the system's id leads to the record. Less: a record of its own, and a question under 名寄せ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from core.bulk import given, listed
from core.database import rows
from core.tasks import in_thread
from customers.matching.companies import company_of
from customers.matching.evidence import Verdict
from customers.matching.people import human_of, speaks_for
from customers.matching.stored import book_for

SAYS_SOMETHING = {"person": {"family_name", "phone", "email"}, "account": {"name", "phone", "website"}}


class Meeting(msgspec.Struct):
    """Who of the strangers is whom (`found`), and who only may be (`asked`, with the evidence)."""

    found: dict[str, int] = {}
    asked: dict[str, tuple[int, Verdict]] = {}


async def people(strangers: Mapping[str, Mapping[str, Any]], held: Mapping[str, int], sources: Mapping[str, str],
                 ) -> Meeting:  # fmt: skip
    """`strangers`: user → fields of ours that are said of them. `held`: whoever has their address now."""
    met = Meeting()
    wanted = {user: human_of(fields) for user, fields in strangers.items() if SAYS_SOMETHING["person"] & fields.keys()}
    if not wanted:
        return met
    book = await book_for("person", list(wanted.values()))
    for user, person in held.items():
        verdict = book.compare(wanted[user], person) if user in wanted and person in book.records else Verdict(())
        if speaks_for(verdict):
            met.found[user] = person
        else:
            met.asked[user] = (person, verdict)
    rest = {user: record for user, record in wanted.items() if user not in held}
    await _settle("person", met, rest, book, sources)
    return met


async def companies(strangers: Mapping[str, Mapping[str, Any]], sources: Mapping[str, str]) -> Meeting:
    met = Meeting()
    wanted = {id: company_of(fields) for id, fields in strangers.items() if SAYS_SOMETHING["account"] & fields.keys()}
    if wanted:
        book = await book_for("account", list(wanted.values()))
        await _settle("account", met, wanted, book, sources)
    return met


async def _settle(about: str, met: Meeting, wanted: Mapping[str, Any], book: Any, sources: Mapping[str, str]) -> None:
    """The best candidate of each, if it is the only one so good and the system does not know it by another id."""
    if not wanted or not book.records:
        return
    found = await in_thread(lambda: {key: book.candidates(record) for key, record in wanted.items()})
    taken = await _known_to(about, {(sources[key], one.id) for key, several in found.items() for one in several})
    for key, several in found.items():
        free = [one for one in several if (sources[key], one.id) not in taken and one.id not in met.found.values()]
        if not free:
            continue
        best = [one for one in free if one.verdict.level == "automatic"]
        if len(best) == 1:
            met.found[key] = best[0].id
        else:
            met.asked[key] = (free[0].id, free[0].verdict)


async def _known_to(about: str, pairs: set[tuple[str, int]]) -> set[tuple[str, int]]:
    """(source, record) where the source has an id of its own for the record already: two ids are two."""
    if not pairs:
        return set()
    sql, parameters = given([("source", "text"), ("id", "bigint")], sorted(pairs))
    found = await rows(f"SELECT v.source, v.id FROM {sql} AS v JOIN {about}_source s ON s.source = v.source"
                       f" AND s.{about}_id = v.id", *parameters)  # fmt: skip
    known = {(row[0], int(row[1])) for row in found}
    if about == "person":
        among, ids = listed("bigint", sorted({id for _source, id in pairs}))
        for row in await rows(f"SELECT source, person_id FROM identity WHERE kind = 'user_id' AND person_id IN {among}",
                              *ids):  # fmt: skip
            known.add((row[0].removeprefix("tracking:"), int(row[1])))
    return known


async def ask(about: str, asked: Sequence[tuple[int, int, Verdict]]) -> None:
    """(the new record, the one of the book, why): a question for each pair, unless it was asked before."""
    from customers.duplicates import ask_about

    for new, old, verdict in asked:
        await ask_about("account" if about == "account" else "person", new, old, verdict)
