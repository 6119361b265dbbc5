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
