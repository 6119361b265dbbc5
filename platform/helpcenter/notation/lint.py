"""What is wrong, or odd, in the phrasings of an article: line, place, and a sentence that says what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from core.i18n import _
from helpcenter.notation.expanding import asides, forms, tidy
from helpcenter.notation.parsing import Line, Unreadable, read

MOST_FORMS = 64  # wordings of one line
_foreign = re.compile(r"[(（][^()（）]*[|｜][^()（）]*[)）]")


class Remark(msgspec.Struct, frozen=True):
    """`line` and `place` count from 1, as an editor does. An article with a `blocks` among its remarks is not saved."""

    line: int
    place: int
    sentence: str
    blocks: bool = False


def lint(lines: Iterable[str], title: str = "") -> list[Remark]:
    """Everything there is to say about these lines, in their order. Empty lines are no lines, but they count."""
    found: list[Remark] = []
    said: dict[str, int] = {tidy(title).casefold(): 0} if title.strip() else {}
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        try:
            line, odd = read(text)
        except Unreadable as error:
            found.append(Remark(number, error.at + 1, error.sentence, blocks=True))
            continue
        found += [Remark(number, at + 1, _odd(code)) for at, code in odd]
        found += _of_the_whole(number, text, line)
        found += _said_before(number, line, said)
    return found


def blocking(lines: Iterable[str]) -> Remark | None:
    """The first thing that keeps these lines from being saved."""
    return next((remark for remark in lint(lines) if remark.blocks), None)


def _odd(code: str) -> str:
    return {
        "empty": _("There is nothing in this group."),
        "double": _("Two alternatives of this group are the same."),
        "separator": _("To mean one of several, write / between them: {a/b}."),
    }[code]


def _of_the_whole(number: int, text: str, line: Line) -> list[Remark]:
    if line.count > MOST_FORMS:
        sentence = _("This stands for %(n)s wordings; %(most)s are the most. Make two lines of it.",
                     n=f"{line.count:,}" if line.count < 10**9 else _("over a billion"), most=MOST_FORMS)  # fmt: skip
        return [Remark(number, 1, sentence, blocks=True)]
    if foreign := _foreign.search(text):
        return [Remark(number, foreign.start() + 1, _("To mean one of several, write / between them: {a/b}."))]
    if not forms(line, 1):
        light = _("All of it has little weight: write what the question is about without ~.")
        return [Remark(number, 1, light)] if asides(line) else [Remark(number, 1, _("There is no word in it."), True)]
    return []


def _said_before(number: int, line: Line, said: dict[str, int]) -> list[Remark]:
    """The first wording that the title or an earlier line has already."""
    mine = forms(line, MOST_FORMS) if line.count <= MOST_FORMS else []
    twice = next(((form, said[form.casefold()]) for form in mine if form.casefold() in said), None)
    for form in mine:
        said.setdefault(form.casefold(), number)
    if twice is None:
        return []
    form, before = twice
    sentence = (_("Line %(n)s says “%(words)s” already.", n=before, words=form) if before
                else _("The title says “%(words)s” already.", words=form))  # fmt: skip
    return [Remark(number, 1, sentence)]
