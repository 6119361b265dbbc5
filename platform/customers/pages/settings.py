"""The rules of this room: tiers, health, capacity."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.response import Redirect

from core.context import current_principal
from core.forms import Form, Line, Meta
from core.i18n import _, lazy
from core.navigation import navigation
from core.pages import flash, page
from core.policy import ensure
from customers import jobs, policy, tiers
from customers.calibration import calibration
from customers.rules import CapacityRule, HealthRule, TierRule, rule, set_rule


class Rules(msgspec.Struct):
    high_from: Annotated[int, Meta(ge=0)]
    low_from: Annotated[int, Meta(ge=0)]
    monthly_churn_permille: Annotated[int, Meta(ge=0, le=1000)]
    horizon_months: Annotated[int, Meta(ge=1, le=600)]
    login: Annotated[Line, Meta(min_length=1, max_length=120)]
    login_days_goal: Annotated[int, Meta(ge=1, le=28)]
    core_features: Line = ""
    half_life_days: Annotated[int, Meta(ge=1, le=3650)] = 90
    drop_points: Annotated[int, Meta(ge=0, le=100)] = 10
    high: Annotated[int, Meta(ge=1, le=1_000_000)] = 10
    low: Annotated[int, Meta(ge=1, le=1_000_000)] = 50
    tech: Annotated[int, Meta(ge=1, le=1_000_000)] = 1000

    def __post_init__(self) -> None:
        if self.low_from > self.high_from:
            raise ValueError(_("Low touch must begin below high touch."))


KINDS: dict[str, type[Any]] = {"tiers": TierRule, "health": HealthRule, "capacity": CapacityRule}


class RulePages(Controller):
    path = "/staff/customers/rules"

    @get("/", may="settings.manage")
    async def show(self) -> Response[Any]:
        initial: dict[str, Any] = {}
        for name in KINDS:
            initial |= msgspec.structs.asdict(await rule(name))
        initial["core_features"] = ", ".join(initial["core_features"])
        return await self._page(Form(Rules, initial=initial))

    async def _page(self, form: Form[Rules], status: int = 200) -> Response[Any]:
        given: TierRule = await rule("tiers")
        return page("customers/rules.html", status=status, form=form, months=round(tiers.expected_months(given), 1),
                    judged=await calibration())  # fmt: skip

    @post("/", may="settings.manage", status_code=200)
    async def save(self, request: Request[Any, Any, Any]) -> Response[Any]:
        ensure(policy.can_change_everything(current_principal()))
        form = Form(Rules, await request.form())
        if not form.valid:
            return await self._page(form, 422)
        said = msgspec.structs.asdict(form.data)
        features = tuple(
            word.strip() for word in said.pop("core_features").replace("、", ",").split(",") if word.strip()
        )
        for name, kind in KINDS.items():
            values = {field: said[field] for field in kind.__struct_fields__ if field in said}
            values |= {"core_features": features} if kind is HealthRule else {}
            await set_rule(name, msgspec.structs.replace(await rule(name), **values))
        await jobs.recompute_tiers.later(key="rules")
        await jobs.score_health.later(key="rules")
        flash(_("Saved. Tiers and health are worked out again now."))
        return Redirect("/staff/customers/rules", status_code=303)


navigation.add("settings", lazy("Tiers and health"), "/staff/customers/rules", may="settings.manage",
               icon="people", order=40, group=2)  # fmt: skip
