"""A condition in SQL inside a Tortoise query, for what the ORM has no words for: an expression that an index holds.

`query.filter(Said("lower({t}.name) >= ? AND lower({t}.name) < ?", word, word + LAST))`: `{t}` is the table, `?` a
parameter. Only the code says SQL; what somebody typed goes into the parameters.
"""

from __future__ import annotations

from typing import Any

from pypika_tortoise.context import SqlContext
from pypika_tortoise.terms import Criterion, ValueWrapper
from tortoise.expressions import Q, ResolveContext
from tortoise.query_utils import QueryModifier


class Said(Q):
    """One condition; joined with others by `Q(…, join_type="OR")`, `&`, `|` and `~` like any Q."""

    __slots__ = ("parameters", "sql")

    def __init__(self, sql: str, *parameters: Any) -> None:
        super().__init__()
        self.sql, self.parameters = sql, parameters

    def __bool__(self) -> bool:
        return True

    def resolve(self, resolve_context: ResolveContext) -> QueryModifier:
        table = resolve_context.table
        return QueryModifier(where_criterion=_Raw(self.sql, self.parameters, table.alias or table._table_name))


class _Raw(Criterion):
    def __init__(self, sql: str, parameters: tuple[Any, ...], table: str) -> None:
        super().__init__()
        self.sql, self.parameters, self.table = sql, parameters, table

    def get_sql(self, ctx: SqlContext) -> str:
        first, *rest = self.sql.replace("{t}", f'"{self.table}"').split("?")
        marks = (ValueWrapper(value).get_sql(ctx) for value in self.parameters)
        return f"({first}{''.join(mark + part for mark, part in zip(marks, rest, strict=True))})"
