"""How many people a tree holds for: asked the way round that reads least. The same answer as `compile.members_sql`.

Companies are tens of thousands where people are a million. `headcount` says how many people each has,
`language_headcount` of which language, and `customer_place` who they are: docs/decisions/headcount.md.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from customers.segments.compile import BASE, COMPANY, COUNTED, FEW, NEVER, NOBODY, SEVERAL, Compiler
from customers.segments.special import counts_of, did
from customers.segments.tree import Condition, Group, Node, conditions_of
from customers.segments.vocabulary import field_of

KEPT = "CAST(COALESCE(SUM(h.people), 0) AS BIGINT)"
SPOKEN = "CAST(COALESCE(SUM(p.people), 0) AS BIGINT)"
LIVING = f"(SELECT {KEPT} FROM headcount h)"  # everybody living stands there once


def count_sql(tree: Group, now: datetime, engine: str | None = None) -> tuple[str, list[Any]]:
    """`SELECT COUNT(*) …` of the members.

    What asks about companies alone is answered by companies: the people of each are kept. What asks about both goes
    from the companies to their people. Who has *not* is everybody living less those who have: both are counted without
    a look at each person. What people did is counted from there, with the place that stands beside it.
    """
    compiler = Compiler(now, engine)
    if is_of_companies(tree):
        return _by_companies(compiler, tree), compiler.parameters
    if any(asks_the_company(one) for one in conditions_of(tree)) and not _joins_well(compiler, tree):
        return _from_companies(compiler, tree), compiler.parameters
    opposite = denied(tree)
    if opposite is None:
        return _counted(compiler, tree), compiler.parameters
    return f"SELECT {LIVING} - ({_counted(compiler, opposite)})", compiler.parameters


def asks_the_company(one: Condition) -> bool:
    """What a company answers for all of its people alike, or a membership of it."""
    if one.field in COUNTED:
        return one.of == "account"
    return one.field.startswith(("account.", "contract.")) or asks_the_membership(one)


def asks_the_membership(one: Condition) -> bool:
    field = field_of(one.field)
    return field is not None and field.sql.startswith("m.")


def is_of_companies(tree: Node) -> bool:
    """Whether a company answers every question of the tree."""
    return all(asks_the_company(one) and not asks_the_membership(one) for one in conditions_of(tree))


def _joins_well(compiler: Compiler, tree: Group) -> bool:
    """PostgreSQL finds the best order by itself where every question stands alone and their rows are read anyway."""
    if compiler.is_sqlite or tree.join != "all" or any(isinstance(one, Group) for one in tree.nodes):
        return False
    return any(needs_the_row(one) or asks_the_membership(one) for one in conditions_of(tree))


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


def _from_companies(compiler: Compiler, tree: Group) -> str:
    """Of each company the people it holds for; of those without one whom it holds for; and who belongs to several,
    one by one."""
    asked = list(conditions_of(tree))
    compiler.lines = "membership" if any(map(asks_the_membership, asked)) else "counted_apart"
    by_language = all(one.field == "person.locale" or is_of_companies(one) for one in asked)
    compiler.place = COMPANY
    of_one = _by_language(compiler, tree, True) if by_language else _of_each_company(compiler, tree, asked)
    compiler.place = NOBODY
    of_none = _by_language(compiler, tree, False) if by_language else _of_place(compiler, tree, 0)
    compiler.place = FEW
    return f"SELECT ({of_one}) + ({of_none}) + ({_of_place(compiler, tree, -1)})"  # who belongs to several


def _of_place(compiler: Compiler, tree: Group, place: int) -> str:
    before = len(compiler.parameters)
    people, at, nodes = _people(compiler, tree)
    asked = compiler.node(nodes)
    if asked == NEVER:
        del compiler.parameters[before:]
        return "0"
    return f"SELECT COUNT(*) FROM {people} WHERE {at}.account_id = {place} AND ({asked})"


def _by_language(compiler: Compiler, tree: Group, of_company: bool) -> str:
    """Questions about companies and the language: of each pair the number of people is kept."""
    places = "JOIN account a ON a.id = p.account_id WHERE" if of_company else "WHERE p.account_id = 0 AND"
    return f"SELECT {SPOKEN} FROM language_headcount p {places} ({compiler.node(tree)})"


def _of_each_company(compiler: Compiler, tree: Group, asked: list[Condition]) -> str:
    people, at, nodes = _people(compiler, tree)
    of_company = f"{people} JOIN account a ON a.id = {at}.account_id"
    if compiler.lines == "membership":
        of_company += f" JOIN membership m ON m.person_id = {at}.id AND m.account_id = a.id"
    return f"SELECT COUNT(*) FROM {of_company} WHERE {compiler.node(nodes)}"


def _people(compiler: Compiler, tree: Group) -> tuple[str, str, Group]:
    """Living customers as `p` for a FROM, what their place is called there, and what is still to be asked of them.

    Those who did what the tree asks for, where it does; and their wide rows only where they are needed.
    """
    done, nodes = _done_first(tree)
    first = f"({did(compiler, done)})" if done is not None else "customer_place"
    rest = Group(tree.join, nodes)
    asked = list(conditions_of(rest))
    if any(map(needs_the_row, asked)):
        return f"{first} AS w JOIN person p ON p.id = w.id", "w", rest
    if done is not None and any(one.field == "person.locale" for one in asked):
        return f"{first} AS w JOIN customer_place p ON p.id = w.id", "w", rest
    return f"{first} AS p", "p", rest


def _done_first(tree: Group) -> tuple[Condition | None, tuple[Node, ...]]:
    """What people of the tree certainly did, to begin with, and the nodes beside it."""
    nodes = tree.nodes if tree.join == "all" or (len(tree.nodes) == 1 and tree.join == "any") else ()
    first = next((one for one in nodes if isinstance(one, Condition) and asks_what_was_done(one)), None)
    return first, tuple(one for one in tree.nodes if one is not first)


def denied(tree: Node) -> Group | None:
    """The tree whose exact opposite `tree` is, when `tree` says nothing but that."""
    if isinstance(tree, Group):
        if tree.join == "none" and tree.nodes:
            return Group("any" if len(tree.nodes) > 1 else "all", tree.nodes)
        return denied(tree.nodes[0]) if len(tree.nodes) == 1 else None
    if tree.op in {"is_not", "is_empty"}:
        return Group("all", (msgspec.structs.replace(tree, op="is" if tree.op == "is_not" else "is_filled"),))
    if tree.field == "event.count":
        least, most = counts_of(tree)
        if most is not None and most >= 0 and (least is None or least <= 0):
            return Group("all", (msgspec.structs.replace(tree, op="more_than", value=most),))
    return None


def _counted(compiler: Compiler, tree: Group) -> str:
    if any(needs_the_row(one) or asks_the_membership(one) for one in conditions_of(tree)):
        return f"SELECT COUNT(*) FROM person p WHERE {BASE} AND ({compiler.node(tree)})"
    if all(one.field == "person.locale" for one in conditions_of(tree)):
        return f"SELECT {SPOKEN} FROM language_headcount p WHERE {compiler.node(tree)}"
    people, _at, nodes = _people(compiler, tree)
    return f"SELECT COUNT(*) FROM {people} WHERE {compiler.node(nodes)}"


def asks_what_was_done(node: Node) -> bool:
    """By each person for themselves, at least once: then there is a row for everybody who did."""
    if not isinstance(node, Condition) or node.field != "event.count" or node.of != "person":
        return False
    least, most = counts_of(node)
    return most is None and least is not None and least > 0


def needs_the_row(one: Condition) -> bool:
    """Whether it asks for more of a person than `customer_place` has."""
    field = field_of(one.field)
    return field is not None and field.sql.startswith("p.") and field.name != "person.locale"
