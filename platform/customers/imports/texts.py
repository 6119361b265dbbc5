"""Tables that are text: encoding and delimiter found out, rows read one after the other, broken ones refused alone."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from itertools import islice

import msgspec

from core.errors import Refused
from core.i18n import _
from customers.imports.sheets import FIRST_ROWS, LONGEST_CELL, Row, Sheet, checked_headings, fitting, heading_at
from customers.imports.spool import Spool

LONGEST_RECORD = 200  # physical lines that one row may span
LONGEST_LINE = 1_000_000  # characters
DELIMITERS = ",\t;"
BLOCK = 1 << 18
NAMES = {"utf-8": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "cp932": "CP932 (Shift_JIS)"}
MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


class Text(msgspec.Struct, frozen=True):
    """A file that is text: its codec, and where the words begin after the mark."""

    file: Spool
    codec: str
    start: int = 0

    def lines(self) -> Iterator[str]:
        """Without their ends, of any kind. A line longer than LONGEST_LINE is cut, and its row refused for it."""
        with io.TextIOWrapper(self.file.reader(self.start), self.codec, "replace", newline=None) as source:
            while line := source.readline(LONGEST_LINE):
                whole = line
                while not whole.endswith("\n") and len(whole) >= LONGEST_LINE:
                    whole = source.readline(LONGEST_LINE)
                yield line.removesuffix("\n")


def text_in(file: Spool) -> Text:
    """Which text this is. Raises Refused when no encoding can read it."""
    first = file.beginning()
    for mark, codec in MARKS:
        if first.startswith(mark):
            return Text(file, codec, len(mark))
    if b"\0" in first and (wide := _unmarked_utf16(first)):
        return Text(file, wide)
    unread, length = _unread(file, "utf-8")
    codec = "utf-8"
    if unread:
        other, other_length = _unread(file, "cp932")
        if other < unread:
            codec, unread, length = "cp932", other, other_length
    if unread * 20 > length:
        raise Refused(_("The characters of this file cannot be read. Save it as CSV UTF-8."))
    return Text(file, codec)


def _unread(file: Spool, codec: str) -> tuple[int, int]:
    """How many characters are none in this codec, and how many there are."""
    decoder = codecs.getincrementaldecoder(codec)("replace")
    source, unread, length = file.reader(), 0, 0
    while True:
        block = source.read(BLOCK)
        words = decoder.decode(block, final=not block)
        unread, length = unread + words.count("\ufffd"), length + len(words)
        if not block:
            return unread, length


def _unmarked_utf16(first: bytes) -> str:
    """UTF-16 without its mark: the order in which the text has line ends and no NUL."""
    if re.search(rb"(?<!\0)[\r\n](?!\0)", first) and _is_utf8(first):  # in which a NUL or two got lost
        return ""
    for codec in ("utf-16-le", "utf-16-be"):
        words = first[: len(first) // 2 * 2].decode(codec, "replace")
        if "\0" not in words and ("\n" in words or "\r" in words) and words.count("\ufffd") * 20 <= len(words):
            return codec
    return ""


def _is_utf8(first: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(first)
    except UnicodeDecodeError:
        return False
    return True


def read_text(text: Text) -> Sheet:
    """Raises Refused when the text is no table."""
    first = list(islice(text.lines(), 200))
    at = heading_at([line.split(_delimiter(line)) for line in first[:FIRST_ROWS]])
    delimiter = _delimiter(first[at] if first else "")
    heading = next(_records(text, at, delimiter, None), None)
    if heading is None or heading.broken:
        raise Refused(_("The first line must hold the headings of the columns."))
    names = checked_headings(heading.cells)
    used = at + max(1, len(_quoted(first[at], deque(first[at + 1 :]), iter(()))))
    return Sheet(names, NAMES[text.codec], lambda: _records(text, used, delimiter, len(names)))


def _delimiter(line: str) -> str:
    outside = "".join(line.split('"')[::2])
    return max(DELIMITERS, key=outside.count)


def _records(text: Text, skip: int, delimiter: str, width: int | None) -> Iterator[Row]:
    source, ahead = islice(text.lines(), skip, None), deque[str]()  # ahead: lines given back by a quotation without end
    number = skip
    while (line := ahead.popleft() if ahead else next(source, None)) is not None:
        number += 1
        record = [line] if '"' not in line else _quoted(line, ahead, source)
        if not record:
            yield Row(number, line[:200].split(delimiter), _("A quotation mark is opened and never closed."))
            continue
        whole = "\n".join(record)
        if whole.strip(f"{delimiter} \t\u3000"):
            yield _row(number, whole, delimiter, width)
        number += len(record) - 1


def _quoted(line: str, ahead: deque[str], source: Iterator[str]) -> list[str]:
    """The lines of a record, until its quotation marks are even; nothing when they never are."""
    quotes = line.count('"')
    for span in range(LONGEST_RECORD):
        if quotes % 2 == 0:
            return [line, *(ahead.popleft() for _more in range(span))]
        if span == len(ahead):
            if (more := next(source, None)) is None:
                break
            ahead.append(more)
        quotes += ahead[span].count('"')
    return []


def _row(number: int, record: str, delimiter: str, width: int | None) -> Row:
    if len(record) >= LONGEST_LINE:
        return Row(number, [record[:50]], _("A cell has more than %(n)s characters.", n=LONGEST_CELL))
    try:
        cells = next(csv.reader(io.StringIO(record), delimiter=delimiter, strict=True))
    except (csv.Error, StopIteration):
        return Row(number, record[:200].split(delimiter), _("The quotation marks of this row do not fit together."))
    if "\ufffd" in record or "\0" in record:
        return Row(number, cells, _("This row holds characters that cannot be read."))
    return Row(number, cells) if width is None else fitting(number, cells, width)
