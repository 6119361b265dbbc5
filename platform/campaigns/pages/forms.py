"""What staff may type."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from litestar.datastructures import UploadFile

from core.context import here
from core.forms import Email, Line, Meta, Text
from core.i18n import _
from customers.models import Segment, Topic

Name = Annotated[Line, Meta(min_length=1, max_length=120)]


class NewCampaign(msgspec.Struct):
    name: Name
    topic: Line
    kind: Literal["newsletter", "announcement"] = "newsletter"
    channels: Literal["email", "line", "line_first", "email_first"] = "email"


class ContentForm(msgspec.Struct):
    subject: Annotated[Line, Meta(min_length=1)]
    mjml: Annotated[str, Meta(min_length=1, max_length=200_000)]
    preheader: Line = ""
    text: Annotated[str, Meta(max_length=100_000)] = ""


# Three LINE messages; of each: what it is, its words, and what a card has beside them.
Address = Annotated[str, Meta(max_length=1000, extra={"kind": "line"})]
_texts: dict[str, Any] = {"text": Annotated[str, Meta(max_length=10_000)], "title": Line, "picture": Address,
                          "label1": Line, "target1": Address, "label2": Line, "target2": Address}  # fmt: skip
LineForm = msgspec.defstruct("LineForm", [
    field for n in (1, 2, 3) for field in (
        (f"line{n}_kind", Literal["", "text", "card"], "text" if n == 1 else ""),
        *((f"line{n}_{name}", kind, "") for name, kind in _texts.items()),
        (f"line{n}_file", UploadFile | None, None),
    )
], module=__name__)  # fmt: skip


class RecipientsForm(msgspec.Struct):
    name: Name
    topic: Line
    segment_id: int | None = None
    from_name: Annotated[Line, Meta(max_length=120)] = ""
    tracking: Literal["off", "aggregate", "individual"] = "aggregate"
    when_uncertain: Literal["leave", "resend"] = "leave"
    is_public: bool = False


class SenderForm(msgspec.Struct):
    name: Name
    email: Email
    address: Annotated[Line, Meta(min_length=1)]
    contact: Annotated[Line, Meta(min_length=1)]


class PilotForm(msgspec.Struct):
    group_name: Name
    segment_id: int | None = None
    addresses: Text = ""


class VerdictForm(msgspec.Struct):
    passed: Literal["yes", "no"]
    note: Annotated[Text, Meta(min_length=1, max_length=2000)]


class ScheduleForm(msgspec.Struct):
    at: Literal["now", "later"] = "now"
    due_at: datetime | None = None


async def topics() -> dict[str, str]:
    named = "name_ja" if here().language == "ja" else "name_en"
    return {one.slug: getattr(one, named) for one in await Topic.all().order_by("position", "id")}


async def segment_choices(*, only_static: bool = False) -> dict[str, str]:
    found = Segment.filter(state="active")
    if only_static:
        found = found.filter(is_static=True)
    return {str(one.id): one.name for one in await found.order_by("name")}


def trackings() -> dict[str, str]:
    return {"off": _("Do not count links"), "aggregate": _("Count links, not who"),
            "individual": _("Also who, where the person allowed it")}  # fmt: skip


def policies() -> dict[str, str]:
    return {"leave": _("Leave it to a person"), "resend": _("Send again (may arrive twice)")}


class NewJourney(msgspec.Struct):
    name: Name
    topic: Line
    segment_id: int


class JourneyRules(msgspec.Struct):
    """`change`: the state of the journey that was read."""

    name: Name
    topic: Line
    change: int
    segment_id: int | None = None
    takes_present: bool = False
    again_after: Annotated[int, Meta(ge=0, le=3650)] | None = None
    goal_event: Annotated[Line, Meta(max_length=120)] = ""
    goal_segment_id: int | None = None
    leaves_with_segment: bool = False


class JourneyPilotForm(PilotForm):
    is_fast: bool = False


Days = Annotated[int, Meta(ge=1, le=365)]


class StepForm(msgspec.Struct, kw_only=True):
    """What every step's form holds: the state of the journey that was read."""

    change: int


class SendForm(StepForm, kw_only=True):
    mail: Annotated[Line, Meta(min_length=1, max_length=120)]


class WaitForm(StepForm, kw_only=True):
    how: Literal["for", "until"] = "for"
    days: Annotated[int, Meta(ge=0, le=365)] = 0
    hours: Annotated[int, Meta(ge=0, le=23)] = 0
    weekday: Annotated[int, Meta(ge=0, le=7)] = 0
    hour: Annotated[int, Meta(ge=0, le=23)] = 9


class WaitForForm(StepForm, kw_only=True):
    what: Literal["event", "click", "segment"] = "event"
    event: Annotated[Line, Meta(max_length=120)] = ""
    segment: int | None = None
    days: Days


class SplitForm(StepForm, kw_only=True):
    segment: int


class AgainForm(StepForm, kw_only=True):
    subject: Annotated[Line, Meta(min_length=1)]
    days: Days
    times: Annotated[int, Meta(ge=1, le=5)]


class TaskForm(StepForm, kw_only=True):
    title: Annotated[Line, Meta(min_length=1, max_length=150)]
    days: Annotated[int, Meta(ge=0, le=365)]


class LeaveForm(StepForm, kw_only=True):
    pass


STEP_FORMS: dict[str, type[StepForm]] = {
    "send": SendForm, "wait": WaitForm, "wait_for": WaitForForm, "split": SplitForm, "again": AgainForm,
    "task": TaskForm, "leave": LeaveForm,
}  # fmt: skip


class TakeOutForm(msgspec.Struct):
    reason: Annotated[Line, Meta(min_length=1)]
