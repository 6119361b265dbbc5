"""A file as rows: encoding and delimiter found out, what is broken refused row by row with its reason."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator

import msgspec

from core.errors import Refused, TooLarge
from core.i18n import _

MOST_ROWS = 200_000
MOST_COLUMNS = 200
LONGEST_CELL = 10_000
LONGEST_RECORD = 200  # physical lines that one row may span
DELIMITERS = ",\t;"
NAMES = {"utf-8": "UTF-8", "utf-16": "UTF-16", "cp932": "CP932 (Shift_JIS)"}


class Row(msgspec.Struct, frozen=True):
    """`number` is the line in the file where it begins, the heading being 1. `broken` says why it cannot be read."""

    number: int
    cells: list[str]
    broken: str = ""


class Sheet(msgspec.Struct, frozen=True):
    """The headings, and what was found out about the file."""

    headings: list[str]
    encoding: str
    delimiter: str
    lines: list[str]

    def rows(self) -> Iterator[Row]:
        """Every row that is not blank. Raises TooLarge beyond 200,000."""
        for count, row in enumerate(_records(self.lines, 0, self.delimiter, len(self.headings))):
            if count >= MOST_ROWS:
                raise TooLarge(_("The file has more than %(n)s rows. Cut it in parts.", n=f"{MOST_ROWS:,}"))
            yield row


def read_sheet(content: bytes) -> Sheet:
    """Raises Refused when this is no table of text."""
    if not content.strip():
        raise Refused(_("The file is empty."))
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF", b"\x1f\x8b")):
        raise Refused(_("This is not a CSV file. In Excel, choose “Save as” and CSV UTF-8."))
    encoding, text = decoded(content)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    delimiter = _delimiter(next((line for line in lines if line.strip()), ""))
    heading = next(iter(_records(lines, 0, delimiter, None)), None)
    if heading is None or heading.broken:
        raise Refused(_("The first line must hold the headings of the columns."))
    used = heading.number - 1 + _lines_of(lines, heading.number - 1)
    names = [cell.strip() for cell in heading.cells]
    while names and not names[-1]:
        names.pop()
    _check_headings(names)
    return Sheet(names, encoding, delimiter, [""] * used + lines[used:])


def _check_headings(names: list[str]) -> None:
    if len(names) > MOST_COLUMNS:
        raise Refused(_("The file has more than %(n)s columns.", n=MOST_COLUMNS))
    if not any(names):
        raise Refused(_("The first line must hold the headings of the columns."))
    if any(len(name) > 200 for name in names):
        raise Refused(_("A heading is longer than 200 characters. Is the first line really the heading?"))


def decoded(content: bytes) -> tuple[str, str]:
    """(encoding, text). What no encoding can read becomes U+FFFD, and such rows are refused one by one."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if content.startswith(mark):
            return NAMES[name[:6].rstrip("-")], content[len(mark) :].decode(name, "replace")
    if b"\0" in content and (wide := _unmarked_utf16(content)):
        return NAMES["utf-16"], wide
    best = min(("utf-8", "cp932"), key=lambda name: content.decode(name, "replace").count("\ufffd"))
    text = content.decode(best, "replace")
    if text.count("\ufffd") * 20 > len(text):
        raise Refused(_("The characters of this file cannot be read. Save it as CSV UTF-8."))
    return NAMES[best], text


def _unmarked_utf16(content: bytes) -> str:
    """UTF-16 without its mark: the order in which the text has line ends and no NUL."""
    for name in ("utf-16-le", "utf-16-be"):
        text = content[: len(content) // 2 * 2].decode(name, "replace")
        if "\0" not in text and ("\n" in text or "\r" in text) and text.count("\ufffd") * 20 <= len(text):
            return text
    return ""


def _delimiter(line: str) -> str:
    outside = "".join(line.split('"')[::2])
    return max(DELIMITERS, key=outside.count)


def _lines_of(lines: list[str], start: int) -> int:
    """How many lines the record at `start` spans: until its quotation marks are even. 0: they never are."""
    quotes = 0
    for count, line in enumerate(lines[start : start + LONGEST_RECORD], 1):
        quotes += line.count('"')
        if quotes % 2 == 0:
            return count
    return 0


def _records(lines: list[str], start: int, delimiter: str, width: int | None) -> Iterator[Row]:
    at = start
    while at < len(lines):
        span = 1 if '"' not in lines[at] else _lines_of(lines, at)
        if span == 0:
            yield Row(at + 1, lines[at][:200].split(delimiter), _("A quotation mark is opened and never closed."))
            at += 1
            continue
        record = "\n".join(lines[at : at + span]) if span > 1 else lines[at]
        if record.strip(f"{delimiter} \t\u3000"):
            yield _row(at + 1, record, delimiter, width)
        at += span


def _row(number: int, record: str, delimiter: str, width: int | None) -> Row:
    try:
        cells = next(csv.reader(io.StringIO(record), delimiter=delimiter, strict=True))
    except (csv.Error, StopIteration):
        return Row(number, record[:200].split(delimiter), _("The quotation marks of this row do not fit together."))
    if any(len(cell) > LONGEST_CELL for cell in cells):
        return Row(number, [cell[:50] for cell in cells], _("A cell has more than %(n)s characters.", n=LONGEST_CELL))
    if "\ufffd" in record or "\0" in record:
        return Row(number, cells, _("This row holds characters that cannot be read."))
    return Row(number, *_fitting(cells, width))


def _fitting(cells: list[str], width: int | None) -> tuple[list[str], str]:
    """As many cells as headings; empty ones at the end do not count."""
    if width is None:
        return cells, ""
    while len(cells) > width and not cells[-1].strip():
        cells.pop()
    if len(cells) == width:
        return cells, ""
    return cells, _("This row has %(n)s cells, the heading has %(width)s.", n=len(cells), width=width)
