"""/api/v1/requests: what customers ask of the product, who asked, and what was decided."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from litestar import Controller, Request, Response, get, patch, post

from core.api import (
    BASE,
    READ,
    WRITE,
    After,
    InState,
    Limit,
    Page,
    Since,
    body_of,
    changes_of,
    narrowed,
    once,
    page_of,
    possible,
    the_one,
)
from core.clock import now
from core.context import current_principal
from core.errors import Invalid, Wrong
from core.forms import Line, Meta, Text
from core.i18n import _, lazy
from customers import policy, seeing
from customers.models import ProductRequest, Voice
from customers.requests import deciding, ranking, voices, writing
from customers.requests.voices import Heard
from customers.requests.writing import Wanted

Status = Literal["open", "reviewing", "planned", "shipped", "declined"]


class RequestOut(msgspec.Struct):
    """Something customers want. `status`: open, reviewing, planned, shipped or declined; `message` is what customers
    were told last. The counts are over the voices of accounts that the key may see: `accounts`, `high_touch` of them,
    `people`, `recent` accounts in 90 days; `points` is the weight that the list is ordered by. `revenue` a month, null
    where the key's role may not see amounts. `merged_into_id`: it lives on there.
    """

    id: int
    title: str
    description: str
    status: str
    area: str
    owner_id: int | None
    message: str
    shipped_at: datetime | None
    merged_into_id: int | None
    accounts: int
    high_touch: int
    people: int
    recent: int
    points: int
    revenue: int | None
    last_said_at: datetime | None
    created_at: datetime
    updated_at: datetime


class VoiceOut(msgspec.Struct):
    """What one customer said. `source` is where (`conversation:7`, `post:9`, `answer:3`, `rating:2`), null by hand."""

    id: int
    request_id: int
    account_id: int | None
    person_id: int | None
    quote: str
    source: str | None
    said_at: datetime
    added_by_id: int | None
    created_at: datetime


class RequestIn(msgspec.Struct):
    title: Annotated[Line, Meta(min_length=1, max_length=120)]
    description: Annotated[Text, Meta(max_length=2000)] = ""
    area: Annotated[Line, Meta(max_length=60)] = ""
    owner_id: int | None = None


class RequestChange(msgspec.Struct):
    """Its status changes by a decision."""

    title: Annotated[Line, Meta(max_length=120)] | None = None
    description: Annotated[Text, Meta(max_length=2000)] | None = None
    area: Annotated[Line, Meta(max_length=60)] | None = None
    owner_id: int | None = None


class VoiceIn(msgspec.Struct):
    """Written down by hand. Without `said_at`: now. `person_id`: somebody of the company."""

    account_id: int
    quote: Annotated[Text, Meta(min_length=1, max_length=1000)]
    person_id: int | None = None
    said_at: datetime | None = None


class DecisionIn(msgspec.Struct):
    """`message` is what customers read, `reason` for staff. Those who asked are told once, unless `quietly`; those who
    asked in a conversation only as `in_conversations` says: notice, reply (in the name of the key's person) or none.
    """

    status: Status
    message: Annotated[Text, Meta(max_length=500)] = ""
    reason: Annotated[Text, Meta(max_length=500)] = ""
    quietly: bool = False
    in_conversations: Literal["notice", "reply", "none"] = "notice"


async def shown(found: Sequence[ProductRequest]) -> list[RequestOut]:
    money = (await seeing.sight()).sees("account.money")
    weights = await ranking.weights([one.id for one in found], with_money=money)
    return [_out(one, weights.get(one.id, ranking.Weight(revenue=0 if money else None))) for one in found]


def _out(one: ProductRequest, weight: ranking.Weight) -> RequestOut:
    return RequestOut(
        one.id, one.title, one.description, one.status, one.area, one.owner_id, one.message, one.shipped_at,
        one.merged_into_id, weight.accounts, weight.high, weight.people, weight.recent, weight.points, weight.revenue,
        weight.last_at, one.created_at, one.updated_at,
    )  # fmt: skip


async def said(found: Sequence[Voice]) -> list[VoiceOut]:
    sight = await seeing.sight()
    return [
        VoiceOut(one.id, one.request_id, one.account_id, one.person_id,
                 one.quote if one.source_kind else sight.shown("notes", one.quote),
                 f"{one.source_kind}:{one.source_id}" if one.source_kind else None, one.said_at, one.added_by_id,
                 one.created_at) for one in found
    ]  # fmt: skip


class RequestApi(Controller):
    path = f"{BASE}/requests"

    @get("/", may="customers.read", says=lazy("List what customers ask for"), **READ)
    async def index(
        self, request: Request[Any, Any, Any], after: After = "", limit: Limit = 50, updated_since: Since = None,
        in_state: InState = "", area: str = "",
    ) -> Page[RequestOut]:  # fmt: skip
        query = narrowed(policy.visible_requests(current_principal()), updated_at__gte=updated_since, status=in_state,
                         area=area[:60])  # fmt: skip
        return await page_of(request, query, shown, after=after, limit=limit)

    @get("/{request_id:int}", may="customers.read", says=lazy("Read a request"), **READ)
    async def one(self, request_id: int) -> RequestOut:
        return (await shown([await writing.find(possible(request_id))]))[0]

    @get("/{request_id:int}/voices", may="customers.read", says=lazy("List the voices of a request"), **READ)
    async def voices(
        self, request: Request[Any, Any, Any], request_id: int, after: After = "", limit: Limit = 50
    ) -> Page[VoiceOut]:
        found = await writing.find(possible(request_id))
        query = policy.visible_voices(current_principal()).filter(request_id=found.id)
        return await page_of(request, query, said, after=after, limit=limit)

    @post("/", may="customers.write", body=RequestIn, is_once=True, says=lazy("Write a request down"), **WRITE)
    async def add(self, request: Request[Any, Any, Any]) -> Response[RequestOut]:
        given = await body_of(request, RequestIn)

        async def work() -> RequestOut:
            wanted = Wanted(given.title, given.description, given.area, given.owner_id or 0)
            return (await shown([await writing.open_request(wanted)]))[0]

        return await once(request, work)

    @patch("/{request_id:int}", may="customers.write", body=RequestChange, is_once=True,
           says=lazy("Change a request: only what is sent"), **WRITE)  # fmt: skip
    async def change(self, request: Request[Any, Any, Any], request_id: int) -> Response[RequestOut]:
        await writing.find(possible(request_id))
        given = await changes_of(request, RequestChange)
        if "title" in given and not given["title"]:
            raise Invalid([Wrong("#/title", _("Fill this in."))])

        async def work() -> RequestOut:
            found = await writing.find(request_id)
            said = {name: given.get(name, getattr(found, name)) for name in RequestChange.__struct_fields__}
            await writing.change(found, Wanted(said["title"], said["description"] or "", said["area"] or "",
                                               said["owner_id"] or 0))  # fmt: skip
            return (await shown([await writing.find(request_id)]))[0]

        return await once(request, work, status=200)

    @post("/{request_id:int}/voices", may="customers.write", body=VoiceIn, is_once=True,
          says=lazy("Add what a customer said to a request"), **WRITE)  # fmt: skip
    async def join(self, request: Request[Any, Any, Any], request_id: int) -> Response[VoiceOut]:
        found = await writing.find(possible(request_id))
        given = await body_of(request, VoiceIn)
        visible = policy.visible_accounts(current_principal())
        account = (await the_one(visible, given.account_id, _("There is no such company."))).id

        async def work() -> VoiceOut:
            heard = Heard(given.quote, given.said_at or now(), account, possible(given.person_id or 0) or None)
            return (await said([await voices.join(found.id, heard)]))[0]

        return await once(request, work)

    @post("/{request_id:int}/decisions", may="customers.write", body=DecisionIn, is_once=True,
          says=lazy("Decide about a request"), **WRITE)  # fmt: skip
    async def decide(self, request: Request[Any, Any, Any], request_id: int) -> Response[RequestOut]:
        await writing.find(possible(request_id))
        given = await body_of(request, DecisionIn)

        async def work() -> RequestOut:
            verdict = deciding.Verdict(given.status, given.message, given.reason, not given.quietly,
                                       given.in_conversations)  # fmt: skip
            await deciding.decide(await writing.find(request_id), verdict)
            return (await shown([await writing.find(request_id)]))[0]

        return await once(request, work)
