"""What people may type in the inbox and on the contact page."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from litestar.datastructures import UploadFile

from core.forms import Email, Line, Meta, Text

Key = Annotated[str, Meta(max_length=64)]


class Reply(msgspec.Struct):
    """`picture`: where the customer is on the web."""

    body: Annotated[str, Meta(max_length=5000)] = ""
    key: Key = ""
    epoch: int | None = None
    picture: UploadFile | None = None


class Suggested(msgspec.Struct):
    """`body` is empty when the suggestion goes as it is."""

    body: Annotated[str, Meta(max_length=5000)] = ""
    epoch: int | None = None


class Refusal(msgspec.Struct):
    reason: Literal["wrong", "outdated", "incomplete", "tone", "person"]
    comment: Annotated[Line, Meta(max_length=300)] = ""
    epoch: int | None = None


class Verdict(msgspec.Struct):
    passed: Literal["yes", "no"]
    note: Annotated[Line, Meta(min_length=2, max_length=300)]


class Trials(msgspec.Struct):
    conversations: Annotated[int, Meta(ge=0, le=1000)]


class Note(msgspec.Struct):
    body: Text
    key: Key = ""


class Owner(msgspec.Struct):
    person_id: int | None = None
    epoch: int | None = None


class PutOff(msgspec.Struct):
    until: Literal["hour", "tomorrow", "week"]


class Labels(msgspec.Struct):
    labels: list[Annotated[Line, Meta(max_length=40)]] = []


class Canned(msgspec.Struct):
    title: Annotated[Line, Meta(min_length=1, max_length=120)]
    shortcut: Annotated[Line, Meta(min_length=1, max_length=40)]
    body: Annotated[Text, Meta(min_length=1, max_length=5000)]
    whose: Literal["mine", "everybody"] = "mine"


class NewLabel(msgspec.Struct):
    name: Annotated[Line, Meta(min_length=1, max_length=40)]


class Question(msgspec.Struct):
    body: Annotated[str, Meta(max_length=5000)] = ""
    key: Key = ""
    picture: UploadFile | None = None


class Tap(msgspec.Struct):
    tap: Annotated[str, Meta(min_length=3, max_length=100)]
    key: Key = ""


class Seen(msgspec.Struct):
    number: Annotated[int, Meta(ge=0, le=2_000_000_000)]


class Rated(msgspec.Struct):
    score: Annotated[int, Meta(ge=1, le=5)]
    comment: Annotated[Text, Meta(max_length=2000)] = ""


class Address(msgspec.Struct):
    mail: Email


class Code(msgspec.Struct):
    code: Annotated[str, Meta(min_length=6, max_length=10)]
