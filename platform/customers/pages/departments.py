"""Settings: which Slack channel hears of what, and what was posted there."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, Response, delete, get, post
from litestar.response import Redirect

from channels.connections import all_of
from core.errors import NotFound, Refused
from core.forms import Form, Line, Meta
from core.i18n import LANGUAGES, _, lazy
from core.navigation import navigation
from core.pages import flash, page
from customers.departments import KINDS, choosing, posting
from customers.departments.kinds import sentence_of
from customers.departments.standing import REASONS
from customers.models import Department, DepartmentPost
from customers.segments.vocabulary import TIERS

HOME = "/staff/settings/departments"
STATES = {
    "waiting": lazy("Waiting"),
    "attempting": lazy("Waiting"),
    "sent": lazy("Delivered"),
    "failed": lazy("Not accepted"),
    "uncertain": lazy("May have arrived"),
    "skipped": lazy("Not posted"),
    "lapsed": lazy("Not true any more"),
}
navigation.add("settings", lazy("Channels of departments"), HOME, may="settings.manage", icon="hash", order=46, group=5)


class Wanted(msgspec.Struct):
    name: Annotated[Line, Meta(max_length=80)]
    connection: int
    channel: Annotated[Line, Meta(max_length=40)]
    kinds: list[Line]
    tiers: list[Line] = []
    language: Annotated[Line, Meta(max_length=8)] = "ja"
    version: int = 0


class DepartmentPages(Controller):
    path = HOME
    include_in_schema = False

    @get("/", may="settings.manage")
    async def index(self) -> Response[Any]:
        return await _page(None, Form(Wanted, initial={"language": "ja"}))

    @post("/", may="settings.manage", status_code=200)
    async def add(self, request: Request[Any, Any, Any]) -> Response[Any]:
        return await _save(None, await request.form())

    @get("/{department_id:int}", may="settings.manage")
    async def one(self, department_id: int) -> Response[Any]:
        found = await choosing.find(department_id)
        return await _page(found, Form(Wanted, initial=_written(found)))

    @post("/{department_id:int}", may="settings.manage", status_code=200)
    async def change(self, department_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        return await _save(await choosing.find(department_id), await request.form())

    @post("/{department_id:int}/test", may="settings.manage", status_code=303)
    async def test(self, department_id: int) -> Redirect:
        await posting.test(await choosing.find(department_id))
        flash(_("A test is on its way. Reload the page to see how it went."))
        return Redirect(f"{HOME}/{department_id}", status_code=303)

    @post("/{department_id:int}/posts/{post_id:int}/repetition", may="settings.manage", status_code=303)
    async def again(self, department_id: int, post_id: int) -> Redirect:
        found = await choosing.find(department_id)
        one = await DepartmentPost.get_or_none(id=post_id, department_id=found.id)
        if one is None:
            raise NotFound(_("There is no such message."))
        flash(_("It is posted again.") if await posting.again(one) else _("It is on its way, or has arrived."))
        return Redirect(f"{HOME}/{department_id}", status_code=303)

    @post("/{department_id:int}/pause", may="settings.manage", status_code=303)
    async def pause(self, department_id: int) -> Redirect:
        await choosing.set_state(await choosing.find(department_id), "paused")
        return Redirect(f"{HOME}/{department_id}", status_code=303)

    @delete("/{department_id:int}/pause", may="settings.manage", status_code=303)
    async def resume(self, department_id: int) -> Redirect:
        await choosing.set_state(await choosing.find(department_id), "active")
        return Redirect(f"{HOME}/{department_id}", status_code=303)

    @delete("/{department_id:int}", may="settings.manage", status_code=303)
    async def end(self, department_id: int) -> Redirect:
        await choosing.set_state(await choosing.find(department_id), "ended")
        flash(_("It is told nothing any more."))
        return Redirect(HOME, status_code=303)


def _written(found: Department) -> dict[str, Any]:
    return {"name": found.name, "connection": found.connection_id, "channel": found.channel, "kinds": found.kinds,
            "tiers": found.tiers, "language": found.language, "version": found.version}  # fmt: skip


async def _save(department: Department | None, data: Any) -> Response[Any]:
    form = Form(Wanted, data)
    if form.valid:
        said = form.data
        chosen = choosing.Chosen(said.name, said.connection, said.channel.upper(), list(said.kinds), list(said.tiers),
                                 said.language)  # fmt: skip
        try:
            if department is None:
                department = await choosing.add(chosen)
            else:
                await choosing.change(department, chosen, said.version)
        except Refused as refused:
            if refused.status != 422:
                raise
            form.fail(refused.sentence)
        else:
            flash(_("Saved. Send a test to see whether it arrives."))
            return Redirect(f"{HOME}/{department.id}", status_code=303)
    return await _page(department, form, 422)


async def _page(department: Department | None, form: Form[Wanted], status: int = 200) -> Response[Any]:
    teams = [(one.id, one.name) for one in await all_of("slack")]
    posts = await choosing.posts_of(department) if department else []
    return page(
        "customers/department.html" if department else "customers/departments.html", status=status, form=form,
        found=await Department.exclude(state="ended").order_by("name", "id"), department=department, home=HOME,
        teams=teams, kinds={name: str(words) for name, words in KINDS.items()}, languages=LANGUAGES,
        tiers={name: str(words) for name, words in TIERS}, posts=posts, states=STATES, reasons=REASONS,
        sentence_of=sentence_of,
    )  # fmt: skip
