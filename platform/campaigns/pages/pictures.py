"""Pictures for the body of a newsletter."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.response import Redirect

from campaigns import actions
from campaigns.models import Campaign
from campaigns.pages.around import campaign_page
from campaigns.pictures import add_picture, pictures_of
from core.errors import Refused
from core.forms import Form, Meta
from core.i18n import _, ngettext
from core.pages import flash


class PicturesForm(msgspec.Struct):
    pictures: Annotated[list[UploadFile], Meta(min_length=1)]


class PicturePages(Controller):
    path = "/staff/campaigns/{campaign_id:int}/pictures"

    @get("/", may="campaigns.read")
    async def show(self, campaign_id: int) -> Response[Any]:
        return await _page(await actions.find(campaign_id), Form(PicturesForm))

    @post("/", may="campaigns.write", status_code=200)
    async def add(self, campaign_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        campaign, form = await actions.find(campaign_id), Form(PicturesForm, await request.form())
        if not form.valid or not form.data.pictures:
            form.errors.setdefault("pictures", _("Choose a file."))
            return await _page(campaign, form, status=422)
        for n, file in enumerate(form.data.pictures):
            try:
                await add_picture(campaign, await file.read(), file.filename)
            except Refused as refused:
                form.add_error("pictures", f"{file.filename[:80]}: {refused.sentence}" if n else refused.sentence)
                return await _page(campaign, form, status=refused.status)
        n = len(form.data.pictures)
        flash(ngettext("%(n)s picture is here.", "%(n)s pictures are here.", n))
        return Redirect(f"/staff/campaigns/{campaign.id}/pictures", status_code=303)


async def _page(campaign: Campaign, form: Form[PicturesForm], *, status: int = 200) -> Response[Any]:
    return await campaign_page("pictures", campaign, "content", status=status, form=form,
                               pictures=await pictures_of(campaign))  # fmt: skip
