"""What the company is called, who its mail comes from, and what the law wants in it."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.response import Redirect

from access import brands
from access.forms import BrandForm
from core.context import here
from core.forms import Form
from core.i18n import _
from core.pages import flash, page


class BrandPages(Controller):
    path = "/staff/settings/brand"

    @get("/", may="settings.manage", include_in_schema=False)
    async def show(self) -> Response[Any]:
        return page("access/brand.html", form=Form(BrandForm, initial=await brands.default_brand()))

    @post("/", may="settings.manage", status_code=200, include_in_schema=False)
    async def save(self, request: Request[Any, Any, Any]) -> Response[Any]:
        form = Form(BrandForm, await request.form())
        if not form.valid:
            return page("access/brand.html", status=422, form=form)
        await brands.change(form.data, by=here().principal)
        flash(_("Saved."))
        return Redirect("/staff/settings/brand", status_code=303)


controllers = [BrandPages]
