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
from customers.segments.special import SPECIAL, counts_of, days_of, did
from customers.segments.tree import Condition, Group, Node, conditions_of
from customers.segments.vocabulary import Field, field_of, trait_of

BASE = "p.state = 'active' AND p.kind = 'customer'"
COUNTED = {"event.count", "event.last_days_ago", "touch.count"}  # of a person, or over the whole company
EACH, COMPANY, NOBODY, SEVERAL = "each", "company", "nobody", "several"  # whom an expression is about
CURRENT = ("SELECT m.person_id FROM membership m JOIN account a ON a.id = m.account_id"
           " WHERE (m.until IS NULL OR m.until >= {today}) AND {asked}")  # fmt: skip
NULLABLE = {"p.email"}
SIGNS = {"at_least": ">=", "at_most": "<=", "less_than": "<", "more_than": ">", "is": "="}


class Compiler:
    """One compilation: collects parameters in the order of their marks."""

    def __init__(self, moment: datetime, engine: str | None = None) -> None:
        self.now = moment
        self.today = local_day(moment)
        self.is_sqlite = (engine or dialect()) == "sqlite"
        self.parameters: list[Any] = []
        self.is_bare = False  # within `people_of`
        self.place = EACH
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
            return "1 = 0" if node.join == "any" else "1 = 1"
        parts = [f"({self.node(one)})" for one in node.nodes]
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
            return "1 = 0"
        if self.place == SEVERAL:
            self.flags.append(asked())
            return f"c{len(self.flags) - 1} IS NOT NULL"
        today = self.mark(self.today)
        return self.among(CURRENT.format(today=today, asked=asked()))

    def among(self, selected: str) -> str:
        """The person is among the ids that `selected` gives.

        SQLite makes a list of them once. PostgreSQL cannot hash a large list under NOT, and then reads it again for
        every person; EXISTS it turns into a join, or an anti-join.
        """
        if self.is_bare:
            return selected
        if self.is_sqlite:
            return f"p.id IN ({selected})"
        return f"EXISTS (SELECT 1 FROM ({selected}) AS x(id) WHERE x.id = p.id)"

    def people_of(self, one: Condition) -> str:
        """A SELECT of the `id` of everybody for whose company the condition holds, each once."""
        self.is_bare = True
        chosen = self.condition(one)
        self.is_bare = False
        return f"SELECT DISTINCT x.person_id AS id FROM ({chosen}) AS x"

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


def ascii_lower(text: str) -> str:
    return "".join(chr(ord(letter) + 32) if "A" <= letter <= "Z" else letter for letter in text)


def clamp(days: int) -> int:
    """A century each way: beyond, every comparison answers the same."""
    return max(-36_500, min(36_500, days))


def members_sql(tree: Group, now: datetime, engine: str | None = None) -> tuple[str, list[Any]]:
    """`SELECT p.id FROM person p WHERE …` with its parameters (`?`), for `rows()`, or inside `IN (…)`."""
    compiler = Compiler(now, engine)
    return f"SELECT p.id FROM person p WHERE {BASE} AND ({compiler.node(tree)})", compiler.parameters


def conditions_sql(
    nodes: list[Node], now: datetime, person_id: int, engine: str | None = None
) -> tuple[str, list[Any]]:
    """One row for one person: 1 or 0 for each node, to say why somebody is in or out."""
    compiler = Compiler(now, engine)
    columns = [f"CASE WHEN {compiler.node(node)} THEN 1 ELSE 0 END" for node in nodes]
    return f"SELECT {', '.join(columns)} FROM person p WHERE p.id = {compiler.mark(person_id)}", compiler.parameters


GONE = "q.state <> 'active' OR q.kind <> 'customer'"
KEPT = "CAST(COALESCE(SUM(h.people), 0) AS BIGINT)"
LIVING = f"(SELECT {KEPT} FROM headcount h)"  # everybody living stands there once: docs/decisions/headcount.md


def count_sql(tree: Group, now: datetime, engine: str | None = None) -> tuple[str, list[Any]]:
    """`SELECT COUNT(*) …` of the members, asked the way round that reads least.

    What asks about companies alone is answered by companies: the people of each are kept. Who has *not* is everybody
    living less those who have: both are counted without a look at each person. Where the tree asks (in an `all`) what
    people did or what their company is, they are counted from there; that leaves out the few who are no living
    customers.
    """
    compiler = Compiler(now, engine)
    if is_of_companies(tree):
        return _by_companies(compiler, tree), compiler.parameters
    opposite = denied(tree)
    if opposite is None:
        return _counted(compiler, tree), compiler.parameters
    return f"SELECT {LIVING} - ({_counted(compiler, opposite)})", compiler.parameters


