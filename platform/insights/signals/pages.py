"""Signs of churn: what says that a customer will leave, and how much; a segment of it in one click."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.response import Redirect

from core.context import current_principal
from core.database import transaction
from core.errors import NotFound
from core.i18n import _
from core.pages import flash, page
from core.policy import ensure
from customers import segments
from customers.models import Segment
from customers.rules import HealthRule, rule
from insights import policy
from insights.signals.rounds import FEWEST, FEWEST_WITH, LONGEST, kept, work_out
from insights.signals.signs import Sign, signs_of

BASE = "/staff/insights/signals"


class SignPages(Controller):
    path = BASE
    include_in_schema = False

    @get("/", may="insights.read")
    async def show(self) -> Response[Any]:
        from insights.pages import tabs

        ensure(policy.can_read(current_principal(), "signals"))
        known, found = await _known(), await kept()
        shown = [(one, known[one.name]) for one in found.found if one.name in known] if found else []
        return page("insights/signals.html", made=found, shown=shown, fewest=FEWEST,
                    fewest_with=FEWEST_WITH, farthest=LONGEST - LONGEST % 7,
                    sections=tabs(), base=BASE, may_save=current_principal().may("customers.write"))  # fmt: skip

    @post("/rounds", may="insights.read")
    async def work_out(self) -> Redirect:
        """Now, not in the night."""
        ensure(policy.can_read(current_principal(), "signals"))
        async with transaction():
            await work_out.later(key="signals")
        flash(_("The signs are being worked out. Reload the page in a moment."))
        return Redirect(BASE, status_code=303)

    @post("/segments", may="customers.write")
    async def segment(self, request: Request[Any, Any, Any]) -> Redirect:
        """Customers of today who show the sign, as a segment."""
        ensure(policy.can_read(current_principal(), "signals"))
        sign = (await _known()).get(str((await request.form()).get("sign", "")))
        if sign is None or sign.tree is None:
            raise NotFound(_("There is no segment for this sign."))
        name = _("Sign of churn: %(sign)s", sign=sign.label())[:120]
        made = await Segment.filter(name=name, state="active").order_by("id").first()  # pressed twice, or last month
        if made is None:
            made = await segments.save(name, sign.tree)
            flash(_("A segment of the customers who show this sign today is made."))
        return Redirect(f"/staff/customers/segments/{made.id}", status_code=303)


async def _known() -> dict[str, Sign]:
    given: HealthRule = await rule("health")
    return {one.name: one for one in signs_of(given)}


controllers = [SignPages]
