"""Settings: the keys that programs of the company call /api/v1 with."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, delete, get, post
from litestar.response import Redirect

from access import policy
from access.actions import make_api_key, revoke_api_key
from access.api_keys import SCOPES
from access.forms import NewApiKey
from access.words import SCOPE_NAMES
from core.clock import days_ago
from core.context import here
from core.database import rows
from core.errors import Refused
from core.forms import Form
from core.i18n import _
from core.pages import absolute, flash, page

HOME = "/staff/settings/api"


async def _shown(form: Form[NewApiKey], status: int = 200, key: str = "") -> Response[Any]:
    who = here().principal
    found = await policy.visible_api_keys(who).order_by("revoked_at", "-id").limit(200).prefetch_related("person")
    people = await policy.visible_staff(who).filter(state="active").order_by("family_kana", "id").limit(300)
    since = int(days_ago(1).timestamp()) // 60
    used = await rows("SELECT key_id, SUM(count) FROM api_use WHERE minute >= ? GROUP BY key_id", since)
    return page(
        "access/api-keys.html", status=status, form=form, keys=found, key=key, address=absolute("/api/v1"),
        people={str(one.id): one.full_name for one in people}, scopes={name: SCOPE_NAMES[name] for name in SCOPES},
        used={row[0]: row[1] for row in used}, lives=_lives(),
    )  # fmt: skip


def _lives() -> dict[str, str]:
    return {"30": _("30 days"), "90": _("90 days"), "365": _("One year"), "0": _("Until it is revoked")}


def _empty() -> Form[NewApiKey]:
    return Form(NewApiKey, initial={"person_id": here().principal.person_id})


class ApiKeyPages(Controller):
    path = HOME
    include_in_schema = False

    @get("/", may="settings.manage", needs_fresh=True)
    async def index(self) -> Response[Any]:
        return await _shown(_empty())

    @post("/", may="settings.manage", needs_fresh=True, shows_secret=True, status_code=200)
    async def make(self, request: Request[Any, Any, Any]) -> Response[Any]:
        form = Form(NewApiKey, await request.form())
        if not form.valid:
            return await _shown(form, 422)
        typed = form.data
        try:
            _made, key = await make_api_key(
                typed.name, list(typed.scopes), by=here().principal, person_id=typed.person_id,
                is_read_only=typed.is_read_only, days=int(typed.days) or None, per_minute=typed.per_minute,
            )  # fmt: skip
        except Refused as refused:
            form.add_error("scopes", refused.sentence)
            return await _shown(form, refused.status)
        # The key is shown on this page only: it is nowhere kept, so there is nothing to redirect to.
        return await _shown(_empty(), key=key)

    @delete("/{key_id:int}", may="settings.manage", needs_fresh=True, status_code=303)
    async def revoke(self, key_id: int) -> Response[Any]:
        await revoke_api_key(key_id, by=here().principal)
        flash(_("The key is revoked. Programs that use it are refused from now on."))
        return Redirect(HOME, status_code=303)


controllers = [ApiKeyPages]
