"""CSV that spreadsheets may open: no cell is ever a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from litestar.response import Stream

from core.context import here

BOM = "\ufeff"  # without it Excel reads UTF-8 as Shift_JIS
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def safe_cell(value: Any) -> str:
    """Words for a cell; one that a spreadsheet would calculate gets a leading apostrophe. Numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, datetime):
        value = value.astimezone(ZoneInfo(here().time_zone)).strftime("%Y-%m-%d %H:%M:%S")
    text = str(value).replace("\0", "")
    return f"'{text}" if text.startswith(FORMULA) or text.lstrip().startswith(FORMULA[:4]) else text


def csv_line(cells: Iterable[Any]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow([safe_cell(cell) for cell in cells])
    return buffer.getvalue()


async def csv_lines(heads: Sequence[str], rows: AsyncIterable[Any],
                    cells: Callable[[Any], Sequence[Any]]) -> AsyncIterator[bytes]:  # fmt: skip
    """A whole file, a few hundred lines at a time."""
    waiting = [BOM + csv_line(heads)]
    async for row in rows:
        waiting.append(csv_line(cells(row)))
        if len(waiting) >= 200:
            yield "".join(waiting).encode()
            waiting = []
    yield "".join(waiting).encode()


class Download(Stream):
    """A table as a download. A handler that promises `Any` would have it sent as JSON: its kind is its own."""

    def __init__(self, lines: AsyncIterable[bytes], filename: str) -> None:
        headers = {
            "Content-Disposition": f'attachment; filename="{filename}.csv"',
            "Cache-Control": "private, no-store",
        }
        super().__init__(lines, media_type="text/csv", headers=headers)  # Litestar adds the charset

    def to_asgi_response(self, *arguments: Any, **named: Any) -> Any:
        return super().to_asgi_response(*arguments, **(named | {"media_type": self.media_type}))
