"""How a JSON object is checked against a table of its fields: required, optional, unknown, lengths."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from fakes.wire import Problem

Rule = Callable[[Any, str], Iterable[Problem]]


@dataclass(frozen=True)
class Shape:
    """The fields of one object: `required` and `optional` map a name to the rule for its value."""

    required: dict[str, Rule] = field(default_factory=dict)
    optional: dict[str, Rule] = field(default_factory=dict)

    def check(self, thing: Any, where: str) -> list[Problem]:
        if not isinstance(thing, dict):
            return [Problem(where, "Must be an object")]
        given = {name: value for name, value in thing.items() if value is not None}
        return [*self._absent(given, where), *self._unknown(given, where), *self._wrong(given, where)]

    def _absent(self, given: dict, where: str) -> list[Problem]:
        return [
            Problem(f"{where}.{name}".lstrip("."), "May not be empty") for name in self.required if name not in given
        ]

    def _unknown(self, given: dict, where: str) -> list[Problem]:
        known = self.required.keys() | self.optional.keys()
        return [Problem(f"{where}.{name}".lstrip("."), "Unknown property") for name in given if name not in known]

    def _wrong(self, given: dict, where: str) -> list[Problem]:
        rules = self.required | self.optional
        return [
            problem
            for name, value in given.items()
            if name in rules
            for problem in rules[name](value, f"{where}.{name}".lstrip("."))
        ]


def utf16_length(text: str) -> int:
    """LINE counts UTF-16 code units ("Character counting in a text", Messaging API documentation)."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def anything(value: Any, where: str) -> list[Problem]:
    return []


def text(limit: int, at_least: int = 1) -> Rule:
    def rule(value: Any, where: str) -> list[Problem]:
        if not isinstance(value, str):
            return [Problem(where, "Must be a string")]
        if len(value) < at_least:
            return [Problem(where, "May not be empty")]
        if utf16_length(value) > limit:
            return [Problem(where, f"Length must be between 0 and {limit}")]
        return []

    return rule


def whole(low: int, high: int, step: int = 1) -> Rule:
    def rule(value: Any, where: str) -> list[Problem]:
        if isinstance(value, bool) or not isinstance(value, int):
            return [Problem(where, "Must be an integer")]
        if not low <= value <= high or value % step:
            return [Problem(where, f"Must be from {low} to {high} in steps of {step}")]
        return []

    return rule


def number(low: float, high: float) -> Rule:
    def rule(value: Any, where: str) -> list[Problem]:
        good = isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
        return [] if good else [Problem(where, f"Must be a number from {low} to {high}")]

    return rule


def boolean(value: Any, where: str) -> list[Problem]:
    return [] if isinstance(value, bool) else [Problem(where, "Must be true or false")]


def one_of(*choices: Any) -> Rule:
    def rule(value: Any, where: str) -> list[Problem]:
        return [] if value in choices else [Problem(where, f"Must be one of {', '.join(map(str, choices))}")]

    return rule


def pattern(expression: str, meaning: str) -> Rule:
    compiled = re.compile(expression)

    def rule(value: Any, where: str) -> list[Problem]:
        good = isinstance(value, str) and compiled.fullmatch(value)
        return [] if good else [Problem(where, f"Must be {meaning}")]

    return rule


def https(limit: int = 2000) -> Rule:
    def rule(value: Any, where: str) -> list[Problem]:
        if not isinstance(value, str) or not re.match(r"https://[^\s/]", value):
            return [Problem(where, "Must be a valid HTTPS URL")]
        return text(limit)(value, where)

    return rule


def list_of(rule: Rule, low: int, high: int) -> Rule:
    def rule_of_list(value: Any, where: str) -> list[Problem]:
        if not isinstance(value, list):
            return [Problem(where, "Must be an array")]
        if not low <= len(value) <= high:
            return [Problem(where, f"Size must be between {low} and {high}")]
        return [problem for index, item in enumerate(value) for problem in rule(item, f"{where}[{index}]")]

    return rule_of_list


def tagged(shapes: Callable[[], dict[str, Rule]], tag: str = "type") -> Rule:
    """An object whose `type` chooses its shape; late, because shapes hold each other."""

    def rule(value: Any, where: str) -> Iterable[Problem]:
        if not isinstance(value, dict):
            return [Problem(where, "Must be an object")]
        chosen = shapes().get(value.get(tag))
        if chosen is None:
            return [Problem(f"{where}.{tag}", f"Must be one of {', '.join(shapes())}")]
        return chosen(value, where)

    return rule
