"""The product that embeds us: the snippet, the secret, its sites, the pauses between guides."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, delete, get, post
from litestar.response import Redirect

from core.context import here
from core.errors import Refused
from core.forms import Form
from core.i18n import _
from core.pages import flash, page
from core.policy import ensure
from core.settings import settings
from guides import policy, product, script
from guides.models import Product
from guides.pages.forms import ProductForm


class ProductPages(Controller):
    path = "/staff/settings/guides"

    @get("/", may="settings.manage")
    async def show(self) -> Response[Any]:
        ensure(policy.can_manage_product(here().principal))
        found = await product.product_of(here().principal.brand)
        return _page(found, Form(ProductForm, initial=_initial(found)))

    @post("/", may="settings.manage", status_code=200)
    async def keep(self, request: Request[Any, Any, Any]) -> Response[Any]:
        found = await product.product_of(here().principal.brand)
        form = Form(ProductForm, await request.form())
        if not form.valid:
            return _page(found, form, 422)
        data = form.data
        origins = [line for line in data.origins.splitlines() if line.strip()]
        try:
            await product.change(found, origins=origins, has_launcher=data.has_launcher, gap_hours=data.gap_hours,
                                 survey_gap_days=data.survey_gap_days, miss_visits=data.miss_visits,
                                 miss_share=data.miss_share)  # fmt: skip
        except Refused as refusal:
            form.add_error("origins", refusal.sentence)
            return _page(found, form, refusal.status)
        flash(_("The product is saved."))
        return Redirect("/staff/settings/guides", status_code=303)


class SecretPages(Controller):
    path = "/staff/settings/guides/secret"

    @post("/", may="settings.manage", status_code=200)
    async def rotate(self) -> Response[Any]:
        await product.rotate_secret(await product.product_of(here().principal.brand))
        flash(_("There is a new secret. The one before still counts."))
        return Redirect("/staff/settings/guides", status_code=303)

    @delete("/", may="settings.manage", status_code=200)
    async def drop(self) -> Response[Any]:
        await product.drop_old_secret(await product.product_of(here().principal.brand))
        flash(_("The secret before counts no more."))
        return Redirect("/staff/settings/guides", status_code=303)


def _initial(found: Product) -> dict[str, Any]:
    return {"origins": "\n".join(found.origins), "has_launcher": found.has_launcher, "gap_hours": found.gap_hours,
            "survey_gap_days": found.survey_gap_days, "miss_visits": found.miss_visits,
            "miss_share": found.miss_share}  # fmt: skip


def _page(found: Product, form: Any, status: int = 200) -> Response[Any]:
    secrets, today = product.secrets_of(found), script.current()
    snippet = (f'<script src="{settings().url.rstrip("/")}/w/{today.hash}/engawa.js"\n  integrity="{today.integrity}"\n'
               f'  crossorigin="anonymous" defer\n  data-key="{found.key}"\n  data-token="…"></script>')  # fmt: skip
    return page("guides/settings.html", status=status, form=form, product=found, secret=secrets[0],
                has_older=len(secrets) > 1, snippet=snippet, origin=settings().url.rstrip("/"),
                size=round(len(today.zipped) / 1024, 1))  # fmt: skip
