"""A person's data handed out, or erased."""

from __future__ import annotations

import json
from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.response import Redirect

from core.context import current_principal
from core.forms import Form, Line, Meta
from core.i18n import _
from core.pages import flash, page
from core.policy import ensure
from customers import policy, privacy
from customers.pages.common import the_person


class Erasure(msgspec.Struct):
    reason: Annotated[Line, Meta(min_length=3, max_length=200)]


class PersonalDataPages(Controller):
    path = "/staff/customers/people"

    @get("/{person_id:int}/data", may="customers.write")
    async def show(self, person_id: int) -> Response[Any]:
        ensure(policy.can_change_everything(current_principal()))
        person = await the_person(person_id)
        return page("customers/person_erasure.html", person=person, form=Form(Erasure))

    @get("/{person_id:int}/data.json", may="customers.write")
    async def download(self, person_id: int) -> Response[Any]:
        ensure(policy.can_change_everything(current_principal()))
        await the_person(person_id)
        said = json.dumps(await privacy.export(person_id), ensure_ascii=False, indent=2, default=str)
        return Response(said, media_type="application/json",
                        headers={"content-disposition": f'attachment; filename="person-{person_id}.json"'})  # fmt: skip

    @post("/{person_id:int}/erasure", may="customers.write", status_code=200)
    async def erase(self, person_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        ensure(policy.can_change_everything(current_principal()))
        person = await the_person(person_id)
        form = Form(Erasure, await request.form())
        if not form.valid:
            return page("customers/person_erasure.html", status=422, person=person, form=form)
        await privacy.erase(person_id, form.data.reason)
        flash(_("The person is erased."))
        return Redirect("/staff/customers/people", status_code=303)
