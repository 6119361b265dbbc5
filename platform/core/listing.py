"""The one list kit: keyset pages, sorting, filters as chips, search, bulk actions, CSV; without JavaScript.

    listing = Listing(
        request,
        query=visible_accounts(principal),
        columns=[Column("name", _("Company"), sort=True, href=lambda a: f"/customers/{a.id}", head=True),
                 Column("created_at", _("Since"), sort=True, format=day, wide=True)],
        filters=[Choice("tier", _("Tier"), TIERS)],
        search=["name"],
        default_sort="-created_at",
    )
    await listing.load()
    return page("customers/accounts.html", listing=listing)

`query` is a Tortoise query set, `Rows("SELECT id, … FROM …", parameters)` or a Source of a room's own. Never OFFSET: a
signed cursor holds the last row's sort value and id, so nothing is lost or doubled when rows come in between.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

import msgspec
from itsdangerous import BadData, URLSafeSerializer
from markupsafe import Markup

from core.context import here
from core.csv import Download, csv_lines
from core.form_fields import ids_among
from core.i18n import number
from core.listing_filters import Choice, Contains, Filter, Period, YesNo
from core.listing_sources import Edge, Rows, Source, read, source_of
from core.settings import settings

__all__ = ["Bulk", "Choice", "Column", "Contains", "Listing", "Period", "Rows", "YesNo"]

SIZE = 20
EXPORT_CHUNK = 500
MOST_COUNTED = 10_000  # beyond, a list says "more than"
MOST_CHOSEN = 5000  # rows that one bulk action touches
OWN = ("after", "before", "format", "page")


class Column(msgspec.Struct, frozen=True):
    """One column. `name` is the attribute or row key; `sort` is True or another field's name; `value` computes.

    `format` makes the words shown, `export` those in the CSV (default: `format` of nothing, the plain value). `wide`
    leaves on a phone; `head` marks the row's name; `empty` stands for NULL when raw rows are sorted.
    """

    name: str
    label: str
    sort: bool | str = False
    value: Callable[[Any], Any] | None = None
    format: Callable[[Any], Any] | None = None
    export: Callable[[Any], Any] | None = None
    href: Callable[[Any], str] | None = None
    head: bool = False
    num: bool = False
    wide: bool = False
    empty: Any = None

    @property
    def field(self) -> str:
        return self.sort if isinstance(self.sort, str) else self.name

    @property
    def css(self) -> str:
        return " ".join(word for word in ("num" if self.num else "", "wide" if self.wide else "") if word)

    def raw(self, row: Any) -> Any:
        return self.value(row) if self.value else read(row, self.name)

    def cell(self, row: Any) -> Any:
        """What the table shows."""
        found = self.raw(row)
        if self.format:
            found = self.format(found)
        elif self.num:
            found = number(found)
        found = "–" if found is None or found == "" else found
        href = self.href(row) if self.href else ""
        return Markup('<a class="plain" href="{}">{}</a>').format(href, found) if href else found

    def plain(self, row: Any) -> Any:
        return self.export(row) if self.export else self.raw(row)


class Bulk(msgspec.Struct, frozen=True):
    """What can be done with the chosen rows: a button `do=<name>` of one POST. With `options` a choice stands before
    it and is sent along as `<name>_to`, so that one button serves many places."""

    name: str
    label: str
    icon: str = ""
    danger: bool = False
    options: Mapping[str, str] | None = None


class Listing:
    """A page of a list. `load()` once, then templates read `rows`, `count`, `chips`, `next`, `previous`."""

    def __init__(self, request: Any = None, *, query: Any, columns: Sequence[Column], filters: Sequence[Filter] = (),
                 search: Sequence[str] = (), default_sort: str = "-id", size: int = SIZE, counted: bool = True,
                 most_counted: int = 0,
                 bulk: Sequence[Bulk] = (), bulk_action: str = "", exportable: bool = False,
                 name: str = "list") -> None:  # fmt: skip
        self.columns, self.filters, self.search, self.size = columns, filters, search, size
        self.default_sort, self.exportable, self.name = default_sort, exportable, name
        self.counted, self.most_counted = counted, most_counted or MOST_COUNTED
        self.bulk, self.bulk_action = bulk, bulk_action
        self.path, self.params = _asked(request)
        self.q = self.params.get("q", [""])[-1].strip()[:200] if search else ""
        self.chosen_filters = {f.name: found for f in filters if (found := f.parse(self.params.get(f.name, [])))}
        self.sort = self._sort(self.params.get("sort", [""])[-1])
        self.source: Source = source_of(query).narrowed(self._conditions(), self.q, search)
        self.rows: list[Any] = []
        self.count: int | None = None
        self.is_more = False  # more than `count`
        self._next = self._previous = ""

    # what was asked

    def _sort(self, asked: str) -> str:
        allowed = {column.name for column in self.columns if column.sort}
        return asked if asked.removeprefix("-") in allowed else self.default_sort

    def _conditions(self) -> list[Any]:
        chosen = [(one, self.chosen_filters[one.name]) for one in self.filters if one.name in self.chosen_filters]
        return [condition for one, values in chosen for condition in one.conditions(values)]

    def _edge(self) -> Edge:
        name = self.sort.removeprefix("-")
        column = next((c for c in self.columns if c.name == name), None)
        return Edge(column.field if column else name, self.sort.startswith("-"), column.empty if column else None)

    # reading

    async def load(self) -> Listing:
        """Read the page that the cursor names, and the count."""
        edge = self._edge()
        after, before = self._cursor("after"), self._cursor("before")
        backwards = after is None and before is not None
        found = await self.source.page(edge, after or before, self.size + 1, backwards)
        more = len(found) > self.size
        if backwards and not more:  # the beginning was reached: show a full first page
            after = before = None
            backwards = False
            found = await self.source.page(edge, None, self.size + 1, False)
            more = len(found) > self.size
        found = found[: self.size]
        self.rows = [one.row for one in (reversed(found) if backwards else found)]
        ends = list(reversed(found)) if backwards else found
        if ends:
            self._previous = self._sealed(ends[0]) if (more if backwards else after is not None) else ""
            self._next = self._sealed(ends[-1]) if (True if backwards else more) else ""
        if self.counted:
            is_whole = after is None and before is None and not more  # then a long search is not made twice
            count = len(self.rows) if is_whole else await self.source.count(self.most_counted)
            self.count, self.is_more = min(count, self.most_counted), count > self.most_counted
        return self

    def _sealer(self) -> URLSafeSerializer:
        return URLSafeSerializer(settings().secret_key, salt=f"cursor:{self.sort}")

    def _sealed(self, place: Any) -> str:
        return str(self._sealer().dumps(place.packed()))

    def _cursor(self, name: str) -> list[Any] | None:
        """A cursor that is not ours, or of another order, is the first page."""
        text = self.params.get(name, [""])[-1]
        try:
            found = self._sealer().loads(text) if text else None
        except BadData:
            return None
        return found if isinstance(found, list) and len(found) == 3 else None

    # addresses

    def url(self, **changes: Any) -> str:
        """This list with other parameters; the cursor is left unless it is given."""
        kept = {key: values for key, values in self.params.items() if key not in OWN}
        for key, value in changes.items():
            kept.pop(key, None)
            if value not in (None, "", []):
                kept[key] = [str(v) for v in value] if isinstance(value, list) else [str(value)]
        text = urlencode(kept, doseq=True)
        return f"{self.path}?{text}" if text else self.path

    @property
    def next(self) -> str:
        return self.url(after=self._next) if self._next else ""

    @property
    def previous(self) -> str:
        return self.url(before=self._previous) if self._previous else ""

    @property
    def csv_url(self) -> str:
        return self.url(format="csv")

    def sort_url(self, column: Column) -> str:
        """Once more on the same column turns it around."""
        return self.url(sort=f"-{column.name}" if self.sort == column.name else column.name)

    def direction(self, column: Column) -> str:
        """For aria-sort."""
        if self.sort.removeprefix("-") != column.name:
            return "none"
        return "descending" if self.sort.startswith("-") else "ascending"

    @property
    def chips(self) -> list[tuple[str, str]]:
        """(words, address without it) of each filter in force."""
        found = [(f"「{self.q}」" if here().language == "ja" else f"“{self.q}”", self.url(q=None))] if self.q else []
        for one in self.filters:
            for words, left in one.chips(self.chosen_filters.get(one.name)):
                found.append((words, self.url(**{one.name: left})))
        return found

    @property
    def clear_url(self) -> str:
        return self.url(q=None, **{one.name: None for one in self.filters})

    @property
    def is_filtered(self) -> bool:
        return bool(self.q or self.chosen_filters)

    @property
    def bulk_url(self) -> str:
        """Where the bulk form posts: the filters go along, so that 'all that match' means the same there."""
        text = urlencode({k: v for k, v in self.params.items() if k not in OWN}, doseq=True)
        return f"{self.bulk_action}?{text}" if text else self.bulk_action

    def hidden_for(self, *shown: str) -> list[tuple[str, str]]:
        """Parameters that a GET form must carry along, without those it shows itself."""
        return [(k, v) for k, values in self.params.items() if k not in (*OWN, *shown) for v in values]

    @property
    def offers_all(self) -> bool:
        """Whether a bulk action may mean all that match: more than a page, and no more than it would touch."""
        return self.count is not None and len(self.rows) < self.count <= MOST_CHOSEN

    def id_of(self, row: Any) -> Any:
        return read(row, "id")

    # acting on many

    async def chosen(self, form: Any, limit: int = MOST_CHOSEN) -> list[int]:
        """The ids that a bulk POST means, only such as this list would show: checked ones, or all that match."""
        if form.get("all"):
            return await self.source.ids(limit)
        sent = form.getall("id", []) if hasattr(form, "getall") else form.get("id", [])
        asked = ids_among(sent if isinstance(sent, list) else [sent])[:limit]
        return await self.source.among(asked) if asked else []

    # CSV

    @property
    def wants_csv(self) -> bool:
        return self.exportable and self.params.get("format", [""])[-1] == "csv"

    async def every(self) -> AsyncIterator[Any]:
        """All rows that match, in order, read in chunks."""
        edge, place = self._edge(), None
        while True:
            found = await self.source.page(edge, place, EXPORT_CHUNK, False)
            for one in found:
                yield one.row
            if len(found) < EXPORT_CHUNK:
                return
            place = found[-1].packed()

    def csv(self, filename: str = "") -> Download:
        """All rows that match as a download; `if listing.wants_csv: return listing.csv()`."""
        heads = [str(column.label) for column in self.columns]
        lines = csv_lines(heads, self.every(), lambda row: [column.plain(row) for column in self.columns])
        return Download(lines, filename or self.name)


def _asked(request: Any) -> tuple[str, dict[str, list[str]]]:
    """Path and parameters of a request, of a query string (in tests), or of here()."""
    request = request if request is not None else here().request
    if request is None:
        return here().path, {}
    if isinstance(request, Mapping):
        return here().path, {k: [str(x) for x in v] if isinstance(v, list) else [str(v)] for k, v in request.items()}
    text = request if isinstance(request, str) else request.scope.get("query_string", b"").decode("latin-1")
    found: dict[str, list[str]] = {}
    for key, value in parse_qsl(text.lstrip("?"), keep_blank_values=False, max_num_fields=100):
        found.setdefault(key, []).append(value.replace("\0", ""))
    return (here().path if isinstance(request, str) else request.url.path), found
