"""Excel workbooks (.xlsx, ECMA-376): the first visible sheet, row by row, in constant memory.

Strings that cells share are kept on disk. Of a cell with a formula its last value counts, as Excel saved it. Every part
is read as a stream with a limit, so that an archive that unpacks to gigabytes ends in a sentence.
"""

from __future__ import annotations

import sqlite3
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any
from xml.parsers import expat

from core.errors import Refused, TooLarge
from core.i18n import _
from customers.imports.cells import Styles, a_number
from customers.imports.sheets import (
    AN_ERROR,
    FIRST_ROWS,
    LONGEST_CELL,
    MOST_COLUMNS,
    NO_VALUE,
    Row,
    Sheet,
    checked_headings,
    fitting,
    heading_at,
)
from customers.imports.spool import Spool

MOST_UNPACKED = 600_000_000  # bytes of one part; 200,000 rows of 20 columns have about 250 MB
MOST_RATIO, SMALL = 300, 20_000_000  # a part of more than SMALL bytes was packed to no less than 1 / MOST_RATIO
MOST_PARTS = 5_000
BLOCK = 1 << 16
BROKEN = (zipfile.BadZipFile, zlib.error, expat.ExpatError, EOFError, KeyError, ValueError, NotImplementedError,
          RuntimeError, UnicodeDecodeError, OSError)  # fmt: skip


def read_workbook(file: Spool) -> Sheet:
    """Raises Refused when the archive is no workbook or holds no table."""
    try:
        book = Workbook(file)
        first: list[tuple[int, list[str]]] = []
        for number, cells in book.rows():
            first.append((number, cells))
            if len(first) == FIRST_ROWS:
                break
        if not first:
            raise Refused(_("The first sheet of this workbook is empty."))
        at = heading_at([cells for _number, cells in first])
        names = checked_headings([cell.strip(AN_ERROR + NO_VALUE) for cell in first[at][1]])
    except Refused:
        raise
    except BROKEN as error:
        raise Refused(_("This Excel file is broken or no .xlsx. Open it in Excel and save it again.")) from error
    return Sheet(names, "Excel", lambda: _rows(book, first[at][0], len(names)))


def _rows(book: Workbook, heading: int, width: int) -> Iterator[Row]:
    last = heading
    try:
        for number, cells in book.rows():
            if number > heading and any(cell.strip() for cell in cells):
                last = number
                yield fitting(number, cells + [""] * (width - len(cells)), width)
    except Refused:
        raise
    except BROKEN:
        yield Row(last + 1, [], _("The file is broken from here on: the rows after this one cannot be read."))


class Workbook:
    """An archive whose parts are read as they are asked for."""

    def __init__(self, file: Spool) -> None:
        self.archive = zipfile.ZipFile(file.reader())
        if len(self.archive.infolist()) > MOST_PARTS:
            raise Refused(_("This Excel file is broken or no .xlsx. Open it in Excel and save it again."))
        sheet, self.is_1904 = self._first_sheet()
        self.sheet = sheet
        self.styles = Styles()
        self._parse("xl/styles.xml", self.styles.begins, lambda tag, text: None, is_needed=False)
        self.strings = sqlite3.connect("", check_same_thread=False, isolation_level=None)  # on disk, gone when closed
        self.strings.execute("PRAGMA journal_mode = OFF")
        self.strings.execute("CREATE TABLE shared (id INTEGER PRIMARY KEY, words TEXT)")
        self._keep_strings()

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """(row of the sheet, its cells as text)."""
        reader = _SheetReader(self)
        for _block in self._blocks(self.sheet, reader.begins, reader.ends):
            yield from reader.done
            reader.done.clear()

    def shared(self, index: str) -> str:
        found = self.strings.execute("SELECT words FROM shared WHERE id = ?", (int(index),)).fetchone()
        return str(found[0]) if found else NO_VALUE

    def _first_sheet(self) -> tuple[str, bool]:
        sheets: list[dict[str, str]] = []
        links: dict[str, str] = {}
        is_1904 = False

        def said(tag: str, given: dict[str, str]) -> None:
            nonlocal is_1904
            if tag == "sheet":
                sheets.append(given)
            elif tag == "workbookPr":
                is_1904 = given.get("date1904") in {"1", "true"}
            elif tag == "Relationship" and given.get("Type", "").endswith("/worksheet"):
                links[given.get("Id", "")] = given.get("Target", "")

        self._parse("xl/workbook.xml", said, lambda tag, text: None)
        self._parse("xl/_rels/workbook.xml.rels", said, lambda tag, text: None)
        for one in sheets:
            target = links.get(one.get("id", ""))
            if target and one.get("state", "visible") == "visible":
                return target.lstrip("/") if target.startswith("/") else f"xl/{target}", is_1904
        raise Refused(_("The first sheet of this workbook is empty."))

    def _keep_strings(self) -> None:
        reader = _Strings(self.strings)
        self._parse("xl/sharedStrings.xml", reader.begins, reader.ends, is_needed=False)
        reader.write()

    def _parse(self, part: str, begins: Any, ends: Any, *, is_needed: bool = True) -> None:
        if not is_needed and part not in self.archive.NameToInfo:
            return
        for _block in self._blocks(part, begins, ends):
            pass

    def _blocks(
        self, part: str, begins: Callable[[str, dict[str, str]], None], ends: Callable[[str, str], None]
    ) -> Iterator[None]:
        """Parse a part; stops after each block, so that what it held can be taken."""
        parser = _parser(begins, ends)
        info, size = self.archive.getinfo(part), 0
        with self.archive.open(info) as source:
            while block := source.read(BLOCK):
                size += len(block)
                if size > MOST_UNPACKED or (size > SMALL and size > MOST_RATIO * max(1, info.compress_size)):
                    raise TooLarge(_("The file unpacks to more than can be meant. Cut it in parts."))
                parser.Parse(block, False)
                yield
            parser.Parse(b"", True)
            yield


