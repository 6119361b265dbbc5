"""How good the matcher is on files whose truth is known: the same keys, points and assignment as an import's."""

from __future__ import annotations

import time
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import msgspec

from core.errors import Refused
from core.i18n import _
from customers.imports.headings import FIELDS, detect_kind, guess_mapping, plain_heading
from customers.imports.reading import read_sheet
from customers.imports.values import Mistake, value_of
from customers.matching.book import COMPANIES, PEOPLE, Book, Claims, groups
from customers.matching.companies import company_of
from customers.matching.people import human_of

# Not kept in a record, but telling where a file has them.
ALSO = {"people": {"dob": "born_on", "birthday": "born_on", "birthdate": "born_on", "生年月日": "born_on",
                   "city": "city", "市区町村": "city"}}  # fmt: skip


class Side(msgspec.Struct):
    """A file's records in its order, each with what the truth column says."""

    kind: str
    records: list[Any]
    truths: list[str]


def read_side(path: Path, truth: str, without: frozenset[str]) -> Side:
    """Raises Refused when the file is no table or has no such column."""
    sheet = read_sheet(path)
    if truth not in sheet.headings:
        raise Refused(_("There is no column “%(name)s”. The columns are: %(names)s.", name=truth,
                        names=", ".join(sheet.headings)[:300]))  # fmt: skip
    kind = detect_kind(sheet.headings)
    columns = _columns(kind, sheet.headings, without | {truth})
    at = sheet.headings.index(truth)
    side = Side(kind, [], [])
    for row in sheet.rows():
        if row.broken:
            continue
        values = {field: found for place, field in columns if (found := _value(field, row.cells[place])) != ""}
        side.records.append(human_of(values) if kind == "people" else company_of(values))
        side.truths.append(row.cells[at].strip())
    return side


def _columns(kind: str, headings: list[str], without: frozenset[str]) -> list[tuple[int, str]]:
    if kind not in {"accounts", "people"}:
        raise Refused(_("Matching is for companies and people."))
    mapping = guess_mapping(kind, headings)
    for heading in headings:
        if field := ALSO.get(kind, {}).get(plain_heading(heading)):
            mapping[heading] = field
    unknown = without - {*FIELDS[kind], *headings, *ALSO.get(kind, {}).values()}
    if unknown:
        raise Refused(_("There is no field “%(name)s”. The fields are: %(names)s.", name=min(unknown),
                        names=", ".join(FIELDS[kind])))  # fmt: skip
    return [(headings.index(heading), field) for heading, field in mapping.items()
            if field not in without and heading not in without and field != "source_id"]  # fmt: skip


def _value(field: str, cell: str) -> Any:
    """A cell as the import reads it; what it would refuse says nothing here."""
    try:
        return value_of(field, cell)
    except Mistake:
        return ""


def evaluate(left: Path, right: Path | None, truth: str, without: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Precision, recall and F1 of automatic merges, and of automatic + review; pairs compared a second."""
    first = read_side(left, truth, without)
    second = read_side(right, truth, without) if right else None
    if second and second.kind != first.kind:
        raise Refused(_("One file holds companies, the other people."))
    began = time.perf_counter()
    found, compared = _between(first, second) if second else _within(first)
    seconds = time.perf_counter() - began
    true = _true_pairs(first, second)
    right_of = second.truths if second else first.truths
    said = {"kind": first.kind, "rows": [len(side.records) for side in (first, second) if side], "pairs_true": true}
    for name, pairs in found.items():
        hits = sum(first.truths[one] == right_of[other] != "" for one, other in pairs)
        said[name] = _figures(len(pairs), hits, true)
    return said | {"pairs_compared": compared, "pairs_per_second": round(compared / seconds) if seconds else 0,
                   "seconds": round(seconds, 2)}  # fmt: skip


def _between(first: Side, second: Side) -> tuple[dict[str, set[tuple[int, int]]], int]:
    """The second file as a source whose rows meet the book that the first one filled."""
    book = _book(first)
    for number, record in enumerate(first.records):
        book.add(number, record)
    claims = Claims()
    for row, record in enumerate(second.records):
        claims.add(row, str(row), book.candidates(record))
    compared = book.compared
    settled = claims.settle()
    automatic = {(one.id, row) for row, one in settled.items() if not one.is_contested
                 and book.compare(second.records[row], one.id).level == "automatic"}  # fmt: skip
    return {"automatic": automatic, "with_review": {(one.id, row) for row, one in settled.items()}}, compared


def _within(side: Side) -> tuple[dict[str, set[tuple[int, int]]], int]:
    """One file: each record against those before it; merging is transitive."""
    book = _book(side)
    met: dict[str, list[tuple[int, int]]] = {"automatic": [], "with_review": []}
    for number, record in enumerate(side.records):
        for one in book.candidates(record):
            met["with_review"].append((one.id, number))
            if one.verdict.level == "automatic":
                met["automatic"].append((one.id, number))
        book.add(number, record)
    made = {name: {pair for group in groups(pairs) for pair in combinations(sorted(group), 2)}
            for name, pairs in met.items()}  # fmt: skip
    return made, book.compared


def _book(side: Side) -> Book[Any]:
    return Book(PEOPLE if side.kind == "people" else COMPANIES)


def _true_pairs(first: Side, second: Side | None) -> int:
    ours = Counter(value for value in first.truths if value)
    if second is None:
        return sum(count * (count - 1) // 2 for count in ours.values())
    theirs = Counter(value for value in second.truths if value)
    return sum(count * theirs[value] for value, count in ours.items())


def _figures(said: int, hits: int, true: int) -> dict[str, Any]:
    precision, recall = (hits / said if said else 0.0), (hits / true if true else 0.0)
    both = precision + recall
    return {"pairs": said, "precision": round(precision, 4), "recall": round(recall, 4),
            "f1": round(2 * precision * recall / both, 4) if both else 0.0}  # fmt: skip
