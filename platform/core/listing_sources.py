"""Where a list's rows come from: a Tortoise query set, or raw SQL. Both say the same five things."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Protocol

import msgspec
from tortoise import fields
from tortoise.expressions import Q
from tortoise.functions import Coalesce
from tortoise.queryset import QuerySet

from core import database
from core.listing_filters import Condition

TERMS = 8
OPERATIONS = {"=": "", "in": "__in", "<": "__lt", "<=": "__lte", ">": "__gt", ">=": "__gte", "contains": "__icontains",
              "null": "__isnull"}  # fmt: skip


class Edge(msgspec.Struct, frozen=True):
    """How rows are ordered: a field, then the id in the same direction. `empty` stands for NULL."""

    field: str
    descending: bool
    empty: Any = None

    def down(self, backwards: bool) -> bool:
        return self.descending != backwards


class Place(msgspec.Struct, frozen=True):
    """A row and where it stands."""

    row: Any
    value: Any
    id: int

    def packed(self) -> list[Any]:
        if isinstance(self.value, datetime):
            return ["t", self.value.astimezone(UTC).isoformat(), self.id]
        if isinstance(self.value, date):
            return ["d", self.value.isoformat(), self.id]
        if isinstance(self.value, Decimal):
            return ["n", str(self.value), self.id]
        return ["v", self.value, self.id]


def value_of(place: list[Any]) -> Any:
    kind, value = place[0], place[1]
    readers: dict[str, Callable[[Any], Any]] = {"t": datetime.fromisoformat, "d": date.fromisoformat, "n": Decimal}
    return readers[kind](value) if kind in readers else value


def read(row: Any, name: str) -> Any:
    """An attribute of a model (`account__name` or `account.name` deep), or a key of a row."""
    found = row
    for part in name.replace("__", ".").split("."):
        found = getattr(found, part) if hasattr(found, part) else (found[part] if found is not None else None)
    return found


def terms(q: str) -> list[str]:
    return unicodedata.normalize("NFKC", q).split()[:TERMS]


class Source(Protocol):
    def narrowed(self, conditions: Sequence[Condition], q: str, search: Sequence[str]) -> Source: ...
    async def page(self, edge: Edge, place: list[Any] | None, size: int, backwards: bool) -> list[Place]: ...
    async def count(self, most: int) -> int: ...
    async def ids(self, limit: int) -> list[int]: ...
    async def among(self, ids: list[int]) -> list[int]: ...


class QuerySource:
    def __init__(self, query: QuerySet[Any]) -> None:
        self.query = query

    def narrowed(self, conditions: Sequence[Condition], q: str, search: Sequence[str]) -> QuerySource:
        query = self.query
        for condition in conditions:
            if isinstance(condition, Q):
                query = query.filter(condition)
            else:
                field, operation, value = condition
                query = query.filter(**{field + OPERATIONS[operation]: value})
        for term in terms(q):
            query = query.filter(Q(*(Q(**{f"{field}__icontains": term}) for field in search), join_type="OR"))
        return QuerySource(query)

    async def page(self, edge: Edge, place: list[Any] | None, size: int, backwards: bool) -> list[Place]:
        if edge.empty is None and "__" not in edge.field and _field(self.query.model, edge.field)[1]:
            return await self._page_with_nulls(edge, place, size, backwards)
        query, field = self._ordered(edge)
        down = edge.down(backwards)
        if place is not None:
            value, beyond = value_of(place), "__lt" if down else "__gt"
            if edge.field == "id":
                query = query.filter(**{f"id{beyond}": place[2]})
            else:
                level = Q(**{field: value}) & Q(**{f"id{beyond}": place[2]})
                query = query.filter(Q(**{f"{field}{beyond}": value}) | level)
        sign = "-" if down else ""
        found = await query.order_by(*dict.fromkeys([f"{sign}{field}", f"{sign}id"])).limit(size)
        return [Place(row, read(row, field), row.id) for row in found]

    async def _page_with_nulls(self, edge: Edge, place: list[Any] | None, size: int, backwards: bool) -> list[Place]:
        """NULL is the lowest, so it is a part of its own, before or after the rest: both parts go by an index."""
        field, down = edge.field, edge.down(backwards)
        sign, beyond = ("-", "__lt") if down else ("", "__gt")
        filled, empty = (
            self.query.filter(**{f"{field}__isnull": False}),
            self.query.filter(**{f"{field}__isnull": True}),
        )
        parts = [filled, empty] if down else [empty, filled]
        if place is not None and (value := value_of(place)) is None:
            rest = empty.filter(**{f"id{beyond}": place[2]})
            parts = [rest] if down else [rest, filled]
        elif place is not None:
            level = Q(**{field: value}) & Q(**{f"id{beyond}": place[2]})
            rest = filled.filter(Q(**{f"{field}{beyond}": value}) | level)
            parts = [rest, empty] if down else [rest]
        found: list[Any] = []
        for part in parts:
            if len(found) < size:
                found += await part.order_by(f"{sign}{field}", f"{sign}id").limit(size - len(found))
        return [Place(row, read(row, field), row.id) for row in found]

    def _ordered(self, edge: Edge) -> tuple[QuerySet[Any], str]:
        """A field that may be NULL is sorted through COALESCE: the engines disagree on where NULLs stand."""
        kind, nullable = _field(self.query.model, edge.field)
        related = "__" in edge.field
        if not nullable and not related:
            return self.query, edge.field
        empty = edge.empty if edge.empty is not None else _lowest(kind)
        return self.query.annotate(sorted_by=Coalesce(edge.field, empty)), "sorted_by"

    async def count(self, most: int) -> int:
        """How many, but no more than one above `most`: nobody reads on which of a million rows a list ends."""
        limited = self.query.order_by().limit(most + 1).values_list("id", flat=True)
        limited._choose_db_if_not_chosen()
        limited._make_query()
        sql, parameters = limited.query.get_parameterized_sql()
        found = await limited._db.execute_query_dict(f"SELECT COUNT(*) AS n FROM ({sql}) AS counted", parameters)
        return int(found[0]["n"])

    async def ids(self, limit: int) -> list[int]:
        return [int(one) for one in await self.query.order_by("id").limit(limit).values_list("id", flat=True)]  # type: ignore[call-overload]

    async def among(self, ids: list[int]) -> list[int]:
        return await QuerySource(self.query.filter(id__in=ids)).ids(len(ids))


def _field(model: Any, path: str) -> tuple[Any, bool]:
    """The field at `path` and whether anything on the way may be NULL."""
    nullable = False
    *way, last = path.split("__")
    for step in way:
        relation = model._meta.fields_map[step]
        nullable = nullable or bool(relation.null)
        model = relation.related_model
    found = model._meta.fields_map.get(last)
    return found, nullable or bool(getattr(found, "null", False))


def _lowest(kind: Any) -> Any:
    if isinstance(kind, fields.DatetimeField):
        return datetime(1, 1, 2, tzinfo=UTC)
    if isinstance(kind, fields.DateField):
        return date(1, 1, 1)
    if isinstance(kind, fields.IntField | fields.BigIntField | fields.SmallIntField | fields.FloatField):
        return -(2**53)
    if isinstance(kind, fields.BooleanField):
        return False
    return Decimal(-(10**12)) if isinstance(kind, fields.DecimalField) else ""


class Rows:
    """A SELECT whose columns are the fields; it must give `id`. `?` for parameters, no ORDER BY, no LIMIT."""

    def __init__(self, sql: str, *parameters: Any) -> None:
        self.sql, self.parameters = sql, parameters


class RowsSource:
    def __init__(self, rows: Rows, where: tuple[str, ...] = (), parameters: tuple[Any, ...] = ()) -> None:
        self.rows, self.where, self.parameters = rows, where, parameters

    def narrowed(self, conditions: Sequence[Condition], q: str, search: Sequence[str]) -> RowsSource:
        said = [_raw(condition) for condition in conditions]
        for term in terms(q):
            words = "%" + term.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
            any_of = " OR ".join(f"LOWER({_name(field)}) LIKE LOWER(?) ESCAPE '\\'" for field in search)
            said.append((f"({any_of})", (words,) * len(search)))
        where = tuple(text for text, _v in said)
        return RowsSource(self.rows, where, tuple(v for _t, values in said for v in values))

    def _select(self, what: str, where: Sequence[str] = ()) -> str:
        all_of = " AND ".join([*self.where, *where])
        return f"SELECT {what} FROM ({self.rows.sql}) AS listed" + (f" WHERE {all_of}" if all_of else "")

    async def page(self, edge: Edge, place: list[Any] | None, size: int, backwards: bool) -> list[Place]:
        down = edge.down(backwards)
        column = _name(edge.field)
        lead: tuple[Any, ...] = ()
        if edge.empty is not None:
            column, lead = f"COALESCE({column}, ?)", (edge.empty,)
        extra: list[str] = []
        values: tuple[Any, ...] = ()
        if place is not None:
            sign, value = "<" if down else ">", value_of(place)
            extra = [f"({column} {sign} ? OR ({column} = ? AND id {sign} ?))"]
            values = (*lead, value, *lead, value, place[2])
        way = "DESC" if down else "ASC"
        sql = f"{self._select('*', extra)} ORDER BY {column} {way}, id {way} LIMIT {int(size)}"
        found = await database.rows(sql, *self.rows.parameters, *self.parameters, *values, *lead)
        return [Place(row, _sorted_by(row, edge), row["id"]) for row in found]

    async def count(self, most: int) -> int:
        sql = f"SELECT COUNT(*) FROM ({self._select('1')} LIMIT {int(most) + 1}) AS counted"
        found = await database.rows(sql, *self.rows.parameters, *self.parameters)
        return int(found[0][0])

    async def ids(self, limit: int) -> list[int]:
        sql = f"{self._select('id')} ORDER BY id LIMIT {int(limit)}"
        return [row[0] for row in await database.rows(sql, *self.rows.parameters, *self.parameters)]

    async def among(self, ids: list[int]) -> list[int]:
        marks = ", ".join("?" * len(ids))
        sql = f"{self._select('id', [f'id IN ({marks})'])} ORDER BY id"
        return [row[0] for row in await database.rows(sql, *self.rows.parameters, *self.parameters, *ids)]


def _sorted_by(row: Any, edge: Edge) -> Any:
    value = row[edge.field]
    return edge.empty if value is None else value


def _name(field: str) -> str:
    if not field.replace("_", "").isalnum() or not field.isascii():
        raise ValueError(f"{field!r} is no column")
    return f'"{field}"'


def _raw(condition: Condition) -> tuple[str, tuple[Any, ...]]:
    field, operation, value = condition
    column = _name(field)
    if operation == "null":
        return f"{column} IS {'' if value else 'NOT '}NULL", ()
    if operation == "in":
        return f"{column} IN ({', '.join('?' * len(value))})", tuple(value)
    if operation == "contains":
        words = "%" + str(value).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        return f"LOWER({column}) LIKE LOWER(?) ESCAPE '\\'", (words,)
    sign = {"=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}[operation]
    return f"{column} {sign} ?", (value,)


def source_of(query: Any) -> Source:
    """A room may bring a source of its own: how people are searched, only `customers` knows."""
    if isinstance(query, Rows):
        return RowsSource(query)
    return QuerySource(query) if isinstance(query, QuerySet) else query
