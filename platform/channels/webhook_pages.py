"""Settings: which systems are told of what happens here, and how the last messages went."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, Response, delete, get, post
from litestar.response import Redirect

from channels import webhooks
from channels.webhook_models import WebhookDelivery, WebhookTarget
from core.context import here
from core.errors import Refused
from core.forms import Form, Line, Meta
from core.i18n import _, lazy, moment
from core.listing import Choice, Column, Listing
from core.navigation import navigation
from core.pages import flash, page

HOME = "/staff/settings/webhooks"
STATES = {"waiting": lazy("Waiting"), "sent": lazy("Delivered"), "dead": lazy("Given up")}
navigation.add("settings", lazy("Webhooks"), HOME, may="settings.manage", icon="bolt", order=47, group=5)


class NewTarget(msgspec.Struct):
    name: Annotated[Line, Meta(max_length=80)]
    url: Annotated[Line, Meta(max_length=2000)]
    kinds: list[Line]


def _names() -> dict[str, str]:
    return {kind: str(words) for kind, words in webhooks.KINDS.items()}


async def _list(form: Form[NewTarget], status: int = 200, secret: str = "") -> Response[Any]:
    found = await WebhookTarget.exclude(state="ended").order_by("-id").limit(100)
    return page("channels/webhooks.html", status=status, form=form, found=found, secret=secret, kinds=_names())


class WebhookPages(Controller):
    path = HOME
    include_in_schema = False

    @get("/", may="settings.manage")
    async def index(self) -> Response[Any]:
        return await _list(Form(NewTarget))

    @post("/", may="settings.manage", needs_fresh=True, shows_secret=True, status_code=200)
    async def add(self, request: Request[Any, Any, Any]) -> Response[Any]:
        form = Form(NewTarget, await request.form())
        if not form.valid:
            return await _list(form, 422)
        try:
            _made, secret = await webhooks.subscribe(form.data.name, form.data.url, list(form.data.kinds),
                                                     by=here().principal)  # fmt: skip
        except Refused as refused:
            form.add_error("kinds" if set(form.data.kinds) - set(webhooks.KINDS) else "url", refused.sentence)
            return await _list(form, 422)
        return await _list(Form(NewTarget), secret=secret)

    @get("/{target_id:int}", may="settings.manage")
    async def one(self, target_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        return await _one(target_id, request)

    @post("/{target_id:int}/secret", may="settings.manage", needs_fresh=True, status_code=200)
    async def rotate(self, target_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        return await _one(target_id, request, await webhooks.rotate(target_id, by=here().principal))

    @post("/{target_id:int}/test", may="settings.manage", status_code=303)
    async def test(self, target_id: int) -> Response[Any]:
        await webhooks.target_of(target_id)
        await webhooks.test(target_id, by=here().principal)
        flash(_("A test is on its way. Reload the page to see how it went."))
        return Redirect(f"{HOME}/{target_id}", status_code=303)

    @post("/{target_id:int}/pause", may="settings.manage", status_code=303)
    async def pause(self, target_id: int) -> Response[Any]:
        await webhooks.set_state(target_id, "paused", by=here().principal)
        return Redirect(f"{HOME}/{target_id}", status_code=303)

    @delete("/{target_id:int}/pause", may="settings.manage", status_code=303)
    async def resume(self, target_id: int) -> Response[Any]:
        await webhooks.set_state(target_id, "active", by=here().principal)
        return Redirect(f"{HOME}/{target_id}", status_code=303)

    @delete("/{target_id:int}", may="settings.manage", needs_fresh=True, status_code=303)
    async def end(self, target_id: int) -> Response[Any]:
        await webhooks.set_state(target_id, "ended", by=here().principal)
        flash(_("It is told nothing any more."))
        return Redirect(HOME, status_code=303)

    @post("/{target_id:int}/replay", may="settings.manage", status_code=303)
    async def replay_dead(self, target_id: int) -> Response[Any]:
        await webhooks.replay(target_id, by=here().principal)
        flash(_("They are sent again now."))
        return Redirect(f"{HOME}/{target_id}", status_code=303)

    @post("/{target_id:int}/messages/{delivery_id:int}/replay", may="settings.manage", status_code=303)
    async def replay_one(self, target_id: int, delivery_id: int) -> Response[Any]:
        await webhooks.replay(target_id, delivery_id, by=here().principal)
        flash(_("They are sent again now."))
        return Redirect(f"{HOME}/{target_id}", status_code=303)


async def _one(target_id: int, request: Request[Any, Any, Any], secret: str = "") -> Response[Any]:
    target = await webhooks.target_of(target_id)
    states, names = {key: str(words) for key, words in STATES.items()}, _names() | {webhooks.TEST: _("Test")}
    sent = Listing(
        request, query=WebhookDelivery.filter(target_id=target_id),
        columns=[
            Column("created_at", _("When"), sort="id", format=moment), Column("kind", _("What"), head=True,
                   format=lambda kind: names.get(kind, kind)), Column("state", _("State")),
            Column("tries", _("Tries"), num=True, wide=True), Column("id", _("What you can do")),
        ],
        filters=[Choice("state", _("State"), states)], default_sort="-id", name="messages",
    )  # fmt: skip
    await sent.load()
    dead = await WebhookDelivery.filter(target_id=target_id, state="dead").count()
    return page("channels/webhook.html", target=target, sent=sent, states=states, names=names, dead=dead,
                secret=secret)  # fmt: skip


controllers = [WebhookPages]
