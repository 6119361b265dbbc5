"""The budget of attention: its limits and quiet hours, and who was held back, and why."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.response import Redirect
from tortoise.expressions import Subquery

from core.audit import audit
from core.context import current_principal
from core.forms import Form, Line, Meta
from core.i18n import _, lazy, moment
from core.listing import Choice, Column, Listing, Period
from core.navigation import navigation
from core.pages import flash, page
from core.policy import ensure
from core.refs import Ref
from customers import planned, policy
from customers.attention import CHANNELS, KINDS, REASONS, STATES, TONES, kind_of
from customers.models import TouchHold
from customers.pages import common
from customers.pages.common import CHANNELS as CHANNEL_WORDS
from customers.rules import AttentionRule, ChannelRule, QuietRule, rule, set_rule

Most = Annotated[int, Meta(ge=0, le=1000)]
RULES: dict[str, type[Any]] = {"attention": AttentionRule, "channels": ChannelRule, "quiet": QuietRule}


class Limits(msgspec.Struct):
    per_day: Most
    per_week: Most
    per_month: Most
    quiet_from: Line
    quiet_until: Line
    spread_minutes: Annotated[int, Meta(ge=0, le=480)]
    worth_hours: Annotated[int, Meta(ge=1, le=720)]
    email_day: Most = 0
    email_week: Most = 0
    email_month: Most = 0
    line_day: Most = 0
    line_week: Most = 0
    line_month: Most = 0
    slack_day: Most = 0
    slack_week: Most = 0
    slack_month: Most = 0
    in_app_day: Most = 0
    in_app_week: Most = 0
    in_app_month: Most = 0


def _hours(form: Form[Limits]) -> dict[str, str]:
    found = {}
    for name, said in (("quiet_from", form.data.quiet_from), ("quiet_until", form.data.quiet_until)):
        try:
            found[name] = time.fromisoformat(said).strftime("%H:%M")
        except ValueError:
            form.add_error(name, _("Write an hour such as 21:00."))
    return found


class AttentionPages(Controller):
    path = "/staff/customers/attention"

    @get("/", may="settings.manage")
    async def show(self) -> Response[Any]:
        initial: dict[str, Any] = {}
        for name in RULES:
            initial |= msgspec.structs.asdict(await rule(name))
        return self._page(Form(Limits, initial=initial))

    def _page(self, form: Form[Limits], status: int = 200) -> Response[Any]:
        return page("customers/attention.html", status=status, form=form, kinds=KINDS,
                    channels=[(name, str(CHANNEL_WORDS[name])) for name in CHANNELS])  # fmt: skip

    @post("/", may="settings.manage", status_code=200)
    async def save(self, request: Request[Any, Any, Any]) -> Response[Any]:
        ensure(policy.can_change_everything(current_principal()))
        form = Form(Limits, await request.form())
        hours = _hours(form) if form.valid else {}
        if not form.valid:
            return self._page(form, 422)
        said: dict[str, Any] = msgspec.structs.asdict(form.data) | hours
        for name, kind in RULES.items():
            made = kind(**{field: said[field] for field in kind.__struct_fields__})
            if made != await rule(name):
                await set_rule(name, made)
        flash(_("Saved. It holds for everything that is sent from now on."))
        return Redirect("/staff/customers/attention", status_code=303)


class HoldPages(Controller):
    path = "/staff/customers/holds"

    @get("/", may="customers.read")
    async def index(self, request: Request[Any, Any, Any]) -> Any:
        visible = Subquery(policy.visible_people(current_principal()).values("id"))
        query = TouchHold.filter(person_id__in=visible)
        found = Listing(
            request, query=query.select_related("person"), columns=_columns(),
            filters=[
                Choice("state", _("State"), common.words(STATES), many=True),
                Choice("reason", _("Reason"), common.words(REASONS), many=True),
                Choice("channel", _("Channel"), {name: str(CHANNEL_WORDS[name]) for name in CHANNELS}),
                Choice("kind", _("Kind"), {name: str(kind.label) for name, kind in KINDS.items() if not kind.passes}),
                Period("changed_at", _("When")),
            ],
            default_sort="-changed_at", exportable=True, name="holds",
        )  # fmt: skip
        if found.wants_csv:
            await audit("holds.export", Ref("rule", 0), note=str(request.url.query)[:300])
            return found.csv("held-back")
        await found.load()
        titles = await planned.titles({Ref(one.about_kind, one.about_id) for one in found.rows})
        return page("customers/holds.html", holds=found, tabs=await common.tabs(), titles=titles, states=STATES,
                    tones=TONES, reasons=REASONS, ref=Ref)  # fmt: skip


def _columns() -> list[Column]:
    return [
        Column("person", _("Person"), head=True, value=lambda one: one.person.full_name,
               href=lambda one: f"/staff/customers/people/{one.person_id}/touches"),
        Column("kind", _("Message"), value=lambda one: str(kind_of(one.kind).label)),
        Column("channel", _("Channel"), wide=True, value=lambda one: CHANNEL_WORDS.get(one.channel, one.channel)),
        Column("reason", _("Held back by"), wide=True, value=lambda one: str(REASONS.get(one.reason, one.reason))),
        Column("state", _("State"), value=lambda one: str(STATES.get(one.state, one.state))),
        Column("times", _("Times"), num=True, wide=True),
        Column("release_at", _("Sent again at"), num=True, wide=True, format=moment),
        Column("changed_at", _("When"), sort=True, num=True, wide=True, format=moment),
    ]  # fmt: skip


navigation.add("settings", lazy("Attention and quiet hours"), "/staff/customers/attention", may="settings.manage",
               icon="clock", order=41, group=4)  # fmt: skip
