"""How two texts differ, line by line, and by how many characters."""

from __future__ import annotations

import difflib

import msgspec


class Line(msgspec.Struct, frozen=True):
    kind: str  # same, out, in
    text: str


def differences(old: str, new: str, most: int = 400) -> list[Line]:
    """Lines that went out and came in, with those that stayed; at most `most` lines of each text are compared."""
    names = {" ": "same", "-": "out", "+": "in"}
    compared = difflib.ndiff(old.splitlines()[:most], new.splitlines()[:most])
    return [Line(names[line[0]], line[2:]) for line in compared if line[0] in names]


def changed(old: str, new: str) -> int:
    """Characters between the common beginning and the common end."""
    shorter = min(len(old), len(new))
    begin = 0
    while begin < shorter and old[begin] == new[begin]:
        begin += 1
    end = 0
    while end < shorter - begin and old[-1 - end] == new[-1 - end]:
        end += 1
    return max(len(old), len(new)) - begin - end
