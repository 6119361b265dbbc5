"""What whoever looks after an account decides there: its phase, their pulse, and that a fall has been seen to."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.response import Redirect

from core.forms import Form, Line, Meta
from core.i18n import _
from core.pages import flash, page
from customers import alerts, phases, pulses, seeing
from customers.models import Account
from customers.pages.common import a_coming_day, around, the_account


class Choice(msgspec.Struct):
    phase: Literal["onboarding", "adoption", "expansion", "renewal", "churned"]
    reason: Annotated[Line, Meta(min_length=2, max_length=200)]
    until: Annotated[str, Meta(max_length=10)] = ""


class NewPulse(msgspec.Struct):
    state: Literal["good", "watch", "risk"]
    note: Annotated[Line, Meta(min_length=2, max_length=500)]


class Seen(msgspec.Struct):
    note: Annotated[Line, Meta(max_length=500)] = ""


class SteeringPages(Controller):
    path = "/staff/customers/{account_id:int}"

    @get("/phase", may="customers.write")
    async def phase(self, account_id: int) -> Response[Any]:
        account = await the_account(account_id)
        return await self._phase(account, Form(Choice, initial={"phase": account.phase}))

    @post("/phase", may="customers.write", status_code=200)
    async def choose(self, account_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        account = await the_account(account_id)
        form = Form(Choice, await request.form())
        until = a_coming_day(form)
        if not form.valid:
            return await self._phase(account, form, 422)
        await phases.choose(account_id, form.data.phase, form.data.reason, until)
        flash(_("The phase is set."))
        return Redirect(f"/staff/customers/{account_id}", status_code=303)

    async def _phase(self, account: Account, form: Form[Choice], status: int = 200) -> Response[Any]:
        return page("customers/account_phase.html", status=status, **await around(account), form=form,
                    held=phases.held_by(account))  # fmt: skip

    @post("/phase/rule", may="customers.write")
    async def rule(self, account_id: int) -> Redirect:
        await the_account(account_id)
        await phases.back_to_rule(account_id)
        flash(_("The entry rules decide the phase again."))
        return Redirect(f"/staff/customers/{account_id}", status_code=303)

    @get("/pulse", may="customers.read")
    async def pulses(self, account_id: int) -> Response[Any]:
        return await self._pulse(await the_account(account_id), Form(NewPulse))

    @post("/pulse", may="customers.write", status_code=200)
    async def give(self, account_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        account = await the_account(account_id)
        form = Form(NewPulse, await request.form())
        if not form.valid:
            return await self._pulse(account, form, 422)
        await pulses.give(account_id, form.data.state, form.data.note)
        flash(_("Your pulse is written down, and the health is worked out with it."))
        return Redirect(f"/staff/customers/{account_id}", status_code=303)

    async def _pulse(self, account: Account, form: Form[NewPulse], status: int = 200) -> Response[Any]:
        return page("customers/account_pulse.html", status=status, **await around(account), form=form,
                    given=await pulses.of(account.id, 50) if (await seeing.sight()).sees("notes") else [])  # fmt: skip

    @post("/alerts/{alert_id:int}/acknowledgement", may="customers.write", status_code=200)
    async def acknowledge(self, account_id: int, alert_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        await the_account(account_id)
        form = Form(Seen, await request.form())
        if form.valid:
            await alerts.acknowledge(account_id, alert_id, form.data.note)
            flash(_("Noted. The same fall will not be told again."))
        else:
            flash(form.errors.get("note", form.failure), "bad")
        return Redirect(f"/staff/customers/{account_id}", status_code=303)
