"""/api/v1 of campaigns: what there is and how it went; writing a draft. Piloting and sending stay with people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from litestar import Controller, Request, Response, get, post, put

from campaigns import actions, policy
from campaigns.compose import Draft, Mistakes
from campaigns.models import Campaign, Revision, Step
from core.api import BASE, READ, WRITE, After, InState, Limit, Page, Since, body_of, narrowed, once, page_of, possible
from core.context import current_principal
from core.database import rows
from core.errors import Invalid, Wrong
from core.forms import Line, Meta
from core.i18n import lazy

PARTS = {"body": "mjml"}


class StepOut(msgspec.Struct):
    """One sending: to the pilot's group, the segment (main) or who was missed. `deliveries`: how many by state."""

    id: int
    kind: str
    channel: str
    state: str
    due_at: datetime
    finished_at: datetime | None
    deliveries: dict[str, int]


class CampaignOut(msgspec.Struct):
    """`channels`: email, line, line_first (LINE where they follow us, mail otherwise) or email_first. LINE messages are
    written by people."""

    id: int
    name: str
    kind: str
    topic: str
    locale: str
    state: str
    segment_id: int | None
    subject: str
    channels: str
    is_public: bool
    steps: list[StepOut]
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None


class CampaignIn(msgspec.Struct):
    name: Annotated[Line, Meta(min_length=1, max_length=120)]
    topic: Annotated[Line, Meta(min_length=1, max_length=40)]
    segment_id: int | None = None
    kind: Literal["newsletter", "announcement"] = "newsletter"
    locale: Literal["ja", "en"] = "ja"
    from_name: Annotated[Line, Meta(max_length=120)] = ""
    is_public: bool = False


class ContentIn(msgspec.Struct):
    """MJML with Jinja, as in the editor; the same problems are refused, each with its line."""

    subject: Annotated[Line, Meta(min_length=1, max_length=300)]
    mjml: Annotated[str, Meta(min_length=1, max_length=200_000)]
    preheader: Line = ""
    text: Annotated[str, Meta(max_length=200_000)] = ""


async def shown(found: Sequence[Campaign]) -> list[CampaignOut]:
    ids = [one.id for one in found]
    subjects = {one.id: one.subject for one in await Revision.filter(id__in=[c.revision_id or 0 for c in found])}
    steps = await _steps(ids)
    names = [name for name in CampaignOut.__struct_fields__ if name not in ("subject", "steps")]
    return [CampaignOut(subject=subjects.get(one.revision_id or 0, ""), steps=steps.get(one.id, []),
                        **{name: getattr(one, name) for name in names}) for one in found]  # fmt: skip


async def _steps(campaigns: list[int]) -> dict[int, list[StepOut]]:
    found = await Step.filter(campaign_id__in=campaigns).order_by("id")
    marks = ", ".join("?" * len(found)) or "NULL"
    counted = await rows(f"SELECT step_id, state, COUNT(*) FROM delivery WHERE step_id IN ({marks}) GROUP BY 1, 2",
                         *(one.id for one in found))  # fmt: skip
    said: dict[int, list[StepOut]] = {}
    for one in found:
        deliveries = {row[1]: int(row[2]) for row in counted if row[0] == one.id}
        said.setdefault(one.campaign_id, []).append(
            StepOut(one.id, one.kind, one.channel, one.state, one.due_at, one.finished_at, deliveries)
        )
    return said


class CampaignApi(Controller):
    path = f"{BASE}/campaigns"

    @get("/", may="campaigns.read", says=lazy("List campaigns"), **READ)
    async def index(
        self, request: Request[Any, Any, Any], after: After = "", limit: Limit = 50, updated_since: Since = None,
        in_state: InState = "",
    ) -> Page[CampaignOut]:  # fmt: skip
        query = narrowed(policy.visible_campaigns(current_principal()), updated_at__gte=updated_since, state=in_state)
        return await page_of(request, query, shown, after=after, limit=limit)

    @get("/{campaign_id:int}", may="campaigns.read", says=lazy("Read a campaign and how it went"), **READ)
    async def one(self, campaign_id: int) -> CampaignOut:
        return (await shown([await actions.find(possible(campaign_id))]))[0]

    @post("/", may="campaigns.write", body=CampaignIn, is_once=True, says=lazy("Open a campaign, as a draft"), **WRITE)
    async def open(self, request: Request[Any, Any, Any]) -> Response[CampaignOut]:
        given = await body_of(request, CampaignIn)
        chosen = actions.Settings(name=given.name, topic=given.topic, segment_id=given.segment_id, kind=given.kind,
                                  from_name=given.from_name, is_public=given.is_public)  # fmt: skip

        async def work() -> CampaignOut:
            return (await shown([await actions.open_campaign(chosen, locale=given.locale)]))[0]

        return await once(request, work)

    @put("/{campaign_id:int}/content", may="campaigns.write", body=ContentIn, is_once=True,
         says=lazy("Write the content of a draft"), **WRITE)  # fmt: skip
    async def write(self, request: Request[Any, Any, Any], campaign_id: int) -> Response[CampaignOut]:
        found = await actions.find(possible(campaign_id))
        given = await body_of(request, ContentIn)
        draft = Draft(subject=given.subject, mjml=given.mjml, preheader=given.preheader, text=given.text)

        async def work() -> CampaignOut:
            try:
                await actions.keep_content(found, draft)
            except Mistakes as mistakes:
                raise Invalid([Wrong(f"#/{PARTS.get(one.part, one.part)}", f"{one.line}:{one.column} {one.sentence}")
                               for one in mistakes.problems]) from None  # fmt: skip
            return (await shown([await actions.find(found.id)]))[0]

        return await once(request, work, status=200)


controllers = [CampaignApi]
