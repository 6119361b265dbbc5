"""What staff type about searches."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import msgspec

from core.forms import Line, Meta

_between = re.compile(r"[、,，\n]")


class SynonymForm(msgspec.Struct):
    """Words with 、 or a comma between them; `one_way`: the first also finds the others."""

    words: Annotated[Line, Meta(max_length=400)]
    direction: Literal["two_way", "one_way"] = "two_way"
    brand: Annotated[Line, Meta(max_length=64)] = "default"

    def each(self) -> tuple[str, ...]:
        return tuple(word.strip() for word in _between.split(self.words) if word.strip())

    @property
    def is_two_way(self) -> bool:
        return self.direction == "two_way"


class StopWordForm(msgspec.Struct):
    word: Annotated[Line, Meta(max_length=100)]
    brand: Annotated[Line, Meta(max_length=64)] = "default"


class PinForm(msgspec.Struct):
    """`what`: `article:7`, an address, or a title."""

    query: Annotated[Line, Meta(max_length=200)]
    what: Annotated[Line, Meta(max_length=300)]
    position: Annotated[int, Meta(ge=1, le=10)] = 1
    is_contained: bool = False
    brand: Annotated[Line, Meta(max_length=64)] = "default"
    next: str = ""


class HideForm(msgspec.Struct):
    """An empty `query` hides in every search."""

    what: Annotated[Line, Meta(max_length=300)]
    query: Annotated[Line, Meta(max_length=200)] = ""
    brand: Annotated[Line, Meta(max_length=64)] = "default"
    next: str = ""
