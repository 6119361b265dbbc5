"""How much each CSM has to look after, and which falls of health nobody has seen to yet."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Response, get
from tortoise.expressions import Subquery

from core.context import current_principal
from core.pages import page
from customers import capacity, health, policy
from customers.models import HealthAlert
from customers.pages.common import TIERS, tabs, words
from customers.rules import rule

SHOWN = 50


class TeamPages(Controller):
    path = "/staff/customers/team"

    @get("/", may="customers.read")
    async def show(self) -> Response[Any]:
        who = current_principal()
        visible = Subquery(policy.visible_accounts(who).values("id"))
        alerts = HealthAlert.filter(state="open", account_id__in=visible)
        return page(
            "customers/team.html", tabs=await tabs(), tiers=words(TIERS), loads=await capacity.loads(who),
            most=await rule("capacity"), band=health.band,
            unowned=await capacity.unowned() if who.all_accounts else {"high": 0},
            alerts=await alerts.select_related("account__csm").order_by("-id").limit(SHOWN), total=await alerts.count(),
        )  # fmt: skip
