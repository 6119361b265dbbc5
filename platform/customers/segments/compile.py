"""From a tree to one parameterised SELECT of person ids. Nothing that a person typed becomes SQL text.

Every condition is a boolean expression over `p` (person) that is never NULL, so that `none` is exactly the
complement. A question about the company holds when it holds for one of the accounts the person belongs to now.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from core.clock import local_day
from core.database import dialect
from customers.segments.special import SPECIAL, days_of
from customers.segments.tree import Condition, Group, Node
from customers.segments.vocabulary import Field, field_of, trait_of

BASE = "p.state = 'active' AND p.kind = 'customer'"
COUNTED = {"event.count", "event.last_days_ago", "touch.count"}  # of a person, or over the whole company
# Whom an expression is about: anybody; the people of `a`; people without a company; `p` with a flag for each question
# about a company; and `p` of any place, looked at one by one because they are few.
EACH, COMPANY, NOBODY, SEVERAL, FEW = "each", "company", "nobody", "several", "few"
CURRENT = ("SELECT m.person_id FROM membership m JOIN account a ON a.id = m.account_id"
           " WHERE (m.until IS NULL OR m.until >= {today}) AND {asked}")  # fmt: skip
NULLABLE = {"p.email"}
NEVER = "1 = 0"
SIGNS = {"at_least": ">=", "at_most": "<=", "less_than": "<", "more_than": ">", "is": "="}


class Compiler:
    """One compilation: collects parameters in the order of their marks."""

    def __init__(self, moment: datetime, engine: str | None = None) -> None:
        self.now = moment
        self.today = local_day(moment)
        self.is_sqlite = (engine or dialect()) == "sqlite"
        self.parameters: list[Any] = []
        self.place = EACH
        self.lines = "membership"  # where the companies of the few stand
        self.flags: list[str] = []  # what is asked of each company of a person with several

    def mark(self, value: Any) -> str:
        if isinstance(value, date) and not isinstance(value, datetime) and self.is_sqlite:
            value = value.isoformat()
        self.parameters.append(value)
        if isinstance(value, int):
            return "CAST(? AS BIGINT)"
        return "CAST(? AS TEXT)" if isinstance(value, str) else "?"

    def node(self, node: Node) -> str:
        if isinstance(node, Condition):
            return self.condition(node)
        if not node.nodes:
            return NEVER if node.join == "any" else "1 = 1"
        before = len(self.parameters)
        parts = [f"({self.node(one)})" for one in node.nodes]
        if self.place == NOBODY and node.join != "none" and _is_never(node.join, parts):
            del self.parameters[before:]
            return NEVER
        if node.join == "all":
            return " AND ".join(parts)
        if node.join == "any":
            return " OR ".join(parts)
        # Each denied for itself, so that PostgreSQL can make an anti-join of each.
        return " AND ".join(f"NOT {part}" for part in parts)

    def condition(self, one: Condition) -> str:
        field = field_of(one.field)
        assert field is not None
        if one.op == "is_not":
            return f"NOT ({self.condition(msgspec.structs.replace(one, op='is'))})"
        if one.op == "is_empty":
            return f"NOT ({self.condition(msgspec.structs.replace(one, op='is_filled'))})"
        if one.field in SPECIAL:
            return SPECIAL[one.field](self, one)
        if field.sql.startswith("p."):
            return self.compared(field, one)
        if field.sql.startswith("c."):
            return self.of_contracts(lambda: self.compared(field, one))
        return self.of_accounts(lambda: self.compared(field, one))

    # places: parameters must be collected in the order in which their marks stand in the text

    def of_accounts(self, asked: Callable[[], str]) -> str:
        if self.place == COMPANY:
            return f"({asked()})"
        if self.place == NOBODY:
            return NEVER
        if self.place == SEVERAL:
            self.flags.append(asked())
            return f"c{len(self.flags) - 1} IS NOT NULL"
        today = self.mark(self.today)
        if self.place == FEW:
            # With the plus SQLite looks at the person's companies, not for each company asked about whether it is one.
            return (f"EXISTS (SELECT 1 FROM {self.lines} m JOIN account a ON a.id = +m.account_id"
                    f" WHERE m.person_id = p.id AND (m.until IS NULL OR m.until >= {today})"
                    f" AND {asked()})")  # fmt: skip
        return self.among(CURRENT.format(today=today, asked=asked()))

    def among(self, selected: str) -> str:
        """The person is among the ids that `selected` gives.

        SQLite makes a list of them once; few people are asked one by one. PostgreSQL cannot hash a large list under
        NOT, and then reads it again for every person; EXISTS it turns into a join, or an anti-join.
        """
        if self.place == FEW:
            return f"EXISTS (SELECT 1 FROM ({selected}) AS x WHERE x.person_id = p.id)"
        if self.is_sqlite:
            return f"p.id IN ({selected})"
        return f"EXISTS (SELECT 1 FROM ({selected}) AS x(id) WHERE x.id = p.id)"

    def of_contracts(self, asked: Callable[[], str]) -> str:
        chosen = "a.id IN (SELECT c.account_id FROM contract c WHERE "
        return self.of_accounts(lambda: f"{chosen}{self.running()} AND {asked()})")

    def running(self) -> str:
        return (f"c.starts_on <= {self.mark(self.today)}"
                f" AND (c.ended_on IS NULL OR c.ended_on > {self.mark(self.today)})")  # fmt: skip

    # comparisons

    def compared(self, field: Field, one: Condition) -> str:
        trait = trait_of(field.name)
        if trait is not None:
            return self.trait(field.sql, trait, one)
        if field.kind in {"text", "choice"}:
            # Only where it can be NULL: PostgreSQL knows nothing of how often an expression holds, and plans badly.
            return self.text(f"COALESCE({field.sql}, '')" if field.sql in NULLABLE else field.sql, one)
        if field.kind == "reference":
            return self.reference(field.sql, one)
        if field.kind == "days":
            return f"({field.sql} IS NOT NULL AND {self.days_ago(field.sql, one)})"
        return f"({field.sql} IS NOT NULL AND {self.number(field.sql, one)})"

    def text(self, column: str, one: Condition) -> str:
        if one.op == "is_filled":
            return f"{column} <> ''"
        if one.op == "is":
            return f"{column} = {self.mark(one.value)}"
        if one.op == "is_any":
            return f"{column} IN ({', '.join(self.mark(value) for value in one.value)})"
        words = one.value if one.op == "contains_any" else [one.value]
        return "(" + " OR ".join(self.contains(column, word) for word in words) + ")"

    def contains(self, column: str, word: str) -> str:
        """Letters A–Z alike in both cases; the same on both engines."""
        folded = self.mark(ascii_lower(word))
        if self.is_sqlite:
            return f"instr(lower({column}), {folded}) > 0"
        return f'strpos(lower({column} COLLATE "C"), {folded}) > 0'

    def trait(self, column: str, key: str, one: Condition) -> str:
        """The column's parameters stand in it each time, so each word is asked for itself."""
        if one.op == "contains_any":
            words = (msgspec.structs.replace(one, op="contains", value=word) for word in one.value)
            return "(" + " OR ".join(self.trait(column, key, word) for word in words) + ")"
        return self.text(f"({self.trait_text(column, key)})", one)

    def trait_text(self, column: str, key: str) -> str:
        """A trait that is a text; '' for anything else."""
        if self.is_sqlite:
            kind, value = self.mark(f'$."{key}"'), self.mark(f'$."{key}"')
            return f"CASE WHEN json_type({column}, {kind}) = 'text' THEN json_extract({column}, {value}) ELSE '' END"
        kind, value = self.mark(key), self.mark(key)
        return f"CASE WHEN jsonb_typeof({column} -> {kind}) = 'string' THEN {column} ->> {value} ELSE '' END"

    def reference(self, column: str, one: Condition) -> str:
        values = one.value if isinstance(one.value, list) else [one.value]
        if one.op == "is_any" or len(values) > 1:
            return f"({column} IS NOT NULL AND {column} IN ({', '.join(self.mark(value) for value in values)}))"
        return f"({column} IS NOT NULL AND {column} = {self.mark(values[0])})"

    def number(self, column: str, one: Condition) -> str:
        if one.op == "between":
            return f"({column} >= {self.mark(one.value[0])} AND {column} <= {self.mark(one.value[1])})"
        return f"{column} {SIGNS[one.op]} {self.mark(one.value)}"

    def days_ago(self, column: str, one: Condition) -> str:
        """`at_most 6`: within the last 6 × 24 hours."""
        least, most = days_of(one)
        parts = [f"{column} <= {self.mark(self.back(least))}"] if least is not None else []
        parts += [f"{column} > {self.mark(self.back(most + 1))}"] if most is not None else []
        return "(" + " AND ".join(parts) + ")"

    def back(self, days: int) -> datetime:
        return self.now - timedelta(days=clamp(days))

    def day(self, days: int) -> date:
        return self.today + timedelta(days=clamp(days))


