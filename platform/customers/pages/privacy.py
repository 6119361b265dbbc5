"""Who sees which field, and how long rows are kept."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.response import Redirect

from core.context import current_principal
from core.i18n import _, lazy, ngettext
from core.navigation import navigation
from core.pages import flash, page
from core.policy import ensure
from customers import policy, retention, seeing
from customers.rules import FieldRule, RetentionRule, rule


class PrivacyPages(Controller):
    path = "/staff/customers/privacy"

    @get("/", may="settings.manage")
    async def show(self) -> Response[Any]:
        given: RetentionRule = await rule("retention")
        return await self._page({table: str(days) for table, days in given.days.items()})

    async def _page(self, typed: dict[str, str], *, counted: dict[str, int] | None = None, mistake: str = "",
                    status: int = 200) -> Response[Any]:  # fmt: skip
        given: FieldRule = await rule("fields")
        return page(
            "customers/privacy.html", status=status, fields={name: str(label) for name, label in seeing.FIELDS.items()},
            roles=await seeing.roles(), hidden=given.hidden, tables=retention.tables(), typed=typed,
            counted=counted or {}, mistake=mistake,
        )  # fmt: skip

    @post("/fields", may="settings.manage")
    async def fields(self, request: Request[Any, Any, Any]) -> Redirect:
        ensure(policy.can_change_everything(current_principal()))
        data = await request.form()
        roles = [slug for slug, _name in await seeing.roles()]
        await seeing.hide({field: [slug for slug in roles if f"{field}|{slug}" not in data.getall("sees", [])]
                           for field in seeing.FIELDS})  # fmt: skip
        flash(_("Saved. It holds from the next page on."))
        return Redirect("/staff/customers/privacy", status_code=303)

    @post("/retention", may="settings.manage", status_code=200)
    async def retention(self, request: Request[Any, Any, Any]) -> Response[Any]:
        """`do=count` says what the next night would delete with these periods; `do=save` keeps them."""
        ensure(policy.can_change_everything(current_principal()))
        data = await request.form()
        typed = {one.table: str(data.get(one.table, "")).strip()[:6] for one in retention.tables()}
        periods, mistake = _periods(typed)
        if mistake:
            return await self._page(typed, mistake=mistake, status=422)
        counted = {table: await retention.would_go(table, days) for table, days in periods.items() if days is not None}
        if data.get("do") != "save":
            return await self._page(typed, counted=counted)
        await retention.set_periods(periods)
        gone = sum(counted.values())
        flash(ngettext("Saved. The next night deletes %(n)s row.", "Saved. The next night deletes %(n)s rows.", gone))
        return Redirect("/staff/customers/privacy", status_code=303)


def _periods(typed: dict[str, str]) -> tuple[dict[str, int | None], str]:
    """table → days, and the mistake if there is one."""
    found: dict[str, int | None] = {}
    for one in retention.tables():
        text = typed[one.table]
        found[one.table] = int(text) if text.isascii() and text.isdigit() else None
        days = found[one.table]
        if text and (days is None or not one.least <= days <= retention.MOST_DAYS):
            return found, _("“%(table)s” must be kept for at least %(days)s days.", table=str(one.label),
                            days=one.least)  # fmt: skip
    return found, ""


navigation.add("settings", lazy("Personal data"), "/staff/customers/privacy", may="settings.manage", icon="lock",
               order=42, group=2)  # fmt: skip
