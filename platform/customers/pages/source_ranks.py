"""Settings: whose word counts when two systems say different things about a field."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, Response, delete, get, post
from litestar.response import Redirect

from core.forms import Form, Line, Meta
from core.i18n import _, lazy
from core.navigation import navigation
from core.pages import flash, page
from customers import precedence
from customers.imports.headings import FIELD_LABELS
from customers.models import SourceRank

PATH = "/staff/settings/sources"


class NewRank(msgspec.Struct):
    source: Annotated[Line, Meta(min_length=1, max_length=60)]
    rank: Annotated[int, Meta(ge=1, le=999)]
    field: str = ""

    def __post_init__(self) -> None:
        if self.field and self.field not in precedence.FIELDS:
            raise ValueError(_("Choose one of the list."))


class SourceRankPages(Controller):
    path = PATH
    include_in_schema = False

    @get("/", may="settings.manage")
    async def index(self) -> Response[Any]:
        return await shown(Form(NewRank, initial={"rank": 1}))

    @post("/", may="settings.manage", status_code=200)
    async def add(self, request: Request[Any, Any, Any]) -> Response[Any]:
        form = Form(NewRank, await request.form())
        if not form.valid:
            return await shown(form, 422)
        await precedence.set_rank(form.data.source, form.data.field, form.data.rank)
        flash(_("Saved. It counts from the next import on."))
        return Redirect(PATH, status_code=303)

    @delete("/{rank_id:int}", may="settings.manage", status_code=303)
    async def remove(self, rank_id: int) -> Response[Any]:
        await precedence.forget_rank(rank_id)
        flash(_("The order without it counts from the next import on."))
        return Redirect(PATH, status_code=303)


async def shown(form: Form[NewRank], status: int = 200) -> Response[Any]:
    ranks = await SourceRank.all().order_by("field", "rank", "source").limit(500)
    fields = {name: str(FIELD_LABELS[name]) for name in precedence.FIELDS}
    return page("customers/source_ranks.html", status=status, form=form, ranks=ranks, fields=fields,
                sources={name: name for name in await precedence.sources()})  # fmt: skip


navigation.add("settings", lazy("Whose word counts"), PATH, may="settings.manage", icon="list", order=46, group=2)
