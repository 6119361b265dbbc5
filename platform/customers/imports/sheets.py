"""What every kind of file is read as: headings and rows, one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

from core.errors import Refused, TooLarge
from core.i18n import _
from customers.imports.headings import how_many_known

MOST_ROWS = 200_000
MOST_COLUMNS = 200
LONGEST_CELL = 10_000
FIRST_ROWS = 15  # among these the headings stand
# A cell of a spreadsheet that holds no value but a mistake. Only who needs the cell is refused for it.
AN_ERROR, NO_VALUE = "\ufdd0", "\ufdd1"


class Row(msgspec.Struct, frozen=True):
    """`number` is the line in the file where it begins, the heading being 1. `broken` says why it cannot be read."""

    number: int
    cells: list[str]
    broken: str = ""


class Sheet(msgspec.Struct, frozen=True):
    """The headings, what the file is (`encoding`), and how to begin reading its rows."""

    headings: list[str]
    encoding: str
    begin: Callable[[], Iterator[Row]]

    def rows(self) -> Iterator[Row]:
        """Every row that is not blank, from the first. Raises TooLarge beyond 200,000."""
        for count, row in enumerate(self.begin()):
            if count >= MOST_ROWS:
                raise TooLarge(_("The file has more than %(n)s rows. Cut it in parts.", n=f"{MOST_ROWS:,}"))
            yield row


def heading_at(first: Sequence[Sequence[str]]) -> int:
    """Which of the first rows names the columns: the first with words, unless that is a sentence and a later one names
    three columns that we know (Eight writes six lines before them)."""
    start = next((at for at, cells in enumerate(first) if any(cell.strip() for cell in cells)), 0)
    if first and how_many_known(first[start]) == 0:
        return next((at for at, cells in enumerate(first) if how_many_known(cells) >= 3), start)
    return start


def checked_headings(cells: Sequence[str]) -> list[str]:
    """Raises Refused when these cannot be headings."""
    names = [cell.strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    if len(names) > MOST_COLUMNS:
        raise Refused(_("The file has more than %(n)s columns.", n=MOST_COLUMNS))
    if not any(names):
        raise Refused(_("The first line must hold the headings of the columns."))
    if any(len(name) > 200 for name in names):
        raise Refused(_("A heading is longer than 200 characters. Is the first line really the heading?"))
    return names


def fitting(number: int, cells: list[str], width: int) -> Row:
    """A row with as many cells as headings; empty ones at the end do not count."""
    while len(cells) > width and not cells[-1].strip():
        cells.pop()
    if any(len(cell) > LONGEST_CELL for cell in cells):
        return Row(number, [cell[:50] for cell in cells], _("A cell has more than %(n)s characters.", n=LONGEST_CELL))
    if len(cells) == width:
        return Row(number, cells)
    return Row(number, cells, _("This row has %(n)s cells, the heading has %(width)s.", n=len(cells), width=width))
