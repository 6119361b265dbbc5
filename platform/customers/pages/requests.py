"""One request: who said what, whose it is, what was decided; changed, decided about, merged."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from litestar import Controller, Request, Response, delete, get, post
from litestar.response import Redirect

from core.context import current_principal
from core.forms import Form, Meta, Text
from core.i18n import _
from core.listing import Column, Listing
from core.pages import flash, page
from core.policy import ensure
from customers import policy, seeing
from customers.models import Decision, ProductRequest
from customers.pages.common import words
from customers.pages.request_list import NewRequest, check_owner, request_form
from customers.requests import deciding, ranking, similar, sources, telling, writing
from customers.requests.words import STATUSES, TONES, URL, WAYS


class Verdict(msgspec.Struct):
    status: Literal["open", "reviewing", "planned", "shipped", "declined"]
    message: Annotated[Text, Meta(max_length=500)] = ""
    reason: Annotated[Text, Meta(max_length=500)] = ""
    tells: bool = False
    in_conversations: Literal["notice", "reply", "none"] = "notice"
    version: int = 0


class Into(msgspec.Struct):
    into: Annotated[int, Meta(ge=1)]


def shared(request: ProductRequest) -> dict[str, Any]:
    who = current_principal()
    return {"request": request, "statuses": words(STATUSES), "tones": TONES, "base": f"{URL}/{request.id}",
            "may_decide": bool(policy.can_decide_request(who)),
            "may_change": bool(policy.can_change_request(who, request))}  # fmt: skip


async def voices_of(request: Any, found: ProductRequest) -> Listing:
    seen = policy.visible_voices(current_principal()).filter(request_id=found.id)
    listed = Listing(request, query=seen.select_related("account", "person", "added_by"),
                     columns=[Column("said_at", _("Said"), sort=True)], default_sort="-said_at",
                     name="voices")  # fmt: skip
    return await listed.load()


class RequestPages(Controller):
    path = f"{URL}/{{request_id:int}}"

    @get("/", may="customers.read")
    async def show(self, request_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        found, who = await writing.find(request_id), current_principal()
        if found.merged_into_id and not request.query_params.get("merged"):
            return Redirect(f"{URL}/{found.merged_into_id}", status_code=303)
        sight, voices = await seeing.sight(), await voices_of(request, found)
        money = sight.sees("account.money")
        weight = (await ranking.weights([found.id], with_money=money)).get(found.id, ranking.Weight())
        decisions = await Decision.filter(request_id=found.id).select_related("by").order_by("-id").limit(20)
        return page(
            "customers/request.html", **shared(found), voices=voices, links=await sources.links(voices.rows),
            label_of=sources.label_of, sight=sight, weight=weight, weights=ranking.WEIGHTS, recent=ranking.RECENT,
            unit=await ranking.currency() if money else "", behind=await ranking.accounts_behind(found.id),
            decisions=decisions, told=await telling.counts([one.id for one in decisions]),
            merged=await writing.merged_here(found.id),
            changeable={one.id for one in voices.rows if policy.can_change_voice(who, one)},
        )  # fmt: skip

    @get("/edit", may="customers.read")
    async def edit(self, request_id: int) -> Response[Any]:
        found = await self._changeable(request_id)
        initial = {name: getattr(found, name) for name in ("title", "description", "area")}
        form = Form(NewRequest, initial=initial | {"owner_id": found.owner_id or 0})
        return await request_form(form, f"{URL}/{found.id}", _("Change the request"), of=found)

    @post("/edit", may="customers.read", status_code=200)
    async def save(self, request_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        found = await self._changeable(request_id)
        form = Form(NewRequest, await request.form())
        if form.valid and form.data.owner_id != (found.owner_id or 0):
            await check_owner(form)
        if not form.valid:
            return await request_form(form, f"{URL}/{found.id}", _("Change the request"), status=422, of=found)
        await writing.change(found, writing.Wanted(**msgspec.structs.asdict(form.data)))
        flash(_("Saved."))
        return Redirect(f"{URL}/{found.id}", status_code=303)

    async def _changeable(self, request_id: int) -> ProductRequest:
        found = await writing.find(request_id)
        ensure(policy.can_change_request(current_principal(), found))
        return found

    @get("/decision", may="customers.write")
    async def consider(self, request_id: int) -> Response[Any]:
        found = await self._decidable(request_id)
        initial = {"status": "", "tells": True, "version": found.version, "in_conversations": "notice"}
        return await self._decision(found, Form(Verdict, initial=initial))

    @post("/decision", may="customers.write", status_code=200)
    async def decide(self, request_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        found = await self._decidable(request_id)
        form = Form(Verdict, await request.form())
        if form.valid and form.data.tells and form.data.status in deciding.TOLD and not form.data.message.strip():
            form.add_error("message", _("Write the sentence that customers read."))
        if form.valid and form.data.status == found.status:
            form.add_error("status", _("The request is in this state already."))
        if not form.valid:
            return await self._decision(found, form, 422)
        said = msgspec.structs.asdict(form.data)
        found.version = said.pop("version")
        decision = await deciding.decide(found, deciding.Verdict(**said))
        flash(_("Decided. Those who asked are being told.") if decision.tells else _("Decided."))
        return Redirect(f"{URL}/{found.id}", status_code=303)

    async def _decidable(self, request_id: int) -> ProductRequest:
        ensure(policy.can_decide_request(current_principal()))
        return await writing.find(request_id)

    async def _decision(self, found: ProductRequest, form: Form[Verdict], status: int = 200) -> Response[Any]:
        next_ones = {value: label for value, label in words(STATUSES).items() if value != found.status}
        ways = words(WAYS)
        if not current_principal().may("inbox.answer"):
            ways.pop("reply")
        return page("customers/request_decision.html", status=status, **shared(found), form=form, ways=ways,
                    next_ones=next_ones, askers=await telling.asking(found.id))  # fmt: skip

    @get("/merge", may="customers.write")
    async def choose(self, request_id: int, q: str = "") -> Response[Any]:
        return await self._merge(await self._decidable(request_id), q, Form(Into))

    @post("/merge", may="customers.write", status_code=200)
    async def merge(self, request_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        found = await self._decidable(request_id)
        form = Form(Into, await request.form())
        if not form.valid:
            return await self._merge(found, "", form, 422)
        await writing.merge(found.id, form.data.into)
        flash(_("Merged. It can be undone on this page."))
        return Redirect(f"{URL}/{form.data.into}", status_code=303)

    async def _merge(self, found: ProductRequest, q: str, form: Form[Into], status: int = 200) -> Response[Any]:
        text = q.strip()[:200] or f"{found.title} {found.description}"
        near = await similar.find(text, 8, without=found.id)
        return page("customers/request_merge.html", status=status, **shared(found), form=form, q=q, near=near,
                    counts=await ranking.weights([one.id for one in near], with_money=False))  # fmt: skip

    @delete("/merge", may="customers.write", status_code=200)
    async def undo(self, request_id: int) -> Redirect:
        await self._decidable(request_id)
        await writing.undo_merge(request_id)
        flash(_("It is a request of its own again."))
        return Redirect(f"{URL}/{request_id}", status_code=303)
