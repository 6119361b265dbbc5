"""Before a file is carried out: which of its rows that the source never sent may be records of the book."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.tasks import in_thread
from customers.imports.reviewing import rejected_pairs
from customers.imports.rows import Given, select_in
from customers.matching.book import Claim, Claims
from customers.matching.evidence import NOTHING, Verdict
from customers.matching.stored import book_for


class Survey:
    """`look` at every chunk, `settle`, then ask `claim_of` and `verdicts`. `record_of` makes the matcher's record."""

    def __init__(self, about: str, source: str, record_of: Callable[[Given], Any]) -> None:
        self.about, self.source, self.record_of = about, source, record_of
        self.claims = Claims()
        self.settled: dict[int, Claim] = {}

    async def look(self, unknown: list[tuple[str, Given]]) -> None:
        """(key, row) of rows whose id the source sends for the first time."""
        if not unknown:
            return
        records = [self.record_of(one) for _key, one in unknown]
        book = await book_for(self.about, records)
        if not book.records:
            return
        self.claims.take(await self._own(list(book.records)))
        no = await rejected_pairs(self.about, self.source, [key for key, _one in unknown])

        def weigh() -> None:
            for (key, one), record in zip(unknown, records, strict=True):
                found = [candidate for candidate in book.candidates(record) if (key, candidate.id) not in no]
                self.claims.add(one.number, key, found)

        await in_thread(weigh)

    async def _own(self, ids: list[int]) -> set[int]:
        """Records that this source holds under an id of its own already."""
        real = "" if self.about == "account" else " AND source_id NOT LIKE 'email:%' AND source_id NOT LIKE 'name:%'"
        found = await select_in(f"SELECT {self.about}_id FROM {self.about}_source WHERE source = ?{real}"
                                f" AND {self.about}_id IN ({{marks}})", ids, self.source)  # fmt: skip
        return {int(row[0]) for row in found}

    def settle(self) -> None:
        self.settled = self.claims.settle()

    async def verdicts(self, chunk: list[Given]) -> dict[int, Verdict]:
        """Row → the evidence about the record it was given."""
        asked = [one for one in chunk if one.number in self.settled and not one.refusal]
        records = {one.number: self.record_of(one) for one in asked}
        book = await book_for(self.about, list(records.values()))
        found: dict[int, Verdict] = {}
        for number, record in records.items():
            id = self.settled[number].id
            found[number] = book.compare(record, id) if id in book.records else NOTHING
        return found
