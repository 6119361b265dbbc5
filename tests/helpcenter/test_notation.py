"""The notation of phrasings: what is written is what is meant, and nothing that is written can blow up."""

from __future__ import annotations

import time
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.i18n import speaking
from helpcenter.notation import MOST_FORMS, Group, Line, Unreadable, asides, cover, forms, lint, literal, parse, written
from helpcenter.notation.parsing import DEEPEST

patient = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)  # on a machine that has much to do
CHARACTERS = st.text("有給ab {}/~\\｛｝／・|~", min_size=1, max_size=4)


def _merged(parts: list[Any]) -> tuple[Any, ...]:
    """Texts beside each other are one text, as a reader would see them."""
    made: list[Any] = []
    for part in parts:
        if isinstance(part, str) and made and isinstance(made[-1], str):
            made[-1] += part
        else:
            made.append(part)
    return tuple(made)


def _groups(depth: int) -> st.SearchStrategy[Group]:
    options = st.lists(_sequences(depth - 1, 1), min_size=0, max_size=3)
    return st.builds(
        lambda options, light, optional: Group(tuple(options), optional or len(options) < 2, light),
        options, st.booleans(), st.booleans(),
    )  # fmt: skip


def _sequences(depth: int, least: int = 0) -> st.SearchStrategy[Any]:
    parts = CHARACTERS if depth < 1 else st.one_of(CHARACTERS, _groups(depth))
    return st.lists(parts, min_size=least, max_size=3).map(_merged)


lines = st.builds(Line, _sequences(2))


def every_way(parts: tuple[Any, ...]) -> list[str]:
    """The meaning, said as plainly as can be: the whole product."""
    each = []
    for part in parts:
        if isinstance(part, str):
            each.append([part])
        elif part.is_light:
            each.append([""])
        else:
            each.append([way for option in part.options for way in every_way(option)] + [""] * part.is_optional)
    return ["".join(chosen) for chosen in product(*each)]


@patient
@given(lines)
def test_what_is_written_is_what_is_read(line: Line) -> None:
    assert parse(written(line)) == line
    assert written(parse(written(line))) == written(line)


@patient
@given(st.text("有ab{}/~\\｛／｝ ", max_size=40))
def test_anything_is_read_or_refused_with_a_place_and_a_sentence(text: str) -> None:
    try:
        line = parse(text)
    except Unreadable as error:
        assert 0 <= error.at <= len(text)
        assert error.sentence
        return
    assert parse(written(line)) == line


@patient
@given(st.text(max_size=60))
def test_a_literal_line_means_its_characters(text: str) -> None:
    assert parse(written(literal(text))) == literal(text)
    assert forms(literal(text), 3) == [words] if (words := " ".join(text.split())) else True


@patient
@given(lines)
def test_the_wordings_are_the_product_without_doubles(line: Line) -> None:
    if line.count > 2_000:
        return
    meant = [" ".join(way.split()) for way in every_way(line.parts)]
    assert line.count == len(meant)
    assert forms(line, 2_000) == [way for way in dict.fromkeys(meant) if way]
    assert set(cover(line)) <= set(meant)


@patient
@given(lines, st.integers(0, 20))
def test_expansion_keeps_its_bound(line: Line, most: int) -> None:
    found = forms(line, most)
    assert len(found) <= most
    assert len(set(found)) == len(found)


@patient
@given(lines)
def test_the_cover_says_every_alternative(line: Line) -> None:
    def leaves(parts: tuple[Any, ...], inside_light: bool = False) -> set[str]:
        heavy = {part for part in parts if isinstance(part, str)}
        for part in parts:
            if isinstance(part, Group) and (inside_light or not part.is_light):
                heavy |= {leaf for option in part.options for leaf in leaves(option, inside_light)}
        return heavy

    said = "\n".join(cover(line)).replace(" ", "")
    for leaf in leaves(line.parts):
        assert "".join(leaf.split()) in said


HOSTILE = ["{a/b}" * 40, "{a/a}" * 40, "{" * 200, "{{{{a/b}/c}/d}/e}" * 12, "~{a/b}" * 30, "\\{" * 100, "}" * 200,
           "{" * DEEPEST + "a" + "}" * DEEPEST + "{x}" * 60]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_lines_cost_nothing(text: str) -> None:
    began = time.perf_counter()
    remarks = lint([text[:200]])
    try:
        line = parse(text[:200])
    except Unreadable:
        assert remarks[0].blocks
    else:
        assert len(forms(line, MOST_FORMS)) <= MOST_FORMS
        assert len(cover(line)) <= 200
        asides(line)
    assert time.perf_counter() - began < 0.5


def test_alternatives_optional_parts_and_words_of_little_weight() -> None:
    line = parse("{有給/有休}を{翌年に}繰り越す ~{方法/やり方}")
    assert forms(line, 9) == ["有給を翌年に繰り越す", "有給を繰り越す", "有休を翌年に繰り越す", "有休を繰り越す"]
    assert cover(line) == ["有給を翌年に繰り越す", "有休を翌年に繰り越す"]
    assert asides(line) == ["方法", "やり方"]
    assert forms(parse("｛有給／有休／｝の残り"), 9) == ["有給の残り", "有休の残り", "の残り"]
    assert forms(parse(r"24/7 \{name\} 9:00~18:00"), 9) == ["24/7 {name} 9:00~18:00"]
    assert forms(parse("{a/{b/c}d}e"), 9) == ["ae", "bde", "cde"]


ODD = [
    ("有給{有休", 3, "終わっていません"), ("有給}の", 3, "始まっていません"), ("a{b}c\\", 6, "\\"),
    ("{a/b}{c/d}{e/f}{g/h}{i/j}{k/l}{m/n}", 1, "128"), ("{{{{{a}}}}}", 5, "深すぎ"), ("~{方法}", 1, "重みの小さい"),
    ("{}有給", 1, "何もありません"), ("x{a/a}", 2, "同じ"), ("{有給|有休}を繰り越す", 1, "/"),
    ("(有給|有休)を繰り越す", 1, "/"), ("打刻忘れ", 1, "タイトル"),
]  # fmt: skip


@pytest.mark.parametrize(("written_line", "place", "says"), ODD)
def test_the_linter_says_where_and_what_to_do(written_line: str, place: int, says: str) -> None:
    with speaking("ja"):
        [remark] = lint(["", written_line], title="打刻忘れ")
    assert (remark.line, remark.place) == (2, place)
    assert says in remark.sentence


def test_the_linter_finds_what_another_line_says() -> None:
    with speaking("en"):
        [remark] = lint(["{有給/有休}の残り", "", "有休の残り"])
    assert (remark.line, remark.sentence) == (3, "Line 1 says “有休の残り” already.")