def is_of_companies(tree: Node) -> bool:
    """Whether a company answers every question of the tree for all of its people alike."""
    return all(field.startswith(("account.", "contract.")) or (field in COUNTED and one.of == "account")
               for one in conditions_of(tree) for field in [one.field])  # fmt: skip


def _by_companies(compiler: Compiler, tree: Group) -> str:
    """The people kept for the companies it holds for; those without one, if it holds for them; and the few who belong
    to several are looked at one by one."""
    compiler.place = COMPANY
    of_one = compiler.node(tree)
    compiler.place = NOBODY
    of_none = compiler.node(tree)
    compiler.place = SEVERAL
    of_several = compiler.node(tree)  # over the flags, so that it has no parameters of its own
    flags = "".join(f", MAX(CASE WHEN a.id IS NOT NULL AND {asked} THEN 1 END) AS c{at}"
                    for at, asked in enumerate(compiler.flags))  # fmt: skip
    today = f"m.until IS NULL OR m.until >= {compiler.mark(compiler.today)}"
    return (f"SELECT (SELECT {KEPT} FROM headcount h JOIN account a ON a.id = h.account_id WHERE {of_one})"
            f" + (SELECT {KEPT} FROM headcount h WHERE h.account_id = 0 AND ({of_none}))"
            f" + (SELECT COUNT(*) FROM (SELECT m.person_id{flags} FROM counted_apart m LEFT JOIN account a"
            f" ON a.id = m.account_id AND ({today}) GROUP BY m.person_id) AS p WHERE {of_several})")  # fmt: skip


def denied(tree: Node) -> Group | None:
    """The tree whose exact opposite `tree` is, when `tree` says nothing but that."""
    if isinstance(tree, Group):
        if tree.join == "none" and tree.nodes:
            return Group("any" if len(tree.nodes) > 1 else "all", tree.nodes)
        return denied(tree.nodes[0]) if len(tree.nodes) == 1 else None
    if tree.op in {"is_not", "is_empty"}:
        return Group("all", (msgspec.structs.replace(tree, op="is" if tree.op == "is_not" else "is_filled"),))
    if tree.field == "contract.active" and tree.value is False:
        return Group("all", (msgspec.structs.replace(tree, value=True),))
    if tree.field == "event.count":
        least, most = counts_of(tree)
        if most is not None and most >= 0 and (least is None or least <= 0):
            return Group("all", (msgspec.structs.replace(tree, op="more_than", value=most),))
    return None


def _counted(compiler: Compiler, tree: Group) -> str:
    nodes = tree.nodes if tree.join == "all" or (len(tree.nodes) == 1 and tree.join == "any") else ()
    first = next((one for one in nodes if asks_what_was_done(one)), None) or next(
        (one for one in nodes if asks_about_the_company(one)), None
    )
    rest = [one for one in nodes if one is not first]
    if first is None or any(needs_the_row(one) for node in rest for one in conditions_of(node)):
        return f"SELECT COUNT(*) FROM person p WHERE {BASE} AND ({compiler.node(tree)})"
    assert isinstance(first, Condition)
    chosen = did(compiler, first) if asks_what_was_done(first) else compiler.people_of(first)
    parts = [f"NOT ({compiler.among(f'SELECT q.id FROM person q WHERE {GONE}')})",
             *(f"({compiler.node(one)})" for one in rest)]  # fmt: skip
    return f"SELECT COUNT(*) FROM ({chosen}) AS p WHERE {' AND '.join(parts)}"


def asks_about_the_company(node: Node) -> bool:
    """That it is so, not that it is not."""
    if not isinstance(node, Condition) or not node.field.startswith(("account.", "contract.")):
        return False
    return node.op not in {"is_not", "is_empty"} and node.value is not False


def asks_what_was_done(node: Node) -> bool:
    """By each person for themselves, at least once: then there is a row for everybody who did."""
    if not isinstance(node, Condition) or node.field != "event.count" or node.of != "person":
        return False
    least, most = counts_of(node)
    return most is None and least is not None and least > 0


def needs_the_row(one: Condition) -> bool:
    field = field_of(one.field)
    return field is not None and field.sql.startswith("p.")
