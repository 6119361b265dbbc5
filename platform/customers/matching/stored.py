"""The matcher's view of the database: keys of every record, and the part of the book that some rows may meet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from core.database import rows, transaction, write, write_many
from core.tasks import in_thread
from customers.matching.book import COMPANIES, MOST_ALIKE, PEOPLE, Book, Rules, number_of
from customers.matching.companies import Company, company_of
from customers.matching.people import Human, human_of

R = TypeVar("R")
SLICE = 900
ACCOUNT = ("name", "name_kana", "corporate_number", "address", "phone", "website")
PERSON = ("family_name", "given_name", "family_kana", "given_kana", "email", "phone")


def _slices(values: Iterable[Any]) -> Iterable[list[Any]]:
    distinct = list(dict.fromkeys(values))
    return (distinct[at : at + SLICE] for at in range(0, len(distinct), SLICE))


async def _in(sql: str, values: Iterable[Any], *first: Any) -> list[Any]:
    found: list[Any] = []
    for part in _slices(values):
        found += await rows(sql.format(marks=", ".join("?" * len(part))), *first, *part)
    return found


async def companies(ids: Iterable[int]) -> dict[int, Company]:
    """Accounts as the matcher sees them; merged ones are not there."""
    wanted = list(dict.fromkeys(ids))
    aliases: dict[int, list[str]] = {}
    for row in await _in(
        "SELECT account_id, name FROM account_alias WHERE account_id IN ({marks}) ORDER BY id", wanted
    ):
        aliases.setdefault(row[0], []).append(row[1])
    found = await _in(f"SELECT id, {', '.join(ACCOUNT)} FROM account WHERE state <> 'merged' AND id IN ({{marks}})",
                      wanted)  # fmt: skip
    given = [(row[0], dict(zip(ACCOUNT, row[1:], strict=True)), aliases.get(row[0], [])) for row in map(tuple, found)]
    # An alias stands where a file would have one: the English name counts letter for letter too.
    return dict(await in_thread(lambda: [(id, company_of(v | {"alias": a[0] if a else ""}, a)) for id, v, a in given]))


async def humans(ids: Iterable[int]) -> dict[int, Human]:
    """People as the matcher sees them; staff, merged and erased ones are not there."""
    wanted = list(dict.fromkeys(ids))
    company: dict[int, str] = {}
    for row in await _in("SELECT person_id, account_id FROM membership WHERE until IS NULL AND person_id IN ({marks})"
                         " ORDER BY is_primary, id DESC", wanted):  # fmt: skip
        company[row[0]] = str(row[1])
    found = await _in(f"SELECT id, {', '.join(PERSON)} FROM person WHERE kind = 'customer'"
                      " AND state IN ('active', 'suspended') AND id IN ({marks})", wanted)  # fmt: skip
    given = [(row[0], dict(zip(PERSON, row[1:], strict=True))) for row in map(tuple, found)]
    return dict(await in_thread(lambda: [(id, human_of(v, company.get(id, ""))) for id, v in given]))


LOADERS: dict[str, Any] = {"account": companies, "person": humans}
RULES: dict[str, Rules[Any]] = {"account": COMPANIES, "person": PEOPLE}


async def rekey(about: str, ids: Iterable[int]) -> None:
    """Make the keys of these records anew, in the transaction that changed them."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return
    records = await LOADERS[about](wanted)
    keys = await in_thread(_keys, RULES[about], list(records.items()))
    async with transaction():
        for part in _slices(wanted):
            marks = ", ".join("?" * len(part))
            await write(f"DELETE FROM match_key WHERE about = ? AND record_id IN ({marks})", about, *part)
        await write_many("INSERT INTO match_key (about, key, record_id) VALUES (?, ?, ?)"
                         " ON CONFLICT (about, key, record_id) DO NOTHING",
                         [[about, key, id] for id, key in keys])  # fmt: skip


def _keys(rules: Rules[R], records: Sequence[tuple[int, R]]) -> list[tuple[int, int]]:
    return sorted({(id, number_of(key)) for id, record in records for key in rules.keys_of(record)})


async def book_for(about: str, records: Sequence[Any]) -> Book[Any]:
    """The records that any of `records` may meet, with the sizes of their keys in the whole book."""
    rules = RULES[about]
    book: Book[Any] = Book(rules)
    keys = await in_thread(lambda: sorted({number_of(key) for one in records for key in rules.keys_of(one)}))
    sizes = await _in("SELECT key, COUNT(*) FROM match_key WHERE about = ? AND key IN ({marks}) GROUP BY key", keys,
                      about)  # fmt: skip
    few = [row[0] for row in sizes if row[1] <= MOST_ALIKE]
    found = await _in("SELECT record_id FROM match_key WHERE about = ? AND key IN ({marks})", few, about)
    known = await LOADERS[about](row[0] for row in found)
    for id, record in sorted(known.items()):
        book.add(id, record)
    book.sizes = {int(row[0]): int(row[1]) for row in sizes}
    return book


async def rekey_all(about: str, size: int = 1000) -> int:
    """All keys anew, a thousand records a transaction; returns how many records. Nightly: keys equal a recount."""
    last, count = 0, 0
    while found := await rows(f"SELECT id FROM {about} WHERE id > ? ORDER BY id LIMIT ?", last, size):
        last, count = found[-1][0], count + len(found)
        await rekey(about, [row[0] for row in found])
    return count
