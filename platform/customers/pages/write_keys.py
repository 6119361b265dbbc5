"""Settings: the keys that systems send product events with."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from litestar import Controller, Request, Response, delete, get, post
from litestar.response import Redirect

from core.forms import Form, Line, Meta
from core.i18n import _, lazy
from core.navigation import navigation
from core.pages import absolute, flash, page
from customers.models import WriteKey
from customers.tracking import keys

WHERE = {"server": lazy("On a server, where nobody else reads it"), "browser": lazy("In a web page or an app")}


class NewKey(msgspec.Struct):
    name: Annotated[Line, Meta(min_length=1, max_length=120)]
    source: Annotated[Line, Meta(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9_.\-]+$",
                                 description="Use letters, digits, dots and hyphens.")] = "app"  # fmt: skip
    where: Literal["server", "browser"] = "server"


class WriteKeyPages(Controller):
    path = "/staff/settings/tracking"
    include_in_schema = False

    @get("/", may="settings.manage")
    async def index(self) -> Response[Any]:
        return await shown(Form(NewKey))

    @post("/", may="settings.manage", shows_secret=True, status_code=200)
    async def make(self, request: Request[Any, Any, Any]) -> Response[Any]:
        form = Form(NewKey, await request.form())
        if not form.valid:
            return await shown(form, 422)
        _made, key = await keys.make(form.data.source, form.data.name, form.data.where == "server")
        # The key is shown on this page only: it is nowhere kept, so there is nothing to redirect to.
        return await shown(Form(NewKey), key=key)

    @delete("/{key_id:int}", may="settings.manage", status_code=303)
    async def revoke(self, key_id: int) -> Response[Any]:
        await keys.revoke(key_id)
        flash(_("The key is revoked. What it sent stays."))
        return Redirect("/staff/settings/tracking", status_code=303)


async def shown(form: Form[NewKey], status: int = 200, key: str = "") -> Response[Any]:
    await keys.write_all_down()
    found = await WriteKey.all().order_by("revoked_at", "-id").limit(100)
    return page("customers/write_keys.html", status=status, form=form, keys=found, key=key, host=absolute("/"),
                where={name: str(label) for name, label in WHERE.items()})  # fmt: skip


navigation.add("settings", lazy("Product events"), "/staff/settings/tracking", may="settings.manage", icon="chart",
               order=45, group=5)  # fmt: skip
