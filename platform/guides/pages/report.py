"""What a guide did, to whom; and why one person was, or was not, shown it."""

from __future__ import annotations

from typing import Any

from litestar import Controller, Request, Response, get

from core.context import here
from core.i18n import _, moment
from core.listing import Choice, Column, Listing, Rows
from customers import seeing
from customers.beginnings import people_named
from customers.models import Person
from customers.policy import visible_people
from guides import reporting, rollout, uplift, why, writing
from guides.models import Guide
from guides.pages.around import guide_page
from guides.policy import own_rows


def results() -> dict[str, str]:
    return {"completed": _("Went through"), "dismissed": _("Closed it"), "open": _("Saw it")}


class ReportPages(Controller):
    path = "/staff/guides/{guide_id:int}/report"

    @get("/", may="guides.write")
    async def show(self, guide_id: int, request: Request[Any, Any, Any]) -> Response[Any]:
        guide, who = await writing.find(guide_id), here().principal
        found = await people(guide, request)
        if found.wants_csv:
            return found.csv(f"guide-{guide.id}")  # type: ignore[return-value]
        await found.load()
        is_survey = guide.kind == "survey"
        return await guide_page(
            "report", guide, "report", people=found, figures=await reporting.figures(guide, who), results=results(),
            reached=await reporting.steps(guide, who) if guide.kind == "tooltip" else [],
            chart=await reporting.chart(guide, who), nps=await reporting.answers(guide, who) if is_survey else None,
            comments=await reporting.comments(guide, who) if is_survey else [],
            effect=await uplift.effect(guide),
            passed=bool(guide.broken) and await rollout.has_passed(guide),
        )  # fmt: skip


async def people(guide: Guide, request: Any) -> Listing:
    sees = (await seeing.sight()).sees("person.email")
    sql = reporting.PEOPLE + own_rows(here().principal, "v.account_id")
    score = [Column("score", _("Answer"), num=True)] if guide.kind == "survey" else []
    return Listing(
        request, query=Rows(sql, guide.id),
        columns=[
            Column("family_name", _("Person"), head=True, value=lambda row: name_of(row, sees)),
            Column("account_name", _("Company"), wide=True),
            Column("result", _("Result"), value=lambda row: results()[row["result"]]),
            *score,
            Column("at", _("Shown"), sort=True, num=True, format=moment),
        ],
        filters=[Choice("result", _("Result"), results(), many=True)],
        search=["family_name", "given_name", "account_name", *(["email"] if sees else [])],
        default_sort="-at", exportable=True,
    )  # fmt: skip


def name_of(row: Any, sees_address: bool) -> str:
    """Nobody's name: the address, for those who may see it."""
    name = " ".join(part for part in (row["family_name"], row["given_name"]) if part)
    return name or (str(row["email"] or "") if sees_address else seeing.HIDDEN)


class WhyPages(Controller):
    path = "/staff/guides/{guide_id:int}/why"

    @get("/", may="guides.write")
    async def show(self, guide_id: int, q: str = "", person: int | None = None, address: str = "") -> Response[Any]:
        guide = await writing.find(guide_id)
        chosen = await visible_people(here().principal).get_or_none(id=person) if person else None
        found = await _named(q) if q and chosen is None else []
        if len(found) == 1:
            chosen = found[0]
        trace = await why.trace(guide, chosen, address.strip()[:1000]) if chosen else None
        return await guide_page(
            "why",
            guide,
            "report",
            sight=await seeing.sight(),
            q=q,
            found=found,
            person=chosen,
            trace=trace,
            address=address,
        )


async def _named(words: str) -> list[Person]:
    """People whose name or address begins like this, twenty at most."""
    principal, sees = here().principal, (await seeing.sight()).sees("person.email")
    return await people_named(principal, visible_people(principal), words, sees, 20)
