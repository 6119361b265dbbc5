"""What a line stands for. Everything here is bounded by `most`, whatever the line would multiply to."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from helpcenter.notation.parsing import Group, Line, Part, Sequence_


def forms(line: Line, most: int) -> list[str]:
    """The first `most` different wordings, in the order of writing; words of little weight are left out.

    At most 16 × `most` combinations are looked at, so a line whose alternatives are all the same still ends soon.
    """
    found = dict.fromkeys(tidy(text) for text in islice(_said(line.parts), most * 16))
    found.pop("", None)
    return list(found)[:most]


def _said(parts: Sequence_) -> Iterator[str]:
    """Depth first and lazily: the first wordings cost nothing of the later ones."""
    if not parts:
        yield ""
        return
    head, rest = parts[0], parts[1:]
    for beginning in _ways(head):
        for end in _said(rest):
            yield beginning + end


def _ways(part: Part) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif part.is_light:
        yield ""
    else:
        for option in part.options:
            yield from _said(option)
        if part.is_optional:
            yield ""


def cover(line: Line) -> list[str]:
    """The fewest wordings in which every alternative stands at least once. The index counts words: a product of all
    alternatives would count the words beside them over and over, and drown the other phrasings."""
    found = dict.fromkeys(tidy("".join(_nth(part, n) for part in line.parts)) for n in range(_rows(line.parts)))
    found.pop("", None)
    return list(found)


def _rows(parts: Sequence_) -> int:
    return max((_width(part) for part in parts if isinstance(part, Group) and not part.is_light), default=1)


def _width(group: Group) -> int:
    """How many wordings show every alternative inside; leaving an optional part out shows nothing new."""
    return sum(_rows(option) for option in group.options) or 1


def _nth(part: Part, n: int) -> str:
    if isinstance(part, str):
        return part
    if part.is_light or not part.options:
        return ""
    n %= _width(part)
    for option in part.options:
        rows = _rows(option)
        if n < rows:
            return "".join(_nth(one, n) for one in option)
        n -= rows
    return ""


def asides(line: Line) -> list[str]:
    """The words of little weight, each alternative once."""
    found = dict.fromkeys(tidy(text) for part in line.parts for text in _asides(part))
    found.pop("", None)
    return list(found)


def _asides(part: Part) -> Iterator[str]:
    if isinstance(part, Group) and part.is_light:
        for option in part.options:
            heavy = tuple(_heavy(one) for one in option)
            for n in range(_rows(heavy)):
                yield "".join(_nth(one, n) for one in heavy)
    elif isinstance(part, Group):
        for option in part.options:
            for one in option:
                yield from _asides(one)


def _heavy(part: Part) -> Part:
    """What stands in a group of little weight is said among its own."""
    if isinstance(part, str):
        return part
    return Group(tuple(tuple(_heavy(one) for one in option) for option in part.options), part.is_optional)


def tidy(text: str) -> str:
    """One space between words, none at the ends: parts that were left out leave gaps."""
    return " ".join(text.split())
