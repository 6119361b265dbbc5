"""From a written line to its tree and back. One pass, no backtracking: time and depth grow with the line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Union

import msgspec

from core.i18n import lazy

DEEPEST = 4
OPEN, CLOSE, BAR = "{｛", "}｝", "/／"
ESCAPED = "{}/~\\｛｝／"
_between = re.compile(r"\w[|｜・,、]\w")  # what other notations put between alternatives


class Group(msgspec.Struct, frozen=True, tag="group"):
    """`options` are sequences, of which one is said; with `is_optional` none may be. `is_light`: of little weight."""

    options: tuple[Sequence_, ...]
    is_optional: bool = False
    is_light: bool = False


Part = Union[str, Group]  # noqa: UP007  msgspec wants the name at run time
Sequence_ = tuple[Part, ...]


class Line(msgspec.Struct, frozen=True):
    """A whole phrasing. `count` is how many wordings it stands for, before doubles are taken out."""

    parts: Sequence_

    @property
    def count(self) -> int:
        return _count(self.parts)


class Unreadable(ValueError):
    """`at` is the place in the line, from 0; `sentence` says what to do, in the language of whoever asks."""

    def __init__(self, at: int, sentence: object) -> None:
        self.at, self._sentence = at, sentence
        super().__init__(str(sentence))

    @property
    def sentence(self) -> str:
        return str(self._sentence)


def parse(text: str) -> Line:
    """Raises Unreadable for a group that does not end, one that never began, a trailing backslash, too deep nesting."""
    return read(text)[0]


def read(text: str) -> tuple[Line, list[tuple[int, str]]]:
    """The line, and what is odd in it though it can be read: (place, `empty` | `double` | `separator`)."""
    reader = _Reader(text)
    return Line(reader.sequence(0)), reader.odd


class _Reader:
    """Where we are in the text. `sequence` and `group` call each other, at most DEEPEST times."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.odd: list[tuple[int, str]] = []

    def peek(self, ahead: int = 0) -> str:
        return self.text[self.at + ahead : self.at + ahead + 1]

    def sequence(self, depth: int) -> Sequence_:
        """Up to the end of the text, or (inside) to a bar or the end of the group, which is left to be read."""
        parts: list[Part] = []
        plain: list[str] = []

        def settle() -> None:
            if plain:
                parts.append("".join(plain))
                plain.clear()

        while (c := self.peek()) and not (depth and c in BAR + CLOSE):
            if c in CLOSE:
                raise Unreadable(self.at, lazy("Nothing begins before this }. Write \\} for the character itself."))
            if c in OPEN or (c == "~" and self.peek(1) and self.peek(1) in OPEN):
                settle()
                parts.append(self.group(depth + 1))
            else:
                plain.append(self.character())
        settle()
        return tuple(parts)

    def character(self) -> str:
        c = self.peek()
        if c == "\\":
            c = self.peek(1)
            if not c or c not in ESCAPED:
                raise Unreadable(self.at, lazy("After \\ comes one of { } / ~ \\."))
            self.at += 1
        self.at += 1
        return c

    def group(self, depth: int) -> Group:
        start, is_light = self.at, self.peek() == "~"
        if depth > DEEPEST:
            raise Unreadable(start, lazy("Groups stand in each other too deeply. Write two phrasings instead."))
        self.at += 2 if is_light else 1
        options = [self.sequence(depth)]
        while self.peek() and self.peek() in BAR:
            self.at += 1
            options.append(self.sequence(depth))
        if not self.peek():
            raise Unreadable(start, lazy("This group does not end. Write } after its last word."))
        self.at += 1
        return self.settled(start, tuple(options), is_light)

    def settled(self, start: int, options: tuple[Sequence_, ...], is_light: bool) -> Group:
        """One option alone may be left out; so may a group with an empty one among them."""
        said = tuple(option for option in options if option)
        if not said:
            self.odd.append((start, "empty"))
        elif len(set(said)) < len(said):
            self.odd.append((start, "double"))
        elif len(options) == 1 and any(isinstance(one, str) and _between.search(one) for one in said[0]):
            self.odd.append((start, "separator"))
        return Group(said, is_optional=len(options) == 1 or len(said) < len(options), is_light=is_light)


def understood(text: str) -> Line:
    """A stored line: what cannot be read (it is older than the notation) means its characters."""
    try:
        return parse(text)
    except Unreadable:
        return literal(text)


def literal(text: str) -> Line:
    """A line that means exactly its characters."""
    return Line((text,) if text else ())


def written(line: Line) -> str:
    return _written(line.parts, inside=False)


def _written(parts: Sequence[Part], *, inside: bool) -> str:
    made = []
    for i, part in enumerate(parts):
        following = parts[i + 1] if i + 1 < len(parts) else None
        made.append(_group_written(part) if isinstance(part, Group) else _plain(part, inside, following))
    return "".join(made)


def _group_written(group: Group) -> str:
    options = [_written(option, inside=True) for option in group.options]
    if group.is_optional and len(options) != 1:
        options.append("")
    return ("~" if group.is_light else "") + "{" + "/".join(options) + "}"


def _plain(text: str, inside: bool, following: Part | None) -> str:
    marks = "{}\\｛｝" + ("/／" if inside else "")
    escaped = "".join("\\" + c if c in marks else c for c in text)
    if escaped.endswith("~") and isinstance(following, Group):  # else it would make the group light
        escaped = escaped[:-1] + "\\~"
    return escaped


def _count(parts: Sequence_) -> int:
    """Wordings of a sequence; groups of little weight are not said. Products of plain numbers, nothing is built."""
    total = 1
    for part in parts:
        if isinstance(part, Group) and not part.is_light:
            total *= sum(map(_count, part.options)) + part.is_optional
    return total
