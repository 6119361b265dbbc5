"""The sheets of a review: presented on a screen, printed on paper."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, get

from core.audit import audit
from core.clock import days_ago
from core.context import current_principal
from core.errors import NotFound
from core.i18n import LANGUAGES, _, speaking
from core.models import AuditEntry
from core.pages import page
from core.refs import Ref
from customers import seeing
from customers.pages.common import words
from insights.models import BusinessReview
from insights.reviews import making, sections, showing

BASE = "/staff/insights/reviews"


class SheetPages(Controller):
    path = f"{BASE}/{{review_id:int}}/sheets"
    include_in_schema = False

    @get("/", may="insights.read")
    async def show(self, review_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        """To present and to print: `?audience=customer&language=en&version=2`."""
        review, asked = await making.find(review_id), request.query_params
        audience = asked.get("audience", "") or ("customer" if review.shown.get("customer") else "internal")
        language = asked.get("language", "") or review.language
        number = asked.get("version", "")
        if audience not in sections.AUDIENCES or language not in LANGUAGES or (number and not number.isdecimal()):
            raise NotFound(_("There is no such version."))
        who, sight = current_principal(), await seeing.sight()
        got = await showing.material(review, min(int(number or 0), 10_000) or None)
        with speaking(language):
            shown = showing.sheets(review, got, audience, who, sight)
            if any(one.name == "quotes" for one in shown):
                await _looked(review)
            return page(
                "insights/sheets.html", review=review, sheets=shown, got=got, audience=audience, language=language,
                period=making.period_of(review), base=f"{BASE}/{review.id}", words=showing.WORDS, languages=LANGUAGES,
                money=showing.sees_money(review, audience, sight), labels=review.labels,
                audiences=words(sections.AUDIENCES), csm=review.account.csm if review.account.csm_id else None,
            )  # fmt: skip


async def _looked(review: BusinessReview) -> None:
    """What single people said: once a day for each of the staff, as at a person's page."""
    seen = AuditEntry.filter(actor_id=current_principal().person_id, action="business_review.open",
                             target_id=review.id, at__gt=days_ago(1))  # fmt: skip
    if not await seen.exists():
        await audit("business_review.open", Ref("business_review", review.id))