def _is_never(join: str, parts: list[str]) -> bool:
    return (any if join == "all" else all)(part == f"({NEVER})" for part in parts)


def ascii_lower(text: str) -> str:
    return "".join(chr(ord(letter) + 32) if "A" <= letter <= "Z" else letter for letter in text)


def clamp(days: int) -> int:
    """A century each way: beyond, every comparison answers the same."""
    return max(-36_500, min(36_500, days))


def members_sql(
    tree: Group, now: datetime, engine: str | None = None, *, first_ones: bool = False
) -> tuple[str, list[Any]]:
    """`SELECT p.id FROM person p WHERE …` with its parameters (`?`), for `rows()`, or inside `IN (…)`.

    `first_ones`: of many only the first are wanted, so that people are asked one by one until they are found.
    """
    compiler = Compiler(now, engine)
    compiler.place = FEW if first_ones else EACH
    return f"SELECT p.id FROM person p WHERE {BASE} AND ({compiler.node(tree)})", compiler.parameters


def conditions_sql(
    nodes: list[Node], now: datetime, person_id: int, engine: str | None = None
) -> tuple[str, list[Any]]:
    """One row for one person: 1 or 0 for each node, to say why somebody is in or out."""
    compiler = Compiler(now, engine)
    compiler.place = FEW
    columns = [f"CASE WHEN {compiler.node(node)} THEN 1 ELSE 0 END" for node in nodes]
    return f"SELECT {', '.join(columns)} FROM person p WHERE p.id = {compiler.mark(person_id)}", compiler.parameters
