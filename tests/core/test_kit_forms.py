"""Forms: every mistake at once, normalised words, nothing bound that was not asked for, whatever is typed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.context import Here, enter
from core.forms import Email, Form, Line, Meta, Secret, Text, Url
from shared_data import shared_data


class Question(msgspec.Struct):
    title: Annotated[Line, Meta(min_length=5, max_length=20)]
    body: Text
    kind: Literal["how", "idea"]
    board_id: Annotated[int, Meta(ge=1)]
    starts: datetime | None = None
    tags: list[Line] = []
    notify: bool = True
    email: Email = ""


class Anything(msgspec.Struct):
    line: Line = ""
    text: Text = ""
    word: str = ""
    email: Email | None = None
    url: Url | None = None
    secret: Secret = ""
    number: int = 0
    moment: datetime | None = None
    many: list[str] = []


GOOD = {"title": "How do I…?", "body": "Please tell", "kind": "how", "board_id": "3"}


@pytest.fixture(autouse=True)
def in_english() -> None:
    enter(Here(language="en"))


def test_every_mistake_is_shown_at_once_and_says_what_to_do() -> None:
    form = Form(Question, {"title": "abc", "body": " \n ", "kind": "x", "board_id": "0", "email": "no"})
    assert not form.valid
    assert form.errors == {
        "title": "Write at least 2 more characters.", "body": "Fill this in.", "kind": "Choose one of the list.",
        "board_id": "Write 1 or more.", "email": "Write an address such as name@example.com.",
    }  # fmt: skip
    with pytest.raises(LookupError):
        form.data  # noqa: B018


def test_it_speaks_japanese() -> None:
    enter(Here(language="ja"))
    assert Form(Question, GOOD | {"title": "ab"}).errors == {"title": "あと3文字以上、書いてください。"}


def test_words_are_normalised_and_what_was_typed_is_kept() -> None:
    form = Form(Question, GOOD | {"title": " か\u3099んばる  x\r\ny ", "board_id": "１２", "body": "a\r\nb"})
    assert form.data.title == "がんばる  x y"
    assert (form.data.board_id, form.data.body) == (12, "a\nb")
    assert form.value("board_id") == "１２"


def test_unknown_fields_are_never_bound() -> None:
    form = Form(Question, GOOD | {"author_id": "1", "__class__": "x", "role": "admin"})
    assert form.valid
    assert not hasattr(form.data, "role")


def test_an_unchecked_box_is_false_although_the_default_is_true() -> None:
    assert Form(Question, GOOD).data.notify is False
    assert Form(Question).checked("notify")


def test_a_moment_is_typed_in_the_persons_zone() -> None:
    form = Form(Question, GOOD | {"starts": "2026-11-22T09:05"})
    assert form.data.starts == datetime(2026, 11, 22, 0, 5, tzinfo=UTC)
    assert Form(Question, initial={"starts": form.data.starts}).value("starts") == "2026-11-22T09:05"


def test_invisible_words_are_nothing_and_control_characters_are_refused() -> None:
    assert Form(Question, GOOD | {"body": "\u200b\u200d"}).errors == {"body": "Fill this in."}
    assert Form(Question, GOOD | {"body": "a\0b"}).errors == {"body": "Remove the characters that cannot be shown."}


def test_a_password_is_never_shown_again() -> None:
    form = Form(Anything, {"secret": "  p w "})
    assert form.data.secret == "  p w "
    assert form.value("secret") == ""


def test_too_long_is_said_by_how_much() -> None:
    assert Form(Anything, {"word": "x" * 10_003}).errors == {"word": "Shorten it by 3 characters."}


@given(st.dictionaries(st.sampled_from([*Anything.__struct_fields__, "other"]),
                       st.one_of(st.text(), st.lists(st.text(), max_size=5)), max_size=8))  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_whatever_is_sent_gives_a_struct_or_sentences(sent: dict[str, Any]) -> None:
    form = Form(Anything, sent)
    if form.valid:
        msgspec.json.decode(msgspec.json.encode(form.data), type=Anything)
        assert "\0" not in form.data.text
    else:
        assert all(form.errors.values())


@pytest.mark.data
def test_hostile_strings_are_values_or_sentences() -> None:
    hostile = shared_data("hostile")
    lines = json.loads((hostile / "blns" / "blns.json").read_text())
    for file in sorted((hostile / "patt").rglob("*.txt")):
        lines += file.read_text(errors="replace").splitlines()[:300]
    for words in lines:
        form = Form(Anything, dict.fromkeys(Anything.__struct_fields__, words))
        assert form.valid or all(form.sentences)
