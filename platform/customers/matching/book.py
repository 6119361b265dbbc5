"""A book of records to look others up in: only records that share a key are compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar

import msgspec

from customers.matching import companies, people
from customers.matching.evidence import Verdict

R = TypeVar("R")
MOST_ALIKE = 60  # a key that more records share says too little to compare them all


class Rules(msgspec.Struct, Generic[R], frozen=True):
    """How one kind of record is keyed and compared."""

    about: str
    keys_of: Callable[[R], list[str]]
    compare: Callable[[R, R, Callable[[str], int]], Verdict]


COMPANIES: Rules[companies.Company] = Rules("account", companies.keys_of, companies.compare)
PEOPLE: Rules[people.Human] = Rules("person", people.keys_of, people.compare)


class Candidate(msgspec.Struct, frozen=True):
    """A record of the book that may be the same one."""

    id: int
    verdict: Verdict


class Book(Generic[R]):
    """Records by id, and who is found under which key."""

    def __init__(self, rules: Rules[R]) -> None:
        self.rules = rules
        self.records: dict[int, R] = {}
        self.blocks: dict[str, list[int]] = {}
        self.sizes: dict[str, int] = {}  # where only a part of a bigger book is held here
        self.compared = 0

    def add(self, id: int, record: R) -> None:
        self.records[id] = record
        for key in self.rules.keys_of(record):
            self.blocks.setdefault(key, []).append(id)

    def how_many(self, key: str) -> int:
        return self.sizes.get(key) or len(self.blocks.get(key, ()))

    def candidates(self, record: R) -> list[Candidate]:
        """Everything that is at least worth a question, best first."""
        met: dict[int, None] = {}
        for key in self.rules.keys_of(record):
            if self.how_many(key) <= MOST_ALIKE:
                met |= dict.fromkeys(self.blocks.get(key, ()))
        self.compared += len(met)
        found = [Candidate(id, self.rules.compare(record, self.records[id], self.how_many)) for id in met]
        return sorted((one for one in found if one.verdict.level != "none"), key=rank)


def rank(candidate: Candidate) -> tuple[bool, int, int]:
    """Best first: firm, most points, the older record."""
    return not candidate.verdict.is_firm, -candidate.verdict.points, candidate.id


def assign(found: Mapping[int, Iterable[Candidate]]) -> dict[int, Candidate]:
    """Rows of one source to records, each record once: a source seldom holds a company twice. Best pairs first."""
    pairs = sorted(((rank(one), row, one) for row, several in found.items() for one in several),
                   key=lambda pair: pair[:2])  # fmt: skip
    taken: set[int] = set()
    chosen: dict[int, Candidate] = {}
    for _rank, row, one in pairs:
        if row not in chosen and one.id not in taken:
            chosen[row] = one
            taken.add(one.id)
    return chosen


def groups(pairs: Iterable[tuple[Any, Any]]) -> list[set[Any]]:
    """What merging all `pairs` makes: a merge is transitive."""
    leader: dict[Any, Any] = {}

    def of(one: Any) -> Any:
        while leader.setdefault(one, one) != one:
            leader[one] = leader[leader[one]]
            one = leader[one]
        return one

    for one, other in pairs:
        leader[of(one)] = of(other)
    found: dict[Any, set[Any]] = {}
    for one in leader:
        found.setdefault(of(one), set()).add(one)
    return list(found.values())
