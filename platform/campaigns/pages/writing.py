"""The list, a new campaign, its content with preview, its recipients, the sender."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, get, post
from litestar.response import Redirect

from campaigns import actions, ledger, policy
from campaigns.channels import CHOICES
from campaigns.compose import Draft, Mistakes
from campaigns.jobs import needs_consent
from campaigns.models import Campaign, Revision
from campaigns.pages.around import campaign_page, in_a_frame, kinds_of_campaigns, stage
from campaigns.pages.forms import (
    ContentForm,
    NewCampaign,
    RecipientsForm,
    SenderForm,
    policies,
    segment_choices,
    topics,
    trackings,
)
from campaigns.pages.people import some_recipients, visible_person
from campaigns.starter import starter
from campaigns.words import CAMPAIGN_STATES, reason_words
from channels.senders import sender_of
from core.context import here
from core.errors import Refused
from core.forms import Form
from core.i18n import _, moment
from core.listing import Choice, Column, Listing
from core.pages import flash, page
from core.policy import ensure


class CampaignPages(Controller):
    path = "/staff/campaigns"

    @get("/", may="campaigns.read")
    async def index(self, request: Request[Any, Any, Any]) -> Response[Any]:
        listing = Listing(
            request, query=policy.visible_campaigns(here().principal).filter(journey_id__isnull=True),
            columns=[Column("name", _("Campaign"), sort=True, head=True, href=lambda c: f"/staff/campaigns/{c.id}"),
                     Column("state", _("State"), export=lambda c: str(CAMPAIGN_STATES[c.state])),
                     Column("updated_at", _("Changed"), sort=True, format=moment, wide=True)],
            filters=[Choice("state", _("State"), CAMPAIGN_STATES, many=True)],
            search=["name"], default_sort="-updated_at",
        )  # fmt: skip
        await listing.load()
        return page("campaigns/index.html", campaigns=listing, states=CAMPAIGN_STATES, tabs=kinds_of_campaigns())

    @get("/new", may="campaigns.write")
    async def new(self) -> Response[Any]:
        return page("campaigns/new.html", form=Form(NewCampaign), topics=await topics(), channels=CHOICES)

    @post("/new", may="campaigns.write", status_code=200)
    async def create(self, request: Request[Any, Any, Any]) -> Response[Any]:
        form = Form(NewCampaign, await request.form())
        if form.valid and form.data.topic not in await topics():
            form.add_error("topic", _("Choose what the mail is about."))
        if not form.valid:
            return page("campaigns/new.html", status=422, form=form, topics=await topics(), channels=CHOICES)
        data = form.data
        campaign = await actions.open_campaign(actions.Settings(data.name, data.topic, kind=data.kind),
                                               brand=here().principal.brand, locale=here().language)  # fmt: skip
        await actions.choose_channels(campaign, data.channels)
        first = "content/line" if data.channels.startswith("line") else "content"
        return Redirect(f"/staff/campaigns/{campaign.id}/{first}", status_code=303)

    @get("/{campaign_id:int}", may="campaigns.read")
    async def show(self, campaign_id: int) -> Response[Any]:
        campaign = await actions.find(campaign_id)
        return Redirect(f"/staff/campaigns/{campaign.id}/{await stage(campaign)}", status_code=303)

    @get("/{campaign_id:int}/content", may="campaigns.read")
    async def content(self, campaign_id: int, person: int | None = None) -> Response[Any]:
        campaign = await actions.find(campaign_id)
        if campaign.channels == "line":
            return Redirect(f"/staff/campaigns/{campaign.id}/content/line", status_code=303)
        revision = await Revision.get_or_none(id=campaign.revision_id) if campaign.revision_id else None
        form = Form(ContentForm, initial=revision if revision and revision.mjml else starter(campaign.locale))
        return await _content_page(campaign, form, person)

    @post("/{campaign_id:int}/content", may="campaigns.write", status_code=200)
    async def keep(self, campaign_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        campaign = await actions.find(campaign_id)
        form = Form(ContentForm, await request.form())
        if not form.valid:
            return await _content_page(campaign, form, None, status=422)
        data = form.data
        try:
            await actions.keep_content(campaign, Draft(data.subject, data.mjml, data.preheader, data.text))
        except Mistakes as mistakes:
            fields = {"subject": "subject", "preheader": "preheader", "body": "mjml", "text": "text"}
            for one in mistakes.problems:
                form.add_error(fields[one.part], one.sentence)
            return await _content_page(campaign, form, None, status=422, problems=mistakes.problems)
        flash(_("The content is saved."))
        return Redirect(f"/staff/campaigns/{campaign.id}/content", status_code=303)

    @get("/{campaign_id:int}/preview", may="campaigns.read")
    async def preview(self, campaign_id: int, person: int | None = None) -> Response[Any]:
        campaign = await actions.find(campaign_id)
        found = await actions.preview(campaign, await visible_person(person))
        return in_a_frame(found.html or f"<!doctype html><meta charset=utf-8><p>{_escaped(found.problem)}</p>")


def _escaped(text: str) -> str:
    from markupsafe import escape

    return str(escape(text))


async def _content_page(campaign: Campaign, form: Any, person: int | None, *, status: int = 200,
                        problems: Any = ()) -> Response[Any]:  # fmt: skip
    chosen = await visible_person(person)
    seen = await actions.preview(campaign, chosen)
    people = await some_recipients(campaign)
    return await campaign_page("content", campaign, "content", status=status, form=form, problems=problems, seen=seen,
                               person=chosen, people=people, checks=await actions.current_checks(campaign))  # fmt: skip


class RecipientPages(Controller):
    path = "/staff/campaigns/{campaign_id:int}/recipients"

    @get("/", may="campaigns.read")
    async def show(self, campaign_id: int) -> Response[Any]:
        campaign = await actions.find(campaign_id)
        return await _recipients_page(campaign, Form(RecipientsForm, initial=campaign))

    @post("/", may="campaigns.write", status_code=200)
    async def keep(self, campaign_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        campaign = await actions.find(campaign_id)
        form = Form(RecipientsForm, await request.form())
        if not form.valid:
            return await _recipients_page(campaign, form, status=422)
        data = form.data
        try:
            await actions.change_settings(campaign, actions.Settings(
                data.name, data.topic, data.segment_id, data.from_name, data.tracking, data.is_public,
                data.when_uncertain, campaign.kind))  # fmt: skip
        except Refused as refusal:
            form.fail(refusal.sentence)
            return await _recipients_page(campaign, form, status=refusal.status)
        flash(_("The recipients are saved."))
        return Redirect(f"/staff/campaigns/{campaign.id}/recipients", status_code=303)


async def _recipients_page(campaign: Campaign, form: Any, *, status: int = 200) -> Response[Any]:
    people = await actions.audience(campaign)
    forecast = await ledger.forecast(campaign, people, needs_consent=await needs_consent(campaign))
    left_out = [(reason_words(reason), len(who)) for reason, who in sorted(forecast.left_out.items())]
    return await campaign_page("recipients", campaign, "recipients", status=status, form=form, topics=await topics(),
                               segments=await segment_choices(), trackings=trackings(), policies=policies(),
                               total=len(people), reached=len(forecast.everybody), left_out=left_out)  # fmt: skip


class SenderPages(Controller):
    path = "/staff/campaigns/sender"

    @get("/", may="campaigns.write")
    async def show(self) -> Response[Any]:
        return page("campaigns/sender.html", form=Form(SenderForm, initial=await sender_of(here().principal.brand)))

    @post("/", may="campaigns.write", status_code=200)
    async def keep(self, request: Request[Any, Any, Any]) -> Response[Any]:
        ensure(policy.can_write(here().principal))
        form = Form(SenderForm, await request.form())
        if not form.valid:
            return page("campaigns/sender.html", status=422, form=form)
        data = form.data
        await actions.set_sender(here().principal.brand, data.name, data.email, data.address, data.contact)
        flash(_("The sender is saved."))
        return Redirect("/staff/campaigns/sender", status_code=303)
