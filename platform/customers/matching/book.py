"""A book of records to look others up in: only records that share a key are compared."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, Generic, TypeVar

import msgspec
import numpy as np

from customers.matching import companies, people
from customers.matching.evidence import AUTOMATIC, Verdict

R = TypeVar("R")
STRONG = 1_000_000
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
    said: int = 0  # what the record says, as a number: decides between equals, so that no order of arrival does


def number_of(key: str) -> int:
    """A key as 64 bits, as the book keeps it; two keys of one number only cost a comparison."""
    return int.from_bytes(hashlib.blake2b(key.encode("utf-8", "replace"), digest_size=8).digest(), "big", signed=True)


class Book(Generic[R]):
    """Records by id, and who is found under which key."""

    def __init__(self, rules: Rules[R]) -> None:
        self.rules = rules
        self.records: dict[int, R] = {}
        self.blocks: dict[int, list[int]] = {}
        self.sizes: dict[int, int] = {}  # where only a part of a bigger book is held here
        self.compared = 0
        self.holds_the_asked = False  # then a record does not count itself among those that share its key

    def add(self, id: int, record: R) -> None:
        self.records[id] = record
        for key in self.rules.keys_of(record):
            self.blocks.setdefault(number_of(key), []).append(id)

    def how_many(self, key: str) -> int:
        number = number_of(key)
        return (self.sizes.get(number) or len(self.blocks.get(number, ()))) - self.holds_the_asked

    def compare(self, record: R, id: int) -> Verdict:
        return self.rules.compare(record, self.records[id], self.how_many)

    def candidates(self, record: R) -> list[Candidate]:
        """Everything that is at least worth a question, best first."""
        met: dict[int, None] = {}
        for key in self.rules.keys_of(record):
            if self.how_many(key) <= MOST_ALIKE:
                met |= dict.fromkeys(self.blocks.get(number_of(key), ()))
        self.compared += len(met)
        found = [(id, verdict) for id in met if (verdict := self.compare(record, id)).level != "none"]
        return sorted((Candidate(id, verdict, number_of(repr(self.records[id]))) for id, verdict in found), key=rank)


def rank(candidate: Candidate) -> tuple[int, int, int]:
    """Best first: firm, most points, most fields letter for letter; then by what it says, and if equal the older."""
    verdict = candidate.verdict
    return (not verdict.is_firm) * STRONG - verdict.points * 100 - verdict.exact, candidate.said, candidate.id


class Claim(msgspec.Struct, frozen=True):
    id: int
    is_contested: bool = False


class Claims:
    """Rows of one source that ask for records of the book. A source seldom holds a company twice, so each record is
    given to one row, best pairs first, whatever the order of the rows. 40 bytes a claim."""

    def __init__(self) -> None:
        self._found = array("q")
        self._taken: dict[int, tuple[int, int]] = {}

    def add(self, row: int, key: str, candidates: Iterable[Candidate], most: int = 3) -> None:
        for one in islice(candidates, most):
            self._found.extend((*rank(one), number_of(key), row))

    def take(self, ids: Iterable[int]) -> None:
        """Records that the source holds under other ids already."""
        self._taken |= dict.fromkeys(ids, (-STRONG, -1))

    def settle(self) -> dict[int, Claim]:
        """Row → the record it is given. Contested: another row fits as well, or this one fits a record that another
        got; nothing merges such a row, and nothing adds it as a new record either."""
        pairs = np.frombuffer(self._found, dtype=np.int64).reshape(-1, 5) if self._found else np.empty((0, 5), np.int64)
        order = np.lexsort((pairs[:, 3], pairs[:, 2], pairs[:, 1], pairs[:, 0]))
        taken, chosen = dict(self._taken), dict[int, Claim]()
        for place in order:
            standing, id, row = int(pairs[place, 0]), int(pairs[place, 2]), int(pairs[place, 4])
            if row in chosen:
                continue
            if id not in taken:
                chosen[row], taken[id] = Claim(id), (standing, row)
                continue
            first, winner = taken[id]
            if first == standing:
                chosen[winner] = chosen[row] = Claim(id, is_contested=True)
            elif standing <= -AUTOMATIC * 100:
                chosen[row] = Claim(id, is_contested=True)
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
