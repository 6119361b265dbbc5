"""What a person may type in the community."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from community.rules import BODY, CALLS_AFTER, TITLE
from core.forms import Line, Meta

Title = Annotated[Line, Meta(max_length=TITLE[1])]
Body = Annotated[str, Meta(max_length=BODY[1])]
Key = Annotated[str, Meta(max_length=64)]
Note = Annotated[str, Meta(max_length=500)]


class Question(msgspec.Struct):
    title: Title
    body: Body
    board: Annotated[str, Meta(max_length=60)]
    tags: Line = ""
    watch: bool = False
    key: Key = ""


class Reply(msgspec.Struct):
    body: Body
    key: Key = ""


class Edit(msgspec.Struct):
    body: Body
    version: int


class Retitle(msgspec.Struct):
    title: Title
    version: int
    tags: Line = ""


class Reason(msgspec.Struct):
    reason: Line
    note: Note = ""


class Resolution(msgspec.Struct):
    decision: Literal["agreed", "rejected"]
    reason: Line = ""
    note: Note = ""


class Move(msgspec.Struct):
    board: int
    note: Note = ""


class Pin(msgspec.Struct):
    days: Annotated[int, Meta(ge=1, le=365)] = 7


class PauseForm(msgspec.Struct):
    reason: Line
    hours: Annotated[int, Meta(ge=1, le=720)] = 24


class Level(msgspec.Struct):
    level: Literal["muted", "normal", "tracking", "watching"] = "watching"


class Status(msgspec.Struct):
    status: Line


class DraftForm(msgspec.Struct):
    draft: Annotated[str, Meta(max_length=60)]
    sequence: int = 0
    title: Line = ""
    body: Body = ""
    tags: Line = ""
    board: Line = ""


class BoardForm(msgspec.Struct):
    slug: Annotated[Line, Meta(max_length=60)]
    name_ja: Annotated[Line, Meta(max_length=80)]
    name_en: Annotated[Line, Meta(max_length=80)]
    description_ja: Line = ""
    description_en: Line = ""
    kind: Literal["question", "discussion", "idea", "announcement"] = "question"
    audience: Literal["public", "members", "group", "accounts", "staff"] = "public"
    accounts: Line = ""
    posting: Literal["members", "staff"] = "members"
    holds: Literal["nobody", "newcomers"] = "nobody"
    calls_after: Annotated[int, Meta(ge=0, le=168)] = CALLS_AFTER
    parent: str = ""
    position: int = 0
    state: Literal["open", "archived"] = "open"


class GrantForm(msgspec.Struct):
    email: Line
    board: int
    reason: Line
    months: Annotated[int, Meta(ge=1, le=12)] = 12
