"""Settings: which LINE channels and Slack workspaces are connected, how they are, what they do."""

from __future__ import annotations

import re
from typing import Any

from litestar import Controller, Request, Response, delete, get, post
from litestar.response import Redirect

from channels import checking, connections
from channels.connections import Known
from channels.fetching import checked_address
from channels.forms import LineSettings, NewLine, NewSlack, SlackSettings
from channels.mail_pages import MailServerPages
from channels.models import Connection
from channels.providers import providers
from channels.webhook_pages import WebhookPages
from core.audit import audit
from core.database import transaction
from core.errors import Refused
from core.forms import Form
from core.i18n import _, lazy
from core.navigation import navigation
from core.pages import absolute, flash, page
from core.refs import Ref

PLATFORMS = {"line": "LINE", "slack": "Slack"}
NEW: dict[str, Any] = {"line": NewLine, "slack": NewSlack}
STATES = {"active": lazy("Connected"), "paused": lazy("Paused"), "revoked": lazy("Removed")}
TEAM = re.compile(r"^([A-Z0-9]{4,20})\s*[=:]\s*(\d{1,15})$")

navigation.add("settings", lazy("Connections"), "/staff/settings/connections", may="settings.manage", icon="link",
               order=40, group=3)  # fmt: skip


class ConnectionPages(Controller):
    path = "/staff/settings/connections"
    include_in_schema = False

    @get("/", may="settings.manage")
    async def index(self) -> Response[Any]:
        found = await Connection.filter(kind__in=list(PLATFORMS)).order_by("kind", "id")
        return page("channels/connections.html", connections=found, platforms=PLATFORMS, states=STATES)

    @get("/new", may="settings.manage")
    async def new(self, kind: str = "line") -> Response[Any]:
        kind = kind if kind in NEW else "line"
        return page("channels/connect.html", kind=kind, form=Form(NEW[kind]), platforms=PLATFORMS,
                    webhook=webhook_of(kind))  # fmt: skip

    @post("/new/{kind:str}", may="settings.manage")
    async def create(self, request: Request[Any, Any, Any], kind: str) -> Response[Any]:
        kind = kind if kind in NEW else "line"
        form = Form(NEW[kind], await request.form())
        if form.valid:
            given = {key: getattr(form.data, key) for key in connections.NEEDED[kind]}
            try:
                made = await checking.connect(kind, form.data.name, given)
            except Refused as refused:
                form.fail(refused.sentence)
            else:
                flash(_("%(platform)s is connected.", platform=PLATFORMS[kind]))
                return Redirect(f"/staff/settings/connections/{made.id}", status_code=303)
        return page("channels/connect.html", status=422, kind=kind, form=form, platforms=PLATFORMS,
                    webhook=webhook_of(kind))  # fmt: skip

    @get("/{connection_id:int}", may="settings.manage")
    async def show(self, connection_id: int) -> Response[Any]:
        return await shown(connection_id)

    @post("/{connection_id:int}", may="settings.manage")
    async def change(self, request: Request[Any, Any, Any], connection_id: int) -> Response[Any]:
        known = await connections.by_id(connection_id)
        form = Form(LineSettings if known.kind == "line" else SlackSettings, await request.form())
        if not form.valid:
            return await shown(connection_id, form, 422)
        try:
            changed = settings_from(known, form.data)
        except Refused as refused:
            form.add_error("forward_to" if known.kind == "line" else "teams", refused.sentence)
            return await shown(connection_id, form, 422)
        async with transaction():
            await connections.change_settings(connection_id, **changed)
            await audit("change", Ref("connection", connection_id), before=known.settings, after=changed)
        flash(_("Saved."))
        return Redirect(f"/staff/settings/connections/{connection_id}", status_code=303)

    @post("/{connection_id:int}/check", may="settings.manage")
    async def check(self, connection_id: int) -> Response[Any]:
        try:
            await checking.check(connection_id)
        except Refused as refused:
            flash(_("It does not work: %(reason)s", reason=refused.sentence), tone="bad")
        else:
            flash(_("It works."))
        return Redirect(f"/staff/settings/connections/{connection_id}", status_code=303)

    @post("/{connection_id:int}/pause", may="settings.manage")
    async def pause(self, connection_id: int) -> Response[Any]:
        await connections.set_state(connection_id, "paused")
        flash(_("Paused. What arrives is kept and not answered."))
        return Redirect(f"/staff/settings/connections/{connection_id}", status_code=303)

    @delete("/{connection_id:int}/pause", may="settings.manage", status_code=303)
    async def resume(self, connection_id: int) -> Response[Any]:
        await connections.set_state(connection_id, "active")
        flash(_("It is connected again."))
        return Redirect(f"/staff/settings/connections/{connection_id}", status_code=303)

    @delete("/{connection_id:int}", may="settings.manage", status_code=303)
    async def remove(self, connection_id: int) -> Response[Any]:
        await connections.set_state(connection_id, "revoked")
        flash(_("Removed. Its conversations stay."))
        return Redirect("/staff/settings/connections", status_code=303)


def webhook_of(kind: str) -> str:
    return absolute("/line/webhook" if kind == "line" else "/slack/events")


async def shown(connection_id: int, form: Form[Any] | None = None, status: int = 200) -> Response[Any]:
    connection = await Connection.get_or_none(id=connection_id, kind__in=list(PLATFORMS))
    known = await connections.by_id(connection_id if connection else 0)
    if form is None:
        form = Form(LineSettings if known.kind == "line" else SlackSettings, initial=as_typed(known))
    return page("channels/connection.html", status=status, connection=connection, form=form, platforms=PLATFORMS,
                states=STATES, webhook=webhook_of(known.kind), quota=known.settings.get("quota"),
                peers=await peers_of(known))  # fmt: skip


async def peers_of(known: Known) -> list[str]:
    """The names of other LINE channels that know people by the same ids."""
    ids = [one for one in (await providers()).peers(known.id) if one != known.id]
    return [one.name for one in await Connection.filter(id__in=ids).order_by("id")] if ids else []


def as_typed(known: Known) -> dict[str, str]:
    teams = known.settings.get("teams") or {}
    return {
        "provider": str(known.settings.get("provider") or ""),
        "forward_to": str(known.settings.get("forward_to") or ""),
        "teams": "\n".join(f"{team} = {account}" for team, account in teams.items()),
        "trusts_email": "\n".join(known.settings.get("trusts_email") or []),
    }


def settings_from(known: Known, typed: Any) -> dict[str, Any]:
    """Raises Refused with what to write instead."""
    if known.kind == "line":
        target = typed.forward_to.strip()
        return {"forward_to": checked_address(target) if target else None, "provider": typed.provider.strip() or None}
    teams: dict[str, int] = {}
    for row in filter(None, (row.strip() for row in typed.teams.splitlines())):
        found = TEAM.match(row)
        if not found:
            raise Refused(_("Write one workspace a line, such as T0123456 = 42."))
        teams[found.group(1)] = int(found.group(2))
    return {"teams": teams, "trusts_email": typed.trusts_email.split()}


controllers = [ConnectionPages, MailServerPages, WebhookPages]