def _parser(begins: Callable[[str, dict[str, str]], None], ends: Callable[[str, str], None]) -> Any:
    """Names without their prefix; words are those since the last tag, cut where no cell may go on."""
    parser = expat.ParserCreate()
    words: list[str] = []
    length = 0

    def start(name: str, given: dict[str, str]) -> None:
        nonlocal length
        words.clear()
        length = 0
        begins(name.rpartition(":")[2], {key.rpartition(":")[2]: value for key, value in given.items()})

    def end(name: str) -> None:
        nonlocal length
        ends(name.rpartition(":")[2], "".join(words))
        words.clear()
        length = 0

    def said(text: str) -> None:
        nonlocal length
        if length <= LONGEST_CELL:
            words.append(text)
            length += len(text)

    def refuse(*_given: Any) -> None:
        raise Refused(_("This Excel file is broken or no .xlsx. Open it in Excel and save it again."))

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, said
    parser.StartDoctypeDeclHandler = refuse  # no workbook has one; entities that grow come with it
    return parser


class _Strings:
    """Shared strings to the disk. What furigana say (`rPh`) is no part of a string."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self.database, self.waiting, self.count = database, list[tuple[int, str]](), 0
        self.words, self.is_reading = "", False

    def begins(self, tag: str, given: dict[str, str]) -> None:
        if tag == "si":
            self.words = ""
        elif tag == "rPh":
            self.is_reading = True

    def ends(self, tag: str, text: str) -> None:
        if tag == "rPh":
            self.is_reading = False
        elif tag == "t" and not self.is_reading:
            if len(self.words) <= LONGEST_CELL:
                self.words += text
        elif tag == "si":
            self.waiting.append((self.count, self.words))
            self.count += 1
            if len(self.waiting) >= 5000:
                self.write()

    def write(self) -> None:
        self.database.execute("BEGIN")
        self.database.executemany("INSERT INTO shared VALUES (?, ?)", self.waiting)
        self.database.execute("COMMIT")
        self.waiting.clear()


class _SheetReader:
    """Rows of a sheet as they end."""

    def __init__(self, book: Workbook) -> None:
        self.book, self.done = book, list[tuple[int, list[str]]]()
        self.number, self.at = 0, -1
        self.cells: dict[int, str] = {}
        self._fresh({})

    def _fresh(self, given: dict[str, str]) -> None:
        self.kind, self.style = given.get("t", "n"), given.get("s", "0")
        self.value = self.words = ""
        self.has_formula = self.is_reading = False

    def begins(self, tag: str, given: dict[str, str]) -> None:
        if tag == "row":
            self.number = int(given.get("r", self.number + 1))
            self.cells, self.at = {}, -1
        elif tag == "c":
            self.at = column_of(given["r"]) if "r" in given else self.at + 1
            self._fresh(given)
        elif tag == "rPh":
            self.is_reading = True

    def ends(self, tag: str, text: str) -> None:
        if tag == "v":
            self.value = text
        elif tag == "f":
            self.has_formula = True
        elif tag == "t" and not self.is_reading:
            self.words += text if len(self.words) <= LONGEST_CELL else ""
        elif tag == "rPh":
            self.is_reading = False
        elif tag == "c":
            if (said := self._said()) and self.at <= MOST_COLUMNS:
                self.cells[self.at] = said
        elif tag == "row":
            last = max(self.cells, default=-1)
            self.done.append((self.number, [self.cells.get(at, "") for at in range(last + 1)]))

    def _said(self) -> str:
        if self.kind == "inlineStr":
            return self.words
        if not self.value:
            return NO_VALUE if self.has_formula and self.kind == "n" else ""
        match self.kind:
            case "s":
                return self.book.shared(self.value)
            case "e":
                return AN_ERROR + self.value
            case "n":
                return a_number(self.value, self.book.styles.is_date(self.style), self.book.is_1904)
        return self.value


def column_of(reference: str) -> int:
    """A1 → 0, AB3 → 27. Raises ValueError for what is no reference."""
    found = 0
    for letter in reference.rstrip("0123456789").upper():
        if not "A" <= letter <= "Z" or found > 20_000:
            raise ValueError(reference)
        found = found * 26 + ord(letter) - 64
    return found - 1
