"""Numbers of a workbook as a person reads them: days, and integers without a comma and a zero."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

# The formats of days and times that every workbook knows by number (ECMA-376 18.8.30; 27–36 and 50–58 in Japan).
BUILT_IN = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
_spoken = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.|E[+-]', re.IGNORECASE)


class Styles:
    """Which styles of cells show a number as a day or a time."""

    def __init__(self) -> None:
        self._formats: dict[str, bool] = {}
        self._cells: list[bool] = []
        self._is_among_cells = False

    def begins(self, tag: str, given: dict[str, str]) -> None:
        if tag == "numFmt":
            self._formats[given.get("numFmtId", "")] = is_of_time(given.get("formatCode", ""))
        elif tag in {"cellXfs", "cellStyleXfs"}:
            self._is_among_cells = tag == "cellXfs"
        elif tag == "xf" and self._is_among_cells and len(self._cells) < 100_000:
            number = given.get("numFmtId", "0")
            self._cells.append(self._formats.get(number, number.isdecimal() and int(number) in BUILT_IN))

    def is_date(self, style: str) -> bool:
        at = int(style)
        return 0 <= at < len(self._cells) and self._cells[at]


def is_of_time(code: str) -> bool:
    """yyyy"年"m"月"d"日", ge.m.d, h:mm are; General, #,##0 and 0.00E+00 are not."""
    return bool(re.search(r"[ymdhsge]", _spoken.sub("", code.partition(";")[0]).lower().replace("general", "")))


def a_number(text: str, is_date: bool, is_1904: bool) -> str:
    """As a person would type it; what is no number stays as it is."""
    if not is_date and re.fullmatch(r"-?\d{1,15}", text, re.ASCII):
        return text
    try:
        value = float(text)
    except ValueError:
        return text
    if is_date and 0 < value < 2_958_466:  # to the year 9999
        return _moment(value, is_1904)
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else format(value, ".15g")


def _moment(days: float, is_1904: bool) -> str:
    first = datetime(1904, 1, 1) if is_1904 else datetime(1899, 12, 30)  # 1900 was no leap year; Excel thinks it was
    found = first + timedelta(days=int(days), seconds=round(days % 1 * 86_400))
    return found.date().isoformat() if days >= 1 and found.hour == found.minute == found.second == 0 else (
        found.isoformat(" ") if days >= 1 else found.time().isoformat())  # fmt: skip
