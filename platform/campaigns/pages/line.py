"""The LINE side of a campaign: its channels, its messages, how they look in the talk."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.response import Redirect

from campaigns import actions, policy
from campaigns.compose import Mistakes
from campaigns.line.content import BUTTONS, MOST, Button, Message, messages_of
from campaigns.line.starter import starter
from campaigns.models import Campaign, Revision
from campaigns.pages.around import LINE_PREVIEW_POLICY, campaign_page
from campaigns.pages.forms import LineForm
from campaigns.pages.people import some_recipients, visible_person
from core.context import here
from core.errors import Refused
from core.forms import Form
from core.i18n import _
from core.media import store_image
from core.pages import flash, page
from core.policy import ensure

SENDABLE = ("image/png", "image/jpeg")  # LINE shows no others


class LinePages(Controller):
    path = "/staff/campaigns/{campaign_id:int}"

    @post("/channels", may="campaigns.write", status_code=200)
    async def choose(self, campaign_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        campaign = await actions.find(campaign_id)
        chosen = str((await request.form()).get("channels", ""))
        await actions.choose_channels(campaign, chosen)
        flash(_("The channels are saved."))
        return Redirect(f"/staff/campaigns/{campaign.id}/content{'/line' if chosen == 'line' else ''}", status_code=303)

    @get("/content/line", may="campaigns.read")
    async def content(self, campaign_id: int, person: int | None = None) -> Response[Any]:
        campaign = await actions.find(campaign_id)
        revision = await Revision.get_or_none(id=campaign.revision_id) if campaign.revision_id else None
        kept = messages_of(revision.line) if revision else ()
        return await _shown(campaign, Form(LineForm, initial=typed(kept or starter(campaign.locale))), person)

    @post("/content/line", may="campaigns.write", status_code=200)
    async def keep(self, campaign_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        campaign = await actions.find(campaign_id)
        ensure(policy.can_write(here().principal))
        form = Form(LineForm, await request.form())
        if not form.valid:
            return await _shown(campaign, form, None, status=422)
        try:
            pictures = await _uploaded(form)
            if form.valid:
                await actions.keep_line(campaign, messages_from(form.data, pictures))
        except Mistakes as mistakes:
            for one in mistakes.problems:
                form.add_error(one.part, one.sentence)
        except Refused as refusal:
            form.fail(refusal.sentence)
        if not form.valid:
            return await _shown(campaign, form, None, status=422)
        flash(_("The content is saved."))
        return Redirect(f"/staff/campaigns/{campaign.id}/content/line", status_code=303)

    @get("/preview/line", may="campaigns.read")
    async def preview(self, campaign_id: int, person: int | None = None) -> Response[Any]:
        """A document of its own in a frame: pictures may come from anywhere, and nothing else may."""
        campaign = await actions.find(campaign_id)
        seen = await actions.preview(campaign, await visible_person(person))
        headers = {"Content-Security-Policy": LINE_PREVIEW_POLICY, "X-Frame-Options": "SAMEORIGIN",
                   "Referrer-Policy": "no-referrer"}  # fmt: skip
        return page("campaigns/line_talk.html", headers=headers, seen=seen)


async def _uploaded(form: Any) -> dict[int, str]:
    """Message → address of the picture that came with it. Public, because LINE fetches it without a key."""
    found: dict[int, str] = {}
    for at in range(1, MOST + 1):
        sent = getattr(form.data, f"line{at}_file")
        if sent is None or getattr(form.data, f"line{at}_kind") != "card":
            continue
        try:
            kept = await store_image(await sent.read(), sent.filename, owner_id=here().principal.person_id)
        except Refused as refusal:
            form.add_error(f"line{at}_file", refusal.sentence)
            return found
        if kept.kind not in SENDABLE:
            form.add_error(f"line{at}_file", _("LINE shows PNG and JPEG only."))
            return found
        found[at] = f"/media/{kept.key}"
    return found


def messages_from(data: Any, pictures: dict[int, str]) -> tuple[Message, ...]:
    """What was typed, without what was left empty. A file stands for the address beside it."""
    found = []
    for at in range(1, MOST + 1):
        kind, text = getattr(data, f"line{at}_kind"), getattr(data, f"line{at}_text")
        if kind == "text":
            found.append(Message("text", text))
        elif kind == "card":
            pairs = [(getattr(data, f"line{at}_label{n}"), getattr(data, f"line{at}_target{n}"))
                     for n in range(1, BUTTONS + 1)]  # fmt: skip
            buttons = tuple(Button(*pair) for pair in pairs if any(pair))
            picture = pictures.get(at) or getattr(data, f"line{at}_picture")
            found.append(Message("card", text, getattr(data, f"line{at}_title"), picture, buttons))
    return tuple(found)


def typed(messages: tuple[Message, ...]) -> dict[str, str]:
    """The same the other way, for the form."""
    found: dict[str, str] = {}
    for at, message in enumerate(messages, 1):
        found |= {f"line{at}_kind": message.kind, f"line{at}_text": message.text, f"line{at}_title": message.title,
                  f"line{at}_picture": message.picture}  # fmt: skip
        for n, button in enumerate(message.buttons, 1):
            found |= {f"line{at}_label{n}": button.label, f"line{at}_target{n}": button.target}
    return found


async def _shown(campaign: Campaign, form: Any, person: int | None, *, status: int = 200) -> Response[Any]:
    chosen = await visible_person(person)
    kinds = {"text": _("Plain text"), "card": _("Card with picture and buttons")}
    return await campaign_page(
        "line", campaign, "content", status=status, form=form, person=chosen, people=await some_recipients(campaign),
        seen=await actions.preview(campaign, chosen), checks=await actions.current_checks(campaign), most=MOST,
        kinds=kinds, kinds_or_none={"": _("None")} | kinds,
    )  # fmt: skip
