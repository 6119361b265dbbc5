"""Which rows of all rooms speak of a person or an account: one list for merging, undoing, exporting and erasing.

A room says it in its `personal.py`:

    refers("post", "author_id", erase="keep")            # the text stays, its author has no name any more
    refers("conversation", "account_id", about="account")

`tests/house/test_personal.py` fails for a column that looks like such a reference and stands in no list.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal

import msgspec

About = Literal["person", "account"]


class Refers(msgspec.Struct, frozen=True):
    """`column` of `table` holds the id of a person or an account.

    merge   move: the row follows to the record that stays; a row that would be there twice is dropped (and kept in
            the trail). drop: it never follows, as sessions and passwords. `sums` are added up where rows meet.
    erase   delete: the row goes with the person. clear: `clear` columns are emptied, the row stays. keep: it stays
            and leads to a person without a name.
    blocks  an added record that such a row speaks of is in use, and stays when its import is undone; `blocks_if` (SQL
            over the row) says which rows do, where not all.
    hidden  columns that an export of the person leaves out (hashes, secrets).
    """

    table: str
    column: str
    about: About = "person"
    merge: Literal["move", "drop"] = "move"
    sums: tuple[str, ...] = ()
    erase: Literal["delete", "clear", "keep"] = "keep"
    clear: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    is_derived: bool = False
    blocks: bool = True
    blocks_if: str = ""


class Lists(msgspec.Struct, frozen=True):
    """`column` of `table` holds a JSON list of ids of people. An erased one leaves it; a merge leaves it alone."""

    table: str
    column: str


class Unpersonal(msgspec.Struct, frozen=True):
    """A column that looks like a reference and is none, or is never followed; `why` is for the reader."""

    table: str
    column: str
    why: str


_references: dict[tuple[str, str], Refers] = {}
Forget = Callable[[list[int], list[tuple[str, str]]], Awaitable[None]]
_forgetting: list[Forget] = []
_lists: dict[tuple[str, str], Lists] = {}
_unpersonal: dict[tuple[str, str], Unpersonal] = {}


def refers(table: str, column: str, *, about: About = "person", **said: object) -> None:
    """Put a reference on the list; at import of a room's `personal.py`."""
    _references[table, column] = msgspec.convert({"table": table, "column": column, "about": about, **said}, Refers)


def lists(table: str, column: str) -> None:
    """A JSON list of people's ids."""
    _lists[table, column] = Lists(table, column)


def lists_of_people() -> list[Lists]:
    return list(_lists.values())


def unpersonal(table: str, column: str, why: str) -> None:
    _unpersonal[table, column] = Unpersonal(table, column, why)


def forgets(function: Forget) -> Forget:
    """What a room does besides when people are erased: (their ids, all (kind, value) of their identities), inside the
    transaction. For what no column leads to, as words written before we knew who it was."""
    if function not in _forgetting:
        _forgetting.append(function)
    return function


def forgetting() -> list[Forget]:
    return list(_forgetting)


def references(about: str) -> list[Refers]:
    """Every reference to people, or to accounts, of the rooms that are loaded."""
    return [one for one in _references.values() if one.about == about]


def is_known(table: str, column: str) -> bool:
    return (table, column) in declared()


def declared() -> set[tuple[str, str]]:
    return {*_references, *_unpersonal, *_lists}
