"""Numbers: one page per room, the rows behind each of them, every table as CSV."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from litestar import Controller, Request, Response, get
from litestar.response import Redirect

from core.context import current_principal
from core.errors import Forbidden, NotFound
from core.i18n import _, lazy
from core.navigation import navigation
from core.pages import page
from core.policy import ensure
from core.principal import Principal
from insights import accounts_health, churn, community_health, conversations, help_centre, mailings, policy, spans
from insights.parts import Section, Table
from insights.reviews.pages import BASE as REVIEWS
from insights.reviews.pages import controllers as of_reviews
from insights.signals.pages import BASE as SIGNALS
from insights.signals.pages import controllers as of_signals

navigation.add("staff", lazy("Numbers"), "/staff/insights", may="insights.read", icon="chart", order=30, group=2)

SECTIONS: dict[str, Section] = {one.SECTION.name: one.SECTION for one in (
    help_centre, community_health, conversations, mailings, accounts_health, churn)}  # fmt: skip


class InsightPages(Controller):
    path = "/staff/insights"
    include_in_schema = False

    @get("/", may="insights.read")
    async def index(self) -> Redirect:
        """The first page of those that the person may see."""
        seen = _seen(current_principal())
        if not seen:
            raise Forbidden(_("Only staff who work with these rows see their numbers."))
        return Redirect(seen[0].path, status_code=303)

    @get("/{section:str}", may="insights.read")
    async def show(self, section: str, request: Request[Any, Any, Any]) -> Response[Any]:
        who, found = current_principal(), _section(section)
        span = spans.chosen(request.query_params)
        made = await found.report(who, span)
        wanted = request.query_params.get("format", "")  # a table: `top.csv`
        if wanted:
            return _csv(found, span, next((one for one in made.tables if f"{one.name}.csv" == wanted), None))
        return page("insights/report.html", section=found, report=made, span=span, sections=tabs(span),
                    days=spans.choices(), months=_months())  # fmt: skip

    @get("/{section:str}/rows/{name:str}", may="insights.read")
    async def rows(self, section: str, name: str, request: Request[Any, Any, Any]) -> Response[Any]:
        who, found = current_principal(), _section(section)
        if name not in found.measures:
            raise NotFound(_("These numbers do not exist."))
        span = spans.chosen(request.query_params)
        listed = await found.listing(request, who, span, name)
        if listed.wants_csv:
            return listed.csv(f"{found.name}-{name}-{span.first}-{span.last}")  # type: ignore[return-value]
        await listed.load()
        return page("insights/rows.html", section=found, measure=found.measures[name], listed=listed, span=span)


def _section(name: str) -> Section:
    if name not in SECTIONS:
        raise NotFound(_("These numbers do not exist."))
    ensure(policy.can_read(current_principal(), name))
    return SECTIONS[name]


def _seen(who: Principal) -> list[Section]:
    return [one for one in SECTIONS.values() if policy.can_read(who, one.name)]


def tabs(span: spans.Span | None = None) -> list[tuple[str, str]]:
    """The siblings inside 分析; each page of numbers opens at the same period."""
    who, query = current_principal(), f"?{urlencode(span.query)}" if span else ""
    found = [(str(one.label), f"{one.path}{query}") for one in _seen(who)]
    if policy.can_read(who, "signals"):
        found.append((_("Signs of churn"), SIGNALS))
    return [*found, (_("Business reviews"), REVIEWS)] if policy.can_read(who, "reviews") else found


def _months() -> list[tuple[str, str]]:
    return [(one, _("%(month)s/%(year)s", month=one[5:].lstrip("0"), year=one[:4])) for one in spans.months()]


def _csv(section: Section, span: spans.Span, table: Table | None) -> Response[bytes]:
    if table is None:
        raise NotFound(_("These numbers do not exist."))
    name = f"{section.name}-{table.name}-{span.first}-{span.last}.csv"
    return Response(table.csv(), media_type="text/csv", headers={
        "Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"})  # fmt: skip


controllers = [*of_signals, InsightPages, *of_reviews]
