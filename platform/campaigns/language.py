"""Jinja for people who are not programmers: two sandboxes, and a list of what a template may say.

The sandbox alone stops neither a public method of a passed object nor `'a' * 10**7` (facts/campaigns.md): only plain
dicts are passed, and the syntax tree is held against a list of what is allowed before anything is kept.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import msgspec
from jinja2 import StrictUndefined, Template, TemplateSyntaxError, UndefinedError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment, SecurityError

from campaigns.variables import Schema
from core.i18n import _, number

MOST_OUTPUT = 256 * 1024
MOST_SECONDS = 1.0
LONGEST_SOURCE = 200_000
FILTERS = {"default", "d", "upper", "lower", "trim", "length", "first", "last", "join", "truncate", "e", "escape",
           "date", "number"}  # fmt: skip
TESTS = {"defined", "undefined", "none", "equalto", "eq", "ne", "string", "number", "in"}
PLAIN = (nodes.Output, nodes.TemplateData, nodes.Const, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not,
         nodes.CondExpr, nodes.Concat, nodes.Add, nodes.Sub, nodes.Neg, nodes.If, nodes.List, nodes.Tuple,
         nodes.Keyword)  # fmt: skip


class Problem(msgspec.Struct, frozen=True):
    """A mistake in what was written. `part`: subject, preheader, body or text; line and column from 1, 0 unknown."""

    part: str
    line: int
    column: int
    what: str
    name: str = ""
    meant: str = ""

    @property
    def sentence(self) -> str:
        if not self.line:
            return self.what
        if self.column:
            return _("Line %(line)s, character %(column)s: %(what)s", line=self.line, column=self.column,
                     what=self.what)  # fmt: skip
        return _("Line %(line)s: %(what)s", line=self.line, what=self.what)


class Missing(StrictUndefined):
    """Printing it is a mistake; asking whether it is there, or comparing it, is not."""

    def __bool__(self) -> bool:
        return False

    def __eq__(self, other: object) -> bool:
        return other is None or type(other) is type(self)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(Missing)


class Sandbox(ImmutableSandboxedEnvironment):
    """`person.items` is the value called items, never a method of the dict."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if type(obj) is dict:
            try:
                return obj[attribute]
            except KeyError:
                return self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute)

    getitem = getattr  # type: ignore[assignment]


def _date(value: Any, locale: str = "ja") -> str:
    moment = date.fromisoformat(value[:10]) if isinstance(value, str) else value
    if not isinstance(moment, date | datetime):
        return str(value)
    return f"{moment.month}月{moment.day}日" if locale == "ja" else f"{moment.day} {moment:%B %Y}"


def _number(value: Any) -> str:
    return number(value) if isinstance(value, int | float) else str(value)


def _sandbox(*, escapes: bool) -> Sandbox:
    made = Sandbox(undefined=Missing, autoescape=escapes, keep_trailing_newline=True, cache_size=50)
    made.filters = {name: one for name, one in made.filters.items() if name in FILTERS}
    made.filters |= {"date": _date, "number": _number}
    made.globals = {}
    return made


HTML = _sandbox(escapes=True)
PLAIN_TEXT = _sandbox(escapes=False)

# Checking ----------------------------------------------------------------------------------------------------


def problems_in(source: str, part: str, schema: Schema) -> list[Problem]:
    """Everything in `source` that may not be said, in the reader's language; empty when it is fine."""
    if len(source) > LONGEST_SOURCE:
        return [Problem(part, 0, 0, _("This is longer than %(n)s characters.", n=number(LONGEST_SOURCE)))]
    try:
        tree = PLAIN_TEXT.parse(source)
    except TemplateSyntaxError as error:
        return [Problem(part, error.lineno, 0, _syntax(error))]
    except RecursionError:
        return [Problem(part, 0, 0, _("This is nested too deeply."))]
    try:
        return _sorted(_Checker(source, part, schema).check(tree))
    except RecursionError:
        return [Problem(part, 0, 0, _("This is nested too deeply."))]


def _sorted(found: list[Problem]) -> list[Problem]:
    return sorted(dict.fromkeys(found), key=lambda problem: (problem.line, problem.column))


def _syntax(error: TemplateSyntaxError) -> str:
    words = str(error.message or "")
    if "unknown tag" in words or "Encountered unknown" in words:
        return _("This tag does not exist here. if, for and {{ … }} do.")
    if "No filter" in words:
        return _("There is no such filter. Use %(some)s.", some=", ".join(sorted(FILTERS)))
    if "end of" in words:
        return _("Something that was opened is not closed: {{ … }}, {% if %} … {% endif %}, {% for %} … {% endfor %}.")
    return _("This cannot be read: %(words)s", words=words)


