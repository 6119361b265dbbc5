"""Settings: addresses that other systems send to, the mapping from what they send, and what became of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from litestar import Controller, Request, Response, delete, get, post
from litestar.response import Redirect

from core.errors import Refused
from core.forms import Form, Line, Meta
from core.i18n import _, lazy
from core.navigation import navigation
from core.pages import absolute, flash, page
from customers.imports.headings import FIELD_LABELS, FIELDS, KINDS
from customers.imports.rows import Outcome
from customers.incoming import hooks, receiving, working
from customers.incoming.paths import paths_in, read_body, rows_in
from customers.models import IncomingBody, IncomingHook
from customers.pages.common import words

PATH = "/staff/settings/incoming"
OUTCOMES = {"created": lazy("Created"), "updated": lazy("Changed"), "unchanged": lazy("Unchanged"),
            "review": lazy("To review"), "refused": lazy("Refused")}  # fmt: skip


class Receiving(Controller):
    path = "/in"
    include_in_schema = False

    @post("/{key:str}", may="anyone", exclude_from_csrf=True, status_code=200)
    async def take(self, key: str, request: Request[Any, Any, Any]) -> dict[str, Any]:
        """200 once the body is committed."""
        is_new = await receiving.receive(key, await request.body(), request.headers)
        return {"received": True, "repeated": not is_new}


class NewHook(msgspec.Struct):
    name: Annotated[Line, Meta(min_length=1, max_length=120)]
    source: Annotated[Line, Meta(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9_.\-]+$",
                                 description="Use letters, digits, dots and hyphens.")]  # fmt: skip
    kind: Literal["accounts", "people", "contracts", "purchases"] = "people"
    signing_secret: Annotated[str, Meta(max_length=200)] = ""
    header: Annotated[Line, Meta(max_length=60, pattern=r"^[A-Za-z0-9\-]*$")] = ""


class IncomingPages(Controller):
    path = PATH
    include_in_schema = False

    @get("/", may="settings.manage")
    async def index(self) -> Response[Any]:
        return await shown(Form(NewHook))

    @post("/", may="settings.manage", shows_secret=True, status_code=200)
    async def make(self, request: Request[Any, Any, Any]) -> Response[Any]:
        form = Form(NewHook, await request.form())
        if not form.valid:
            return await shown(form, 422)
        data = form.data
        made, key = await hooks.make(data.name, data.source, data.kind, data.signing_secret, data.header)
        # The address is shown on this page only: its secret is nowhere kept, so there is nothing to redirect to.
        return await shown(Form(NewHook), address=absolute(f"/in/{key}"), made=made)

    @get("/{hook_id:int}", may="settings.manage")
    async def show(self, hook_id: int) -> Response[Any]:
        return await drawn(await hooks.hook_of(hook_id))

    @delete("/{hook_id:int}", may="settings.manage", status_code=303)
    async def revoke(self, hook_id: int) -> Response[Any]:
        await hooks.revoke(hook_id)
        flash(_("The address is closed. What it brought stays."))
        return Redirect(PATH, status_code=303)

    @post("/{hook_id:int}/mapping", may="settings.manage", status_code=200)
    async def draw(self, hook_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        data = await request.form()
        hook = await hooks.hook_of(hook_id)
        mapping = {field: str(data.get(f"path-{field}", "")) for field in FIELDS[hook.kind]}
        await hooks.draw(hook_id, mapping, str(data.get("list_path", "")), str(data.get("id_path", "")))
        flash(_("Saved. Below stands what the last body would become."))
        return Redirect(f"{PATH}/{hook_id}", status_code=303)

    @post("/{hook_id:int}/work", may="settings.manage", status_code=200)
    async def switch_on(self, hook_id: int) -> Response[Any]:
        return await self._switched(hook_id, True)

    @delete("/{hook_id:int}/work", may="settings.manage", status_code=303)
    async def switch_off(self, hook_id: int) -> Response[Any]:
        return await self._switched(hook_id, False)

    async def _switched(self, hook_id: int, is_on: bool) -> Response[Any]:
        try:
            await hooks.switch(hook_id, is_on)
        except Refused as refused:
            return await drawn(await hooks.hook_of(hook_id), refused.sentence, 422)
        flash(_("On. What waits is worked on now.") if is_on else _("Off. What comes waits."))
        return Redirect(f"{PATH}/{hook_id}", status_code=303)

    @post("/{hook_id:int}/replay", may="settings.manage", status_code=303)
    async def replay_failed(self, hook_id: int) -> Response[Any]:
        await hooks.replay(hook_id)
        flash(_("They are worked on again."))
        return Redirect(f"{PATH}/{hook_id}", status_code=303)

    @get("/{hook_id:int}/bodies/{body_id:int}", may="settings.manage")
    async def body(self, hook_id: int, body_id: int) -> Response[Any]:
        hook, one = await hooks.hook_of(hook_id), await hooks.body_of(hook_id, body_id)
        return page("customers/incoming_body.html", hook=hook, one=one, states=states(), outcomes=words(OUTCOMES))

    @post("/{hook_id:int}/bodies/{body_id:int}/replay", may="settings.manage", status_code=303)
    async def replay(self, hook_id: int, body_id: int) -> Response[Any]:
        await hooks.replay(hook_id, body_id)
        flash(_("They are worked on again."))
        return Redirect(f"{PATH}/{hook_id}", status_code=303)


def states() -> dict[str, str]:
    return {"waiting": _("Waits its turn"), "done": _("Done"), "failed": _("Could not be taken")}


async def shown(form: Form[NewHook], status: int = 200, address: str = "", made: Any = None) -> Response[Any]:
    found = await IncomingHook.all().order_by("revoked_at", "-id").limit(100)
    return page("customers/incoming.html", status=status, form=form, hooks=found, address=address, made=made,
                kinds=words(KINDS))  # fmt: skip


async def drawn(hook: IncomingHook, mistake: str = "", status: int = 200) -> Response[Any]:
    bodies = await hooks.last_bodies(hook.id)
    paths, preview, problem = await looked_at(hook, bodies[0]) if bodies else ({}, [], "")
    return page(
        "customers/incoming_hook.html", status=status, hook=hook, bodies=bodies, paths=paths, preview=preview,
        mistake=mistake, problem=problem, states=states(), outcomes=words(OUTCOMES), kinds=words(KINDS),
        fields={field: str(FIELD_LABELS[field]) for field in FIELDS[hook.kind]},
        waiting=await working.waiting_count(hook.id),
    )  # fmt: skip


async def looked_at(hook: IncomingHook, one: IncomingBody) -> tuple[dict[str, str], list[Outcome], str]:
    """The paths of the last body's first record, what its records would become, and what stands against it."""
    try:
        records = rows_in(read_body(one.body.encode(), one.content_type), hook.list_path)
        paths = paths_in(records[0]) if records else {}
    except Refused as refused:
        return paths_in(read_body(one.body.encode(), one.content_type)), [], refused.sentence
    if not hook.mapping:
        return paths, [], ""
    return paths, (await working.outcomes_of(hook, one, dry=True))[:10], ""


navigation.add("settings", lazy("Incoming webhooks"), PATH, may="settings.manage", icon="down", order=47, group=5)
