"""What a page of numbers is made of: figures, charts, tables; and the rows that a figure opens to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec
from markupsafe import Markup

from core.charts import Series, line
from core.csv import BOM, csv_line
from core.i18n import _, number
from core.listing import Listing
from core.principal import Principal
from insights.counting import Counted
from insights.spans import Span


class Measure(msgspec.Struct, frozen=True):
    """A number: which rows it counts, and what it means. `label` and `meaning` are lazy sentences."""

    label: Any
    meaning: Any
    condition: str = "1 = 1"


class Figure(msgspec.Struct):
    """One number on the page. `name` is what its rows are called in the address."""

    name: str
    label: str
    value: str
    meaning: str
    unit: str = ""
    href: str = ""
    note: str = ""
    tone: str = ""
    values: list[float | None] = []
    look: str = "c1"


class Chart(msgspec.Struct):
    title: str
    drawn: Markup


class Cell(msgspec.Struct, frozen=True):
    """What a table shows, where it leads, and what the CSV holds (default: what is shown)."""

    text: Any
    href: str = ""
    plain: Any = None


class Table(msgspec.Struct):
    """`heads`: (label, is a number); `rows`: values or `Cell`s."""

    name: str
    title: str
    heads: list[tuple[str, bool]]
    rows: list[list[Any]]
    empty: str
    note: str = ""

    def csv(self) -> bytes:
        lines = [csv_line([head for head, _number in self.heads])]
        lines += [csv_line([_plain(cell) for cell in row]) for row in self.rows]
        return (BOM + "".join(lines)).encode()


class Report(msgspec.Struct):
    """`empty`: what to do first when nothing happened yet."""

    figures: list[Figure]
    charts: list[Chart] = []
    tables: list[Table] = []
    empty: str = ""


class Section(msgspec.Struct, frozen=True):
    """A page: `report` makes it, `listing` gives the rows behind one of its measures."""

    name: str
    label: Any
    measures: Mapping[str, Measure]
    report: Callable[[Principal, Span], Awaitable[Report]]
    listing: Callable[[Any, Principal, Span, str], Awaitable[Listing]]
    lead: Any = ""

    @property
    def path(self) -> str:
        return f"/staff/insights/{self.name}"


def _plain(cell: Any) -> Any:
    if isinstance(cell, Cell):
        return cell.text if cell.plain is None else cell.plain
    return cell


def behind(section: str, span: Span, name: str, **more: str) -> str:
    """The address of the rows behind a number."""
    return f"/staff/insights/{section}/rows/{name}?{urlencode(span.query | more)}"


def how_many(section: str, span: Span, measures: Mapping[str, Measure], found: Counted, name: str,
             look: str = "c1") -> Figure:  # fmt: skip
    """A count, its line, and what it was before."""
    made, now, before = measures[name], found.total(name), found.earlier(name)
    return Figure(name, str(made.label), number(now), str(made.meaning), href=behind(section, span, name),
                  note=against(number(before), now - before), values=list(found.now[name]), look=look)  # fmt: skip


def how_large(section: str, span: Span, measures: Mapping[str, Measure], found: Counted, name: str, whole: str,
              look: str = "c1") -> Figure:  # fmt: skip
    """A share of `whole` in per cent, and what it was before; the line is the share at each point."""
    made = measures[name]
    now, before = share(found.total(name), found.total(whole)), share(found.earlier(name), found.earlier(whole))
    note = _("%(n)s of %(whole)s", n=number(found.total(name)), whole=number(found.total(whole)))
    if before is not None:
        note += " · " + against(f"{number(before)} %", None if now is None else now - before)
    lines = [share(part, all_of) for part, all_of in zip(found.now[name], found.now[whole], strict=True)]
    return Figure(name, str(made.label), number(now), str(made.meaning), "%" if now is not None else "",
                  behind(section, span, name), note, values=list(lines), look=look)  # fmt: skip


def share(part: float, whole: float) -> float | None:
    return round(100 * part / whole) if whole else None


def against(before: str, change: float | None) -> str:
    """`before 120 (+12)`."""
    if not change:
        return _("before: %(value)s", value=before)
    sign = "+" if change > 0 else "−"
    return _("before: %(value)s (%(change)s)", value=before, change=f"{sign}{number(abs(change), _digits(change))}")


def _digits(value: float) -> int:
    return 0 if float(value).is_integer() else 1


def over_time(title: str, span: Span, series: Sequence[tuple[str, Sequence[float | None]]],
              before: tuple[str, Sequence[float | None]] | None, unit: str, finding: str) -> Chart:  # fmt: skip
    """Lines of this period, and one dashed of the period before."""
    looks = ("c1", "c2", "c3", "c4")
    drawn = [Series(name, list(values), looks[n]) for n, (name, values) in enumerate(series)]
    if before is not None and any(before[1]):
        drawn.append(Series(before[0], _as_long(before[1], len(series[0][1])), "past"))
    return Chart(title, line(drawn, span.labels, finding=finding, unit=unit))


def _as_long(values: Sequence[float | None], size: int) -> list[float | None]:
    return [*values, *([None] * size)][:size]