class _Checker:
    def __init__(self, source: str, part: str, schema: Schema) -> None:
        self.lines = source.split("\n")
        self.part = part
        self.schema = schema
        self.found: list[Problem] = []

    def check(self, tree: nodes.Template) -> list[Problem]:
        for node in tree.body:
            self.visit(node, frozenset(), 0)
        return self.found

    def no(self, node: nodes.Node, what: str, name: str = "", meant: str = "") -> None:
        self.found.append(Problem(self.part, node.lineno, self.column(node.lineno, name), what, name, meant))

    def column(self, line: int, name: str) -> int:
        if not name or not 0 < line <= len(self.lines):
            return 0
        found = re.search(rf"(?<![\w]){re.escape(name)}(?![\w])", self.lines[line - 1])
        return found.start() + 1 if found else 0

    def visit(self, node: nodes.Node, local: frozenset[str], depth: int) -> None:
        if isinstance(node, nodes.Name):
            self.name(node, local)
        elif isinstance(node, nodes.Getattr | nodes.Getitem):
            self.attribute(node, local, depth)
        elif isinstance(node, nodes.For):
            self.loop(node, local, depth)
        elif isinstance(node, nodes.Call):
            self.call(node)
        elif isinstance(node, nodes.Filter | nodes.Test):
            self.filter_or_test(node, local, depth)
        elif isinstance(node, PLAIN):
            for child in node.iter_child_nodes():
                self.visit(child, local, depth)
        else:
            self.no(node, _("%(what)s is not possible here.", what=type(node).__name__.lower()))

    def name(self, node: nodes.Name, local: frozenset[str]) -> None:
        known = {*self.schema.groups, *self.schema.alone, *local}
        if node.name not in known:
            self.unknown(node, node.name, self.schema.nearest(node.name))

    def unknown(self, node: nodes.Node, name: str, meant: str) -> None:
        if meant:
            self.no(node, _("there is no %(name)s. Did you mean %(meant)s?", name=name, meant=meant), name, meant)
        else:
            self.no(node, _("there is no %(name)s.", name=name), name)

    def attribute(self, node: nodes.Getattr | nodes.Getitem, local: frozenset[str], depth: int) -> None:
        if isinstance(node, nodes.Getitem):
            if not (isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str)):
                self.no(node, _("Write person.name instead of brackets."))
                return
            key = node.arg.value
        else:
            key = node.attr
        if key.startswith("_"):
            self.no(node, _("there is no %(name)s.", name=key), key)
        elif not isinstance(node.node, nodes.Name):
            self.no(node, _("At most one dot: %(name)s has no parts of its own.", name=key), key)
        elif node.node.name in local:
            return
        elif node.node.name in self.schema.groups:
            if key not in self.schema.groups[node.node.name]:
                self.unknown(node, key, self.schema.nearest(key, node.node.name))
        else:
            self.name(node.node, local)
            if node.node.name in self.schema.alone:
                self.no(node, _("At most one dot: %(name)s has no parts of its own.", name=node.node.name), key)

    def loop(self, node: nodes.For, local: frozenset[str], depth: int) -> None:
        if depth >= 2:
            self.no(node, _("Loops may be nested two deep at most."))
        if node.recursive or not isinstance(node.target, nodes.Name):
            self.no(node, _("Write for one name in one list."))
            return
        if not self.is_list(node.iter, local):
            self.no(node, _("Only lists may be repeated: %(some)s.",
                            some=", ".join(sorted(self.schema.lists)) or _("there are none yet")))  # fmt: skip
        inner = local | {node.target.name, "loop"}
        for child in [*node.body, *node.else_, *([node.test] if node.test else [])]:
            self.visit(child, inner, depth + 1)

    def is_list(self, node: nodes.Node, local: frozenset[str]) -> bool:
        if isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name):
            return f"{node.node.name}.{node.attr}" in self.schema.lists or node.node.name in local - {"loop"}
        return False

    def call(self, node: nodes.Call) -> None:
        named = node.node.name if isinstance(node.node, nodes.Name) else ""
        if named not in self.schema.functions:
            self.no(node, _("Only link('…') can be called."), named)
        elif (
            len(node.args) != 1
            or node.kwargs
            or node.dyn_args
            or node.dyn_kwargs
            or not (isinstance(node.args[0], nodes.Const) and isinstance(node.args[0].value, str))
        ):
            self.no(node, _("Write the address itself: link('https://…')."), named)

    def filter_or_test(self, node: Any, local: frozenset[str], depth: int) -> None:
        allowed = FILTERS if isinstance(node, nodes.Filter) else TESTS
        if node.name not in allowed or node.dyn_args or node.dyn_kwargs or node.node is None:
            self.no(node, _("%(name)s cannot be used here. Use %(some)s.", name=node.name,
                            some=", ".join(sorted(allowed))), node.name)  # fmt: skip
        for child in node.iter_child_nodes():
            self.visit(child, local, depth)


def links_in(source: str) -> list[str]:
    """The targets of `link('…')`, in their order, each once. The source is one that `problems_in` found fine."""
    found = [call.args[0].value for call in PLAIN_TEXT.parse(source).find_all(nodes.Call) if call.args]
    return list(dict.fromkeys(found))


# Rendering ---------------------------------------------------------------------------------------------------


class Missed(Exception):
    """A recipient lacks what the template prints. `name` is dotted where it is known."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class TooMuch(Exception):
    """The result is too long or takes too long."""


def rendered(template: Template, values: dict[str, Any]) -> str:
    """Render within MOST_SECONDS and MOST_OUTPUT. Raises Missed or TooMuch."""
    parts: list[str] = []
    try:
        for part in _bounded(template.generate(values)):
            parts.append(part)
    except UndefinedError as error:
        raise Missed(missing_name(error)) from error
    except (SecurityError, TypeError, ValueError, OverflowError, MemoryError, RecursionError) as error:
        raise TooMuch(str(error)) from error
    return "".join(parts)


def _bounded(parts: Iterator[str]) -> Iterator[str]:
    end = time.monotonic() + MOST_SECONDS
    size = 0
    for part in parts:
        size += len(part)
        if size > MOST_OUTPUT:
            raise TooMuch(f"more than {MOST_OUTPUT} characters")
        if time.monotonic() > end:
            raise TooMuch(f"more than {MOST_SECONDS:g} seconds")
        yield part


QUOTED = re.compile(r"'([^']+)'")


def missing_name(error: UndefinedError) -> str:
    """Jinja: `'dict object' has no attribute 'nmae'` or `'nmae' is undefined`."""
    found = [name for name in QUOTED.findall(str(error)) if name != "dict object"]
    return found[-1] if found else str(error)
