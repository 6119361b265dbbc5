"""The settings of identity providers."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, delete, get, post
from litestar.response import Redirect

from access import oidc, policy
from access.actions import oidc_providers
from access.forms import ChangedProvider, NewProvider
from access.oidc_models import OidcProvider
from core.context import here
from core.errors import Conflict, Refused
from core.forms import Form
from core.i18n import _
from core.pages import absolute, flash, page

HOME = "/staff/settings/oidc"


async def _list(form: Form[NewProvider], status: int = 200) -> Response[Any]:
    found = await policy.visible_oidc_providers(here().principal).order_by("ended_at", "-id").limit(100)
    return page("access/oidc.html", status=status, form=form, found=found,
                back=absolute("/sign-in/with/…/back"))  # fmt: skip


async def _one(provider: OidcProvider, form: Form[ChangedProvider], status: int = 200) -> Response[Any]:
    return page("access/oidc-provider.html", status=status, provider=provider, form=form,
                back=oidc.redirect_uri(provider))  # fmt: skip


class ProviderPages(Controller):
    path = HOME
    include_in_schema = False

    @get("/", may="settings.manage", needs_fresh=True)
    async def index(self) -> Response[Any]:
        return await _list(Form(NewProvider))

    @post("/", may="settings.manage", needs_fresh=True, status_code=200)
    async def connect(self, request: Request[Any, Any, Any]) -> Response[Any]:
        form = Form(NewProvider, await request.form())
        if not form.valid:
            return await _list(form, 422)
        try:
            made = await oidc_providers.connect(form.data, by=here().principal)
        except Refused as refused:
            if isinstance(refused, Conflict):
                form.add_error("slug", refused.sentence)
            form.fail(refused.sentence)
            return await _list(form, refused.status)
        flash(_("The provider is connected. Try it in another browser before you tell people."))
        return Redirect(f"{HOME}/{made.id}", status_code=303)

    @get("/{provider_id:int}", may="settings.manage", needs_fresh=True)
    async def one(self, provider_id: int) -> Response[Any]:
        provider = await oidc_providers.one(provider_id)
        kept = {name: getattr(provider, name) for name in oidc_providers.KEPT}
        return await _one(provider, Form(ChangedProvider, initial=kept | {"domains": "\n".join(provider.domains)}))

    @post("/{provider_id:int}", may="settings.manage", needs_fresh=True, status_code=200)
    async def change(self, provider_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        provider = await oidc_providers.one(provider_id)
        form = Form(ChangedProvider, await request.form())
        if not form.valid:
            return await _one(provider, form, 422)
        try:
            await oidc_providers.change(provider_id, form.data, by=here().principal)
        except Refused as refused:
            form.fail(refused.sentence)
            return await _one(provider, form, refused.status)
        flash(_("Saved."))
        return Redirect(f"{HOME}/{provider_id}", status_code=303)

    @delete("/{provider_id:int}", may="settings.manage", needs_fresh=True, status_code=303)
    async def end(self, provider_id: int) -> Response[Any]:
        await oidc_providers.end(provider_id, by=here().principal)
        flash(_("Nobody comes in this way any more."))
        return Redirect(HOME, status_code=303)


controllers = [ProviderPages]
