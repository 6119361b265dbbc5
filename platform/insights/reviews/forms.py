"""What is typed into a review."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from core.forms import Line, Meta, Text

Words = Annotated[Text, Meta(max_length=4000)]
Day = Annotated[Line, Meta(max_length=10)]


class NewReview(msgspec.Struct):
    period: Literal["quarter", "m3", "m6", "m12", "custom"] = "m3"
    first: Day = ""
    last: Day = ""
    audience: Literal["customer", "internal"] = "customer"
    language: Literal["ja", "en"] = "ja"


class Written(msgspec.Struct):
    revision: int
    title: Annotated[Line, Meta(max_length=120)] = ""
    language: Literal["ja", "en"] = "ja"
    summary: Words = ""
    achievements: Words = ""
    challenges: Words = ""
    do: Literal["save", "preview"] = "save"


class Shown(msgspec.Struct):
    internal: list[Line] = []
    customer: list[Line] = []


class NewAction(msgspec.Struct):
    title: Annotated[Line, Meta(min_length=1, max_length=200)]
    owner: Annotated[Line, Meta(max_length=30)] = "ours:0"  # side:person
    due_on: Day = ""
