"""What staff may type."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from litestar.datastructures import UploadFile

from core.forms import Line, Meta, Text
from customers.models import Segment

Name = Annotated[Line, Meta(min_length=1, max_length=120)]
Short = Annotated[Line, Meta(max_length=80)]


class NewGuide(msgspec.Struct):
    name: Name
    kind: Literal["banner", "modal", "tooltip", "checklist", "survey"]
    locale: Literal["ja", "en"] = "ja"


class StepForm(msgspec.Struct):
    """`version` is the guide's when the page was made: nobody overwrites what they have not seen."""

    title: Name
    version: int = 0
    picture: UploadFile | None = None
    without_picture: bool = False
    alt: Annotated[Line, Meta(max_length=200)] = ""
    text: Annotated[Text, Meta(max_length=1000)] = ""
    button: Short = ""
    link: Annotated[Line, Meta(max_length=1000)] = ""
    selectors: Annotated[str, Meta(max_length=2000)] = ""
    placement: Literal["", "bottom", "top", "right", "left"] = ""
    event: Annotated[Line, Meta(max_length=120)] = ""
    low: Short = ""
    high: Short = ""
    follow_up: Annotated[Line, Meta(max_length=120)] = ""
    thanks: Annotated[Line, Meta(max_length=200)] = ""


class AudienceForm(msgspec.Struct):
    name: Name
    version: int = 0
    segment_id: int | None = None
    urls: Annotated[str, Meta(max_length=6000)] = ""
    on: Literal["load", "event"] = "load"
    event: Annotated[Line, Meta(max_length=120)] = ""
    after: Annotated[int, Meta(ge=0, le=600)] = 0
    frequency: Literal["once", "until_closed", "repeat"] = "once"
    every_days: Annotated[int, Meta(ge=1, le=730)] = 30
    most_views: Annotated[int, Meta(ge=1, le=100)] = 3
    priority: Annotated[int, Meta(ge=0, le=100)] = 50
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    goal: Annotated[Line, Meta(max_length=120)] = ""
    goal_days: Annotated[int, Meta(ge=1, le=90)] = 14
    holdout: Annotated[int, Meta(ge=0, le=50)] = 0


class PilotForm(msgspec.Struct):
    group_name: Name
    segment_id: int | None = None
    addresses: Text = ""


class VerdictForm(msgspec.Struct):
    passed: Literal["yes", "no"]
    note: Annotated[Text, Meta(min_length=1, max_length=2000)]


class ProductForm(msgspec.Struct):
    origins: Annotated[str, Meta(max_length=4000)] = ""
    has_launcher: bool = False
    gap_hours: Annotated[int, Meta(ge=0, le=720)] = 24
    survey_gap_days: Annotated[int, Meta(ge=0, le=730)] = 90
    miss_visits: Annotated[int, Meta(ge=0, le=100_000)] = 20
    miss_share: Annotated[int, Meta(ge=1, le=100)] = 50


async def segment_choices(*, only_static: bool = False) -> dict[str, str]:
    found = Segment.filter(state="active")
    if only_static:
        found = found.filter(is_static=True)
    return {str(one.id): one.name for one in await found.order_by("name")}
