"""What all pages of one campaign share: where it stands, and the steps around it."""

from __future__ import annotations

from typing import Any

from litestar import Response

from campaigns import actions, rollout
from campaigns.channels import CHOICES
from campaigns.models import Campaign, Step
from campaigns.words import CAMPAIGN_STATES, CAMPAIGN_TONES
from core.i18n import _
from core.pages import page

ORDER = ("content", "recipients", "checks", "pilot", "schedule", "report")
# Mails are documents of their own: no script, no form, nothing of this site.
PREVIEW_POLICY = ("default-src 'none'; img-src https: data: 'self'; style-src 'unsafe-inline'; font-src https:; "
                  "base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-popups "
                  "allow-popups-to-escape-sandbox")  # fmt: skip
LINE_PREVIEW_POLICY = ("default-src 'none'; img-src https: data: 'self'; style-src 'self'; base-uri 'none'; "
                       "form-action 'none'; frame-ancestors 'self'")  # fmt: skip


def steps(campaign: Campaign) -> list[tuple[str, str]]:
    words = {"content": _("Content"), "recipients": _("Recipients"), "checks": _("Checks"), "pilot": _("Pilot"),
             "schedule": _("Schedule"), "report": _("Report")}  # fmt: skip
    return [(words[name], f"/staff/campaigns/{campaign.id}/{name}") for name in ORDER]


async def done(campaign: Campaign) -> set[int]:
    """Which of the steps are done, by their place; not which were looked at."""
    if campaign.state != "draft":
        return set(range(len(ORDER) - 1))
    is_so = {
        "content": campaign.revision_id is not None, "recipients": campaign.segment_id is not None,
        "checks": await actions.current_checks(campaign) is not None, "pilot": await rollout.has_passed(campaign),
    }  # fmt: skip
    return {ORDER.index(name) for name, yes in is_so.items() if yes}


async def campaign_page(template: str, campaign: Campaign, step: str, *, status: int = 200,
                        **context: Any) -> Response[Any]:  # fmt: skip
    return page(
        f"campaigns/{template}.html", status=status, campaign=campaign, steps=steps(campaign), at=ORDER.index(step),
        done=await done(campaign),
        state=CAMPAIGN_STATES[campaign.state], tone=CAMPAIGN_TONES.get(campaign.state, ""),
        base=f"/staff/campaigns/{campaign.id}", channel_choices=CHOICES, **context,
    )  # fmt: skip


def in_a_frame(html: str) -> Response[bytes]:
    """Somebody's HTML, where it can do nothing: a sandbox with a policy of its own."""
    headers = {"Content-Security-Policy": PREVIEW_POLICY, "X-Frame-Options": "SAMEORIGIN",
               "Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer"}  # fmt: skip
    return Response(html.encode("utf-8", "replace"), media_type="text/html; charset=utf-8", headers=headers)


async def last_step(campaign: Campaign) -> Step | None:
    return await Step.filter(campaign_id=campaign.id).exclude(kind="pilot").order_by("-id").first()


async def stage(campaign: Campaign) -> str:
    """The page that a draft is at; the report for everything else."""
    if campaign.state != "draft":
        return "report"
    if campaign.revision_id is None:
        return "content"
    if campaign.segment_id is None:
        return "recipients"
    return "schedule" if await rollout.has_passed(campaign) else "content"
