"""What all pages of one campaign share: where it stands, and the steps around it."""

from __future__ import annotations

from typing import Any

from litestar import Response
from litestar.response import Redirect

from campaigns import actions, rollout
from campaigns.channels import CHOICES
from campaigns.models import TRIED, Campaign, Journey, Step
from campaigns.words import CAMPAIGN_STATES, CAMPAIGN_TONES
from core.i18n import _, lazy
from core.pages import page

ORDER = ("content", "recipients", "checks", "pilot", "schedule", "report")
# Mails are documents of their own: no script, no form, nothing of this site.
PREVIEW_POLICY = ("default-src 'none'; img-src https: data: 'self'; style-src 'unsafe-inline'; font-src https:; "
                  "base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-popups "
                  "allow-popups-to-escape-sandbox")  # fmt: skip
LINE_PREVIEW_POLICY = ("default-src 'none'; img-src https: data: 'self'; style-src 'self'; base-uri 'none'; "
                       "form-action 'none'; frame-ancestors 'self'")  # fmt: skip


# A journey's mail is written, checked and looked back at here; the rest is the journey's.
OF_A_JOURNEY = ("content", "checks", "report")
THERE = {"recipients": "/rules", "pilot": "/pilot", "schedule": ""}


def kinds_of_campaigns() -> list[tuple[str, str]]:
    return [(_("Newsletters"), "/staff/campaigns"), (_("Journeys"), "/staff/campaigns/journeys")]


def order(campaign: Campaign) -> tuple[str, ...]:
    return OF_A_JOURNEY if campaign.journey_id else ORDER


def steps(campaign: Campaign) -> list[tuple[str, str]]:
    words = {"content": _("Content"), "recipients": _("Recipients"), "checks": _("Checks"), "pilot": _("Pilot"),
             "schedule": _("Schedule"), "report": _("Report")}  # fmt: skip
    return [(words[name], f"/staff/campaigns/{campaign.id}/{name}") for name in order(campaign)]


async def done(campaign: Campaign) -> set[int]:
    """Which of the steps are done, by their place; not which were looked at."""
    if campaign.state != "draft":
        return set(range(len(ORDER) - 1))
    is_so = {
        "content": campaign.revision_id is not None, "recipients": campaign.segment_id is not None,
        "checks": await actions.current_checks(campaign) is not None, "pilot": await rollout.has_passed(campaign),
    }  # fmt: skip
    return {at for at, name in enumerate(order(campaign)) if is_so.get(name)}


async def campaign_page(template: str, campaign: Campaign, step: str, *, status: int = 200,
                        **context: Any) -> Response[Any]:  # fmt: skip
    if campaign.journey_id and step in THERE:
        return Redirect(f"/staff/campaigns/journeys/{campaign.journey_id}{THERE[step]}", status_code=303)
    state, tone = CAMPAIGN_STATES[campaign.state], CAMPAIGN_TONES.get(campaign.state, "")
    if campaign.journey_id:
        state, tone = lazy("Mail of a journey"), ""
    return page(
        f"campaigns/{template}.html", status=status, campaign=campaign, steps=steps(campaign),
        at=order(campaign).index(step), done=await done(campaign), state=state, tone=tone,
        base=f"/staff/campaigns/{campaign.id}", crumbs=await _crumbs(campaign),
        channel_choices=CHOICES, **context,
    )  # fmt: skip


async def _crumbs(campaign: Campaign) -> list[tuple[str, str]]:
    found = [(_("Campaigns"), "/staff/campaigns")]
    if campaign.journey_id:
        journey = await Journey.get(id=campaign.journey_id)
        found += [(_("Journeys"), "/staff/campaigns/journeys"),
                  (journey.name, f"/staff/campaigns/journeys/{journey.id}")]  # fmt: skip
    return [*found, (campaign.name, "")]


def in_a_frame(html: str) -> Response[bytes]:
    """Somebody's HTML, where it can do nothing: a sandbox with a policy of its own."""
    headers = {"Content-Security-Policy": PREVIEW_POLICY, "X-Frame-Options": "SAMEORIGIN",
               "Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer"}  # fmt: skip
    return Response(html.encode("utf-8", "replace"), media_type="text/html; charset=utf-8", headers=headers)


async def last_step(campaign: Campaign) -> Step | None:
    return await Step.filter(campaign_id=campaign.id).exclude(kind__in=TRIED).order_by("-id").first()


async def stage(campaign: Campaign) -> str:
    """The page that a draft is at; the report for everything else."""
    if campaign.state != "draft":
        return "report"
    if campaign.revision_id is None:
        return "content"
    if campaign.segment_id is None:
        return "recipients"
    return "schedule" if await rollout.has_passed(campaign) else "content"
