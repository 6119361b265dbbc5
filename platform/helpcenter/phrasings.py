"""Other ways to ask, as people see them: what each line stands for while it is written, and what readers are shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from helpcenter.notation import MOST_FORMS, Remark, Unreadable, asides, forms, lint, parse, understood

SHOWN = 12  # wordings of a line that the preview shows


class Spoken(msgspec.Struct, frozen=True):
    """One line: the first wordings it stands for, how many there are, its words of little weight, what is odd in it."""

    number: int
    text: str
    forms: list[str]
    count: int
    asides: list[str]
    remarks: list[Remark]


def spoken(text: str, title: str = "") -> list[Spoken]:
    """Each line that says something, in order."""
    lines = text.splitlines()
    remarks = lint(lines, title)
    return [_line(number, line, [one for one in remarks if one.line == number])
            for number, line in enumerate(lines, 1) if line.strip()]  # fmt: skip


def _line(number: int, text: str, remarks: list[Remark]) -> Spoken:
    try:
        line = parse(text)
    except Unreadable:
        return Spoken(number, text, [], 0, [], remarks)
    found = forms(line, MOST_FORMS)
    return Spoken(number, text, found[:SHOWN], line.count if line.count > MOST_FORMS else len(found), asides(line),
                  remarks)  # fmt: skip


def said(lines: Iterable[str]) -> Sequence[str]:
    """The first wording of each line: what may be shown to readers."""
    return [form for line in lines for form in forms(understood(line), 1)]
