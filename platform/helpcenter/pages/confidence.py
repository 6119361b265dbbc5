"""The confidence page: how far search can be trusted, from which probability it answers, learning anew."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.response import Redirect

from core.context import here
from core.database import transaction
from core.errors import Refused
from core.forms import Form, Meta
from core.i18n import _
from core.pages import flash, page, url
from core.policy import ensure
from helpcenter import policy, trusting, tuning
from helpcenter.pages.around import staff_tabs
from search import reliability_of, set_bands, trust_of
from search.jobs import retrain

HOME = "/staff/articles/confidence"


class BandsForm(msgspec.Struct):
    """In percent."""

    answer: Annotated[int, Meta(ge=1, le=99)] = 65
    candidates: Annotated[int, Meta(ge=1, le=99)] = 25
    brand: str = ""


class ConfidencePages(Controller):
    path = HOME

    @get("/", may="help.write")
    async def index(self, brand: str = "") -> Response[Any]:
        return await _front(await tuning.chosen_brand(brand))

    @post("/bands", may="help.write")
    async def bands(self, request: Request[Any, Any, Any]) -> Response[Any]:
        form = Form(BandsForm, await request.form())
        brand = await tuning.chosen_brand(form.value("brand"))
        if not form.valid:
            return await _front(brand, form, 422)
        said = form.data
        try:
            await set_bands(here().principal, brand, said.answer / 100, said.candidates / 100)
        except Refused as refusal:
            form.fail(refusal.sentence)
            return await _front(brand, form, 422)
        flash(_("From now on, search answers from %(n)s %% on.", n=said.answer))
        return Redirect(_at(brand), status_code=303)

    @post("/training", may="help.write")
    async def train(self, request: Request[Any, Any, Any]) -> Redirect:
        ensure(policy.can_write(here().principal))
        brand = await tuning.chosen_brand(str((await request.form()).get("brand", "")))
        async with transaction():
            await retrain.later(brand=brand, key=f"retrain:{brand}")
        flash(_("Search is learning. Look again in a minute."))
        return Redirect(_at(brand), status_code=303)


def _at(brand: str) -> str:
    return url(HOME, brand=brand if brand != here().principal.brand else None)


async def _front(brand: str, form: Form[BandsForm] | None = None, status: int = 200) -> Response[Any]:
    trust, seen = await trust_of(brand), await reliability_of(brand)
    start = {"answer": trusting.percent(trust.answer), "candidates": trusting.percent(trust.candidates), "brand": brand}
    return page(
        "helpcenter/confidence.html", status=status, trust=trust, seen=seen, drawn=trusting.drawn(seen, trust),
        chosen=brand, brands=await tuning.brands(), form=form or Form(BandsForm, initial=start),
        tabs=await staff_tabs(),
    )  # fmt: skip
