"""A contract of an account: its end, and that it goes on after all."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.response import Redirect

from core.clock import local_day
from core.forms import Form, Line, Meta
from core.i18n import _
from core.pages import flash, page
from customers import end_reasons, ending
from customers.models import Contract
from customers.pages.common import around, the_account, words


class End(msgspec.Struct):
    ended_on: date
    reason: Literal["could_not_master", "cost", "missing_features", "competitor", "contact_changed", "business_ended",
                    "other"]  # fmt: skip
    note: Annotated[Line, Meta(max_length=300)] = ""


class Withdrawal(msgspec.Struct):
    why: Annotated[Line, Meta(min_length=1, max_length=300)]


class ContractPages(Controller):
    path = "/staff/customers/{account_id:int}/contracts/{contract_id:int}/end"

    @get("/", may="customers.write")
    async def show(self, account_id: int, contract_id: int) -> Response[Any]:
        contract = await _found(account_id, contract_id)
        initial = {"ended_on": contract.ended_on or local_day(), "reason": contract.end_reason,
                   "note": contract.end_note}  # fmt: skip
        return await _page(contract, Form(End, initial=initial))

    @post("/", may="customers.write", status_code=200)
    async def end(self, account_id: int, contract_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        contract = await _found(account_id, contract_id)
        form = Form(End, await request.form())
        if form.valid:
            given = form.data
            for name, sentence in ending.mistakes(contract, given.ended_on, given.reason, given.note).items():
                form.add_error(name, sentence)
        if not form.valid:
            return await _page(contract, form, 422)
        await ending.end(contract, form.data.ended_on, form.data.reason, form.data.note)
        flash(_("The end of the contract is written down."))
        return Redirect(f"/staff/customers/{account_id}", status_code=303)

    @post("/withdrawal", may="customers.write", status_code=200)
    async def withdraw(self, account_id: int, contract_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        contract = await _found(account_id, contract_id)
        form = Form(Withdrawal, await request.form())
        if not form.valid:
            return await _page(contract, Form(End, initial=contract), 422, form)
        await ending.take_back(contract, form.data.why)
        flash(_("The end is taken back: the contract is running."))
        return Redirect(f"/staff/customers/{account_id}", status_code=303)


async def _found(account_id: int, contract_id: int) -> Contract:
    await the_account(account_id)
    return await ending.find(account_id, contract_id)


async def _page(
    contract: Contract, form: Form[End], status: int = 200, back: Form[Withdrawal] | None = None
) -> Response[Any]:
    account = await the_account(contract.account_id)
    return page("customers/contract_end.html", status=status, **await around(account), contract=contract, form=form,
                back=back or Form(Withdrawal), reasons=words(end_reasons.REASONS))  # fmt: skip
